"""Recognising data that were copied or put back by hand, and backups that are kept too long."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from forms import dates
from survey.backups import endings_list
from survey.config import Config
from survey.storage import batches, pairing
from survey.storage.stores import Stores
from survey.studies.approvals import signed_version
from survey.studies.version import StudyVersion


def put_back_by_hand(config: Config, stores: Stores) -> str:
    """Return in a sentence why these files are not of one moment, or not the latest; or nothing.

    Raises Refusal for an endings list that cannot be read.
    """
    if why := pairing.mismatch(stores.responses, stores.office):
        return (
            f"{why} Put both files of one moment there, or put the pair back with `lacrima restore "
            "FOLDER`, which heeds what ended since."
        )
    if why := endings_list.not_ours(endings_list.read(config.endings), stores):
        return f"{why} ({config.endings})"
    return ""


def last_day_of_backups(stores: Stores, version: StudyVersion, today: str) -> str:
    """Return the last day (ISO) on which a backup with answers to the study may be kept."""
    signed = signed_version(stores, version, today).facts.get(dates.BACKUPS, "")
    told = batches.promised(stores.responses, version.study.name, dates.BACKUPS)
    return min((day for day in (*told, signed) if day), default="")


def kept_too_long(stores: Stores, day: str, today: str) -> Iterator[Path]:
    """Yield backups that were made here and still lie where they were written after ``day``."""
    if day and day < today:
        for (path,) in stores.office.conn.execute(
            "SELECT DISTINCT path FROM backups ORDER BY path"
        ):
            if Path(path).exists():
                yield Path(path)
