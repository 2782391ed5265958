"""What a release that ended half-way may have left in the archive: only what no ledger names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from survey.errors import Refusal
from survey.releasing.archive import Archive, people_file
from survey.store import ledger, releases
from survey.store.connect import Stores


def clear(stores: Stores, study: str, *, since: float) -> None:
    """Remove unfinished work, and files written after ``since`` (epoch seconds) but not entered.

    Older ones stay: they may belong to a ledger that was restored from a backup. While another
    release of the study is being made nothing is done; that release clears the same.
    """
    shelf = Archive(stores.folder, study)
    if not shelf.folder.is_dir():
        return
    try:
        with shelf.alone():
            named = set(_named(stores, shelf))
            for path in [*shelf.folder.glob("*.zip"), *shelf.parts.iterdir()]:
                if path not in named and path.stat().st_mtime >= since:
                    path.unlink()
    except Refusal:
        return


def _named(stores: Stores, shelf: Archive) -> Iterator[Path]:
    """Every file that the ledger speaks of."""
    for made in releases.all_releases(stores.office, shelf.study):
        yield shelf.zip_of(made.number, made.tier, pilot=made.pilot)
    for part in ledger.parts(stores.office, shelf.study):
        path = shelf.part(part.segment, part.tier, part.edition)
        yield from (path, people_file(path))
