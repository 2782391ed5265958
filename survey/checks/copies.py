"""Checks of copies: are the files of one moment, how old are backups, where is the endings list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from survey.backups.recognise import put_back_by_hand
from survey.checks.finding import Asked, Finding, safe, told, unsafe
from survey.clock import today_here
from survey.errors import LacrimaError
from survey.releases.destruction import BACKUPS, last_day
from survey.storage.stores import Stores
from survey.studies.catalogue import StudyCatalogue


def copies(asked: Asked, stores: Stores, catalogue: StudyCatalogue) -> Iterator[Finding]:
    """Yield whether the files belong together, and what there is to say of backups."""
    config = asked.config
    try:
        why = put_back_by_hand(config, stores)
    except LacrimaError as error:
        why = str(error)
    yield unsafe("moment", why) if why else safe("moment", "both databases are of one moment.")
    made = stores.office.conn.execute("SELECT at, path FROM backups ORDER BY id").fetchall()
    if not made:
        yield told("backup", "none was made here.", "Make one: `lacrima backup`.")
    else:
        yield told("backup", f"the last one was made on {made[-1][0][:10]}.")
    try:
        apart = config.endings.parent.stat().st_dev != config.data.stat().st_dev
    except OSError:
        apart = True  # that it cannot be written is told by what writes it
    if not apart:
        yield told(
            "endings list",
            f"{config.endings} is on the disk of the data, and would be lost with it.",
            "Name a file on another one in LACRIMA_ENDINGS, or copy it away each hour.",
        )
    yield from _too_old(stores, catalogue, [path for _, path in made])


def _too_old(stores: Stores, catalogue: StudyCatalogue, paths: list[str]) -> Iterator[Finding]:
    """Yield backups of here that still lie where they were written after their last day."""
    today = today_here().isoformat()
    there = sorted(path for path in set(paths) if Path(path).exists())
    for folder in catalogue:
        try:
            day = "" if folder.latest.pilot else last_day(stores, folder.latest, BACKUPS)
        except LacrimaError:  # a lost copy of what was signed is told by itself
            continue
        if day and day < today:
            for path in there:
                yield unsafe(
                    "backup",
                    f"{path} holds answers to {folder.name}, whose backups were to be kept until "
                    f"{day}.",
                    "Destroy it.",
                )
