"""Stores and studies for one command, closed when it ends, however it ends."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from functools import partial

import click

from exports.errors import ExportRefused
from forms.simulation import RecipeFault
from forms.toml_tables import StudyFaults
from survey.backups import endings_list
from survey.clock import today_here
from survey.config import Config, read_config
from survey.data_folder import is_there, key_ring, open_data
from survey.errors import BadKey, LacrimaError, Refusal, StoreError
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
    _close_at_the_end(config, stores)
    for version in versions:
        prepare(stores, version)
    return stores


def _close_at_the_end(config: Config, stores: Stores) -> None:
    """Close the stores when the command ends, with the endings list as it has to be."""
    context = click.get_current_context()
    context.call_on_close(stores.close)
    context.call_on_close(partial(_keep_endings, config, stores))


def _keep_endings(config: Config, stores: Stores) -> None:
    with suppress(BadKey):  # a missing or wrong one is told elsewhere
        keys = key_ring(config, stores)
        try:
            endings_list.refresh(stores, keys, config.endings, today_here().isoformat())
        except (LacrimaError, StoreError, OSError, sqlite3.Error) as error:
            click.echo(f"The endings list was not brought up to date: {error}", err=True)


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
    _close_at_the_end(config, stores)
    for problem in find_problems(catalogue, stores):
        click.echo(problem, err=True)
    return stores, catalogue
