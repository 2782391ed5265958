"""Checks of what is served: the key of the data, studies, help lines, record and mail."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from forms.toml_tables import StudyFaults
from survey import mail
from survey.checks.copies import copies
from survey.checks.finding import Asked, Finding, safe, told, unsafe
from survey.data_folder import key_ring
from survey.errors import LacrimaError, StoreError
from survey.storage import record_check
from survey.storage.stores import Stores, cannot_use
from survey.studies.catalogue import StudyCatalogue
from survey.studies.loading import find_problems, help_notices, open_studies


def studies(asked: Asked) -> Iterator[Finding]:
    """The key is the one of the data, every study can be served, and the record is whole."""
    try:
        stores, catalogue = open_studies(asked.config)
    except (LacrimaError, StoreError, StudyFaults) as error:
        yield unsafe("studies", str(error))
        return
    except sqlite3.Error as error:
        yield unsafe("studies", cannot_use(asked.config.data, error))
        return
    with closing(stores):
        try:
            yield from _studies(asked, stores, catalogue)
        except sqlite3.Error as error:
            yield unsafe("studies", cannot_use(asked.config.data, error))


def _studies(asked: Asked, stores: Stores, catalogue: StudyCatalogue) -> Iterator[Finding]:
    try:
        key_ring(asked.config, stores)
        yield safe("key of the data", "every key that the data were used with is there.")
    except LacrimaError as error:
        yield unsafe("key of the data", str(error))
    yield told("studies", ", ".join(folder.name for folder in catalogue))
    for notice in help_notices(catalogue, stores):
        yield told("help lines", notice)
    for problem in find_problems(catalogue, stores):
        yield unsafe("studies", problem)
    yield from copies(asked, stores, catalogue)
    yield told("mail", mail.in_words(asked.config, stores.office))
    yield from _record(stores, asked.since)


def _record(stores: Stores, since: str) -> Iterator[Finding]:
    found = record_check.check(stores.office)
    whole = "whole" if found.whole else "not whole"
    yield told("record", f"{whole}, head {found.head}, linked since {found.begun_at}")
    try:
        if since and (broken := record_check.not_continued(stores.office, since)):
            yield unsafe("record", broken)
    except ValueError as error:
        yield unsafe("record", str(error))
