"""Stores and studies for one command, closed when it ends, however it ends."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import suppress
from functools import partial

import click

from exports.errors import ExportRefused
from forms.simulation import RecipeFault
from forms.toml_tables import StudyFaults
from survey.backups import endings_list
from survey.checks.files import user
from survey.clock import today_here
from survey.config import Config, read_config
from survey.data_folder import is_ours, is_there, key_ring, open_data
from survey.errors import BadKey, LacrimaError, Refusal, StoreError
from survey.storage.stores import Stores
from survey.studies.availability import prepare
from survey.studies.catalogue import StudyCatalogue
from survey.studies.loading import find_problems, folder_problem, load_for_command, open_studies
from survey.studies.version import StudyVersion

# Every exception whose message is a sentence to print.
REFUSALS = (LacrimaError, StudyFaults, RecipeFault, StoreError, ExportRefused)


# What a command meets on a bad day and cannot mend: SQLite's word or the system's → what to do.
_BAD_DAYS = {
    "SQLITE_CORRUPT": "A database is damaged; `lacrima doctor` says which. Restore it",
    "SQLITE_NOTADB": "A file is no database; `lacrima doctor` says which. Restore it",
    "SQLITE_FULL": "The disk is full: free some room, and try again",
    "SQLITE_BUSY": "Another process was writing for too long: try again",
    "SQLITE_READONLY": "A database cannot be written: `lacrima doctor` says whose it is",
    "SQLITE_IOERR": "A disk could not be read or written: `lacrima doctor` says more",
}


def sentence_of(error: Exception) -> str:
    """Return what a command says of an error of the disk; nothing for a fault of the program."""
    if isinstance(error, OSError):
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = f"{error.filename or 'A file'}: {error.strerror}"
        return f"{what}. Free some room, and try again." if full else f"{what}."
    name = getattr(error, "sqlite_errorname", "")
    return next((f"{said} ({error})." for of, said in _BAD_DAYS.items() if name.startswith(of)), "")


def check_owner(config: Config) -> None:
    """Raise Refusal where the data are another user's: the server could not use what we write."""
    if not is_ours(config):
        owner, here = user(config.data.stat().st_uid), user(os.geteuid())
        raise Refusal(
            f"{config.data} or its files belong to {owner}, and you are {here}: what you write "
            f"there the server could not use any more. Run this as {owner}."
        )


def check_there(config: Config) -> None:
    """Raise Refusal where the settings name no installation, or one of another user."""
    check_owner(config)
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
