"""The archive of releases and their parts: written once, named for what they are, never changed.

DATA/releases/STUDY/parts/001-C.1_data.csv     segment 1 in tier C, first edition
DATA/releases/STUDY/parts/001-C.1.people       which of the segment's answers each row is
DATA/releases/STUDY/parts/001-A.measured.csv   what was measured of segment 1, drawn once
DATA/releases/STUDY/STUDY-001-C.zip            release 1
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from exports.output_files import sha256_of
from survey.errors import Refusal
from survey.locks import acquire_lock
from survey.storage import releases
from survey.storage.releases import LedgerPart
from survey.storage.stores import Stores

FOLDER = "releases"
MEASURED = ".measured.csv"
OF_PILOT = "pilot-"


class Archive:
    """The archive of one study, made when first written to."""

    def __init__(self, data: Path, study: str) -> None:
        self.folder = data / FOLDER / study
        self.parts = self.folder / "parts"
        self.study = study

    def part(self, segment: int, tier: str, edition: int) -> Path:
        """Return the data file of a part."""
        return self.parts / f"{segment:03d}-{tier}.{edition}_data.csv"

    def measured(self, segment: int, *, pilot: bool = False) -> Path:
        """Return the file of a segment's measurement; a recall does not make another."""
        return self.parts / f"{OF_PILOT * pilot}{segment:03d}-A{MEASURED}"

    def zip_of(self, number: int, tier: str, *, pilot: bool) -> Path:
        """Return the file of a whole release."""
        return self.folder / f"{self.study}-{number:03d}-{tier}{'-pilot' * pilot}.zip"

    @contextmanager
    def working_folder(self) -> Iterator[Path]:
        """Lend an empty folder to work in, for one release of the study at a time.

        A second one, which would clash, is refused. What a killed release left is removed.
        """
        for folder in (self.folder.parent, self.folder, self.parts):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Inside the archive, never beside the folder that goes out (docs/decisions/0008).
        work = self.folder / ".work"
        try:
            lock = acquire_lock(self.folder, wait=False)
        except BlockingIOError:
            raise Refusal(f"Another release of {self.study} is being made: wait for it.") from None
        try:
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(mode=0o700)
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)
            os.close(lock)

    def checked(self, part: LedgerPart) -> Path:
        """Return the file of an entered part. Raises Refusal unless its bytes are those entered."""
        path = self.part(part.segment, part.tier, part.edition)
        if not path.is_file() or sha256_of(path) != part.sha256:
            state = "differs from its sum in the ledger" if path.is_file() else "is missing"
            raise Refusal(
                f"{path} {state}. Later releases repeat it byte for byte: restore it from a backup."
            )
        return path


def people_file(part: Path) -> Path:
    """Return the file that holds each row's place among the segment's stored answers."""
    # It joins the tiers, so it never leaves the archive (docs/decisions/0008).
    return part.with_name(part.name.removesuffix("_data.csv") + ".people")


def keep(path: Path, target: Path) -> None:
    """Move a finished file into the archive, where it is only ever read."""
    shutil.move(path, target)
    target.chmod(0o400)


def drop_pilot_files(data: Path, studies: Collection[str]) -> None:
    """Delete every file made of a pilot's answers of these studies: somebody has withdrawn."""
    for study in studies:
        folder = data / FOLDER / study
        found = [*folder.glob(f"{study}-*-pilot.zip")]
        for path in [*found, *(folder / "parts").glob(f"{OF_PILOT}*{MEASURED}")]:
            path.unlink(missing_ok=True)


def clear(stores: Stores, study: str, *, since: float) -> None:
    """Remove unfinished work, and files written after ``since`` (epoch seconds) but not entered.

    Older ones stay: they may belong to a ledger that was restored from a backup. While another
    release of the study is being made nothing is done; that release clears the same.
    """
    archive, office = Archive(stores.folder, study), stores.office
    if not archive.folder.is_dir():
        return
    with suppress(Refusal), archive.working_folder():
        named = {
            archive.zip_of(made.number, made.tier, pilot=made.pilot)
            for made in releases.all_releases(office, study)
        }
        for part in releases.parts(office, study):
            path = archive.part(part.segment, part.tier, part.edition)
            named |= {path, people_file(path)}
        for path in [*archive.folder.glob("*.zip"), *archive.parts.iterdir()]:
            # What was measured stays: drawn again, it would tell of the same people twice.
            if path.name.endswith(MEASURED):
                continue
            if path not in named and path.stat().st_mtime >= since:
                path.unlink()
