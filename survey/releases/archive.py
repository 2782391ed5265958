"""Finished parts and releases on disk: written once, named for what they are, never changed.

DATA/releases/STUDY/parts/001-C.1_data.csv     segment 1 in tier C, first edition
DATA/releases/STUDY/parts/001-C.1.people       which of the segment's answers each row is
DATA/releases/STUDY/STUDY-001-C.zip            release 1

What a release that ended half-way may have left in the archive: only what no ledger names.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exports.checksums import sha256_of
from survey.errors import Refusal
from survey.locks import acquire_lock
from survey.storage import releases
from survey.storage.releases import LedgerPart
from survey.storage.stores import Stores

FOLDER = "releases"


class Archive:
    """The archive of one study, made when first written to."""

    def __init__(self, data: Path, study: str) -> None:
        self.folder = data / FOLDER / study
        self.parts = self.folder / "parts"
        self.study = study

    def part(self, segment: int, tier: str, edition: int) -> Path:
        """The data file of a part."""
        return self.parts / f"{segment:03d}-{tier}.{edition}_data.csv"

    def zip_of(self, number: int, tier: str, *, pilot: bool) -> Path:
        """A release in one file."""
        return self.folder / f"{self.study}-{number:03d}-{tier}{'-pilot' * pilot}.zip"

    @contextmanager
    def alone(self) -> Iterator[Path]:
        """A folder to work in, for one release of the study at a time: the second is refused.

        Two at once would not know of each other. What a release that was killed left is removed.
        """
        for folder in (self.folder.parent, self.folder, self.parts):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            lock = acquire_lock(self.folder, wait=False)
        except BlockingIOError:
            raise Refusal(f"Another release of {self.study} is being made: wait for it.") from None
        try:
            with self._cleared():
                yield self.work
        finally:
            os.close(lock)

    @contextmanager
    def _cleared(self) -> Iterator[None]:
        """Nothing lies in the working folder at first, and nothing stays."""
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(mode=0o700)
        try:
            yield
        finally:
            shutil.rmtree(self.work, ignore_errors=True)

    @property
    def work(self) -> Path:
        """Where parts lie while they are made."""
        return self.folder / ".work"

    def checked(self, part: LedgerPart) -> Path:
        """The file of an entered part, the very one that was entered. Raises Refusal."""
        path = self.part(part.segment, part.tier, part.edition)
        if not path.is_file() or sha256_of(path) != part.sha256:
            state = "differs from its sum in the ledger" if path.is_file() else "is missing"
            raise Refusal(
                f"{path} {state}. Later releases repeat it byte for byte: restore it from a backup."
            )
        return path


def people_file(part: Path) -> Path:
    """Beside a part: for each row, its place among the segment's stored answers."""
    return part.with_name(part.name.removesuffix("_data.csv") + ".people")


def keep(path: Path, target: Path) -> None:
    """Move a finished file into the archive, where it is only ever read."""
    shutil.move(path, target)
    target.chmod(0o400)


def clear(stores: Stores, study: str, *, since: float) -> None:
    """Remove unfinished work, and files written after ``since`` (epoch seconds) but not entered.

    Older ones stay: they may belong to a ledger that was restored from a backup. While another
    release of the study is being made nothing is done; that release clears the same.
    """
    catalogue = Archive(stores.folder, study)
    if not catalogue.folder.is_dir():
        return
    try:
        with catalogue.alone():
            named = set(_named(stores, catalogue))
            for path in [*catalogue.folder.glob("*.zip"), *catalogue.parts.iterdir()]:
                if path not in named and path.stat().st_mtime >= since:
                    path.unlink()
    except Refusal:
        return


def _named(stores: Stores, catalogue: Archive) -> Iterator[Path]:
    """Every file that the ledger speaks of."""
    for made in releases.all_releases(stores.office, catalogue.study):
        yield catalogue.zip_of(made.number, made.tier, pilot=made.pilot)
    for part in releases.parts(stores.office, catalogue.study):
        path = catalogue.part(part.segment, part.tier, part.edition)
        yield from (path, people_file(path))
