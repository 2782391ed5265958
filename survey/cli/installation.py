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
from survey.crypto import KeyRing, read_keys
from survey.errors import BadKey, LacrimaError, StoreError
from survey.storage.stores import Stores
from survey.studies.availability import prepare
from survey.studies.catalogue import StudyCatalogue
from survey.studies.loading import find_problems, folder_problem, load_for_command, open_studies
from survey.studies.version import StudyVersion

# Every exception whose message is a sentence to print.
REFUSALS = (LacrimaError, StudyFaults, RecipeFault, StoreError, ExportRefused)


def open_stores(config: Config, *versions: StudyVersion) -> Stores:
    """Return the installation's stores, with a table ready for each of ``versions``."""
    stores = Stores(config.data)
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
    with suppress(BadKey):  # before there is a key nothing has ended
        keys = KeyRing(read_keys(config.key))
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
    stores, catalogue = open_studies(config)
    _close_at_the_end(config, stores)
    for problem in find_problems(catalogue, stores):
        click.echo(problem, err=True)
    return stores, catalogue
