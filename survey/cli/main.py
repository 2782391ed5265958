"""The command group: a refusal is one line on standard error and exit 1, nothing else is caught.

Stores and studies for one command, closed when it ends, however it ends.
"""

from __future__ import annotations

import sys

import click

from exports.errors import ExportRefused
from forms.simulation import RecipeFault
from forms.toml_tables import StudyFaults
from survey.config import Config, read_config
from survey.errors import LacrimaError, StoreError
from survey.storage.stores import Stores
from survey.studies.availability import prepare
from survey.studies.catalogue import StudyCatalogue
from survey.studies.loading import find_problems, folder_problem, load_for_command, open_studies
from survey.studies.version import StudyVersion

# Every exception whose message is a sentence to print.
REFUSALS = (LacrimaError, StudyFaults, RecipeFault, StoreError, ExportRefused)


class Lacrima(click.Group):
    """A group whose commands refuse in one line."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except REFUSALS as refusal:
            click.echo(str(refusal), err=True)
            sys.exit(1)


@click.group(cls=Lacrima, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lacrima")
def main() -> None:
    """Anonymous client-perception surveys."""


def open_stores(config: Config, *versions: StudyVersion) -> Stores:
    """The installation's stores, with a table ready for each of ``versions``."""
    stores = Stores(config.data)
    click.get_current_context().call_on_close(stores.close)
    for version in versions:
        prepare(stores, version)
    return stores


def reviewer_name(name: str, *, pilot: bool | None = None) -> tuple[Config, StudyVersion, Stores]:
    """Settings, the study called ``name`` and the stores.

    A study whose folder cannot be used is taken as it was signed, which is said on standard error.
    ``pilot`` as in ``find_offer``. Raises Refusal and StudyFaults.
    """
    config = read_config()
    stores = Stores(config.data)
    click.get_current_context().call_on_close(stores.close)
    found = load_for_command(config, stores, name, pilot=pilot)
    if found.fault:
        click.echo(folder_problem(found), err=True)
    prepare(stores, found.latest)
    return config, found.latest, stores


def open_catalogue(config: Config) -> tuple[Stores, StudyCatalogue]:
    """The stores and every study, with what is wrong with any of them said on standard error."""
    stores, catalogue = open_studies(config)
    click.get_current_context().call_on_close(stores.close)
    for trouble in find_problems(catalogue, stores):
        click.echo(trouble, err=True)
    return stores, catalogue
