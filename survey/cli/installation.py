"""Stores and studies for one command, closed when it ends, however it ends."""

from __future__ import annotations

import click

from exports.errors import ExportRefused
from forms.simulation import RecipeFault
from forms.toml_tables import StudyFaults
from survey.config import Config, read_config
from survey.data_folder import is_there, open_data
from survey.errors import LacrimaError, Refusal, StoreError
from survey.storage.stores import Stores
from survey.studies.availability import prepare
from survey.studies.catalogue import StudyCatalogue
from survey.studies.loading import find_problems, folder_problem, load_for_command, open_studies
from survey.studies.version import StudyVersion

# Every exception whose message is a sentence to print.
REFUSALS = (LacrimaError, StudyFaults, RecipeFault, StoreError, ExportRefused)


def check_there(config: Config) -> None:
    """Raise Refusal where the settings name no installation."""
    if not is_there(config):
        raise Refusal(
            f"There is no installation in {config.data.absolute()}: no server key at {config.key} "
            "and no database. Name its folder with `lacrima --data FOLDER` or in LACRIMA_DATA; "
            "`lacrima key new` begins one."
        )


def open_stores(config: Config, *versions: StudyVersion) -> Stores:
    """Return the installation's stores, with a table ready for each of ``versions``.

    Raises Refusal where the settings name no installation: a command makes none.
    """
    check_there(config)
    stores = open_data(config)
    click.get_current_context().call_on_close(stores.close)
    for version in versions:
        prepare(stores, version)
    return stores


def open_version(name: str, *, pilot: bool | None = None) -> tuple[Config, StudyVersion, Stores]:
    """Return settings, the study called ``name`` and the stores.

    A study whose folder cannot be used is taken as it was signed, which is said on standard error.
    ``pilot`` as in ``find_version``. Raises Refusal and StudyFaults.
    """
    config = read_config()
    stores = open_stores(config)
    found = load_for_command(config, stores, name, pilot=pilot)
    if found.fault:
        click.echo(folder_problem(found), err=True)
    prepare(stores, found.latest)
    return config, found.latest, stores


def open_catalogue(config: Config) -> tuple[Stores, StudyCatalogue]:
    """Return the stores and every study; problems of a study are said on standard error."""
    check_there(config)
    stores, catalogue = open_studies(config)
    click.get_current_context().call_on_close(stores.close)
    for problem in find_problems(catalogue, stores):
        click.echo(problem, err=True)
    return stores, catalogue
