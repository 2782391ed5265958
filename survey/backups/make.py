"""Making a backup: one moment of both databases and what goes with them, in one encrypted file.

What is copied is copied as it lies and settled in the copy, so that nobody who sends waits for it:
arrivals are merged in key order, deletions that wait are carried out, and the file is laid down
anew. Drafts, pilots, submit tokens, sign-ins, links and mail that waits are left out.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

from survey.backups.age_format import EncryptedWriter
from survey.clock import iso_utc
from survey.config import Config
from survey.errors import Refusal
from survey.locks import locked
from survey.private_file import sync
from survey.program import program_version
from survey.releases import destruction
from survey.releases.archive import Archive, people_file
from survey.storage import batches, endings, measurements, pairing, record, releases, studies
from survey.storage.database import write_transaction
from survey.storage.identity import identity_of
from survey.storage.reordering import file_bytes, merge_table
from survey.storage.rewriting import give_up_rewriting
from survey.storage.stores import Stores
from survey.storage.texts import text_counts
from survey.studies import approvals, submission_documents
from survey.studies.catalogue import study_folders

FORMAT = 1
MANIFEST = "manifest.json"
ENDINGS = "endings.json"
SITE = "site.toml"
STUDIES = "studies"
DATABASES = ("responses.db", "office.db")
# Folders of the data folder of which everything goes in; of releases, what the ledger names.
WHOLE = (
    approvals.FOLDER, approvals.LETTERS, submission_documents.FOLDER, destruction.FOLDER,
)  # fmt: skip
STAGING = ".backup"
SUFFIX = ".age"
MARGIN = 64 * 1024 * 1024
PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made: the file, its size, and what its manifest says."""

    path: Path
    bytes: int
    manifest: dict[str, Any]


def make(
    stores: Stores, config: Config, out: Path, recipients: Sequence[bytes], *, who: str
) -> Backup:
    """Write a backup to the new file ``out``, or into the folder ``out`` under a name of its own.

    Raises Refusal with nothing written where there is no room, or another backup is being made.
    """
    at = iso_utc()
    target = _in_folder(out, at) if out.is_dir() else out
    if target.exists():
        raise Refusal(f"{target} is there already. Name a new file, or a folder for many.")
    try:
        with locked(stores.folder / "backup.lock", wait=False):
            _check_room(stores)
            with _copied(stores) as copies:
                manifest = _manifest(copies, at)
                size = _write(target, recipients, _files(stores, copies, config), manifest)
            with write_transaction(stores.office):
                row = {"at": at, "who": who, "path": str(target.resolve()), "bytes": size}
                record.append(stores.office, "backups", row)
                studies.note(stores.office, at=at, who=who, what=f"backup: made as {target.name}")
    except BlockingIOError:
        raise Refusal("Another backup is being made: wait for it.") from None
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise Refusal(f"Cannot write {target}: {why}. No backup was made.") from None
    return Backup(target, size, manifest)


def _in_folder(out: Path, at: str) -> Path:
    """Return a name in ``out`` that nothing has, with the time."""
    base = "lacrima-" + at[:19].replace(":", "").replace("-", "")
    names = (base + (f"-{n}" if n else "") + SUFFIX for n in count())
    return next(out / name for name in names if not (out / name).exists())


def _check_room(stores: Stores) -> None:
    """Refuse where the copies, twice as large as the files, would fill the data folder's disk."""
    need = 2 * (file_bytes(stores.responses) + file_bytes(stores.office)) + MARGIN
    found = os.statvfs(stores.folder)
    if found.f_bavail * found.f_frsize < need:
        raise Refusal(
            f"A backup needs {need // 1_000_000} MB free in {stores.folder} while it is made."
        )


@contextmanager
def _copied(stores: Stores) -> Iterator[Stores]:
    """Lend settled copies of both databases as they were at one moment, gone afterwards."""
    staging = stores.folder / STAGING
    remove(staging)  # of a backup that was killed
    staging.mkdir(mode=0o700)
    try:
        copies = Stores(_copy_both(stores, staging / "raw"))
        try:
            _settle(copies)
            laid = staging / "laid"
            laid.mkdir(mode=0o700)
            for db, name in zip((copies.responses, copies.office), DATABASES, strict=True):
                db.conn.execute("VACUUM INTO ?", (str(laid / name),))
        finally:
            copies.close()
        remove(staging / "raw")
        final = Stores(laid)
        try:
            yield final
        finally:
            final.close()
    finally:
        remove(staging)


def _copy_both(stores: Stores, folder: Path) -> Path:
    """Copy both databases page by page into a new folder; writers wait only for the beginning."""
    folder.mkdir(mode=0o700)
    sources = (stores.responses, stores.office)
    with stores.responses.turn, stores.office.turn:  # the order in which a freeze takes them
        for db in sources:
            db.conn.execute("BEGIN")
            db.conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    try:
        for db, name in zip(sources, DATABASES, strict=True):
            copy = sqlite3.connect(folder / name)
            try:
                db.conn.backup(copy)
            finally:
                copy.close()
    finally:
        for db in sources:
            db.rollback()
    return folder


def _settle(copies: Stores) -> None:
    """Leave in the copies what a backup holds, with nothing that shows an order."""
    copies.responses.keeps_endings = True
    give_up_rewriting(copies.responses)  # what it had put aside is in no backup
    batches.finish_freezes(copies.responses)
    with write_transaction(copies.responses):
        batches.delete_asked(copies.responses)
        merge_table(copies.responses)
        for table in ("accepted", "arriving_accepted"):
            copies.responses.conn.execute(f"DELETE FROM {table}")  # noqa: S608
        copies.responses.conn.execute("UPDATE levelling SET settled = 0, resting = 0")
    with write_transaction(copies.office):
        for table in ("sessions", "setups", "mail_queue"):
            copies.office.conn.execute(f"DELETE FROM {table}")  # noqa: S608


def remove(folder: Path) -> None:
    """Overwrite every file of a folder with zeros and delete it, as far as that can be done."""
    if not folder.is_dir():
        return
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with suppress(OSError):
                destruction.overwrite(path)
    shutil.rmtree(folder, ignore_errors=True)


def counts(stores: Stores, study: str) -> dict[str, int]:
    """Return how many answers of a study are there, frozen and not, and how many texts."""
    found = batches.batches(stores.responses, study)
    texts = sum(each.count for each in text_counts(stores.responses, study))
    unfrozen = found.get(0, 0)
    return {"unfrozen": unfrozen, "frozen": sum(found.values()) - unfrozen, "texts": texts}


def described(stores: Stores) -> dict[str, Any]:
    """Return what a manifest says of both databases."""
    office = stores.office
    held = stores.responses.conn.execute("SELECT DISTINCT study FROM wordings").fetchall()
    names = sorted({*endings.study_names(office), *(name for (name,) in held)})
    return {
        "installation": identity_of(office),
        "record": str(record.head(office)),
        "generation": pairing.generation(stores.responses),
        "studies": {
            name: {"state": studies.status(office, name), **counts(stores, name)} for name in names
        },
    }


def _manifest(copies: Stores, at: str) -> dict[str, Any]:
    return {"format": FORMAT, "program": program_version(), "made_at": at, **described(copies)}


def _files(stores: Stores, copies: Stores, config: Config) -> list[tuple[str, Path]]:
    """Return (name in the backup, path) of every file that goes in, by name."""
    copies.close()  # with the last connection the logs are written back and gone
    data = stores.folder
    found = [(name, copies.folder / name) for name in DATABASES]
    for folder in (data / name for name in WHOLE):
        found += _all_in(folder, folder.name)
    for path in _released(stores, copies):
        found.append((path.relative_to(data).as_posix(), path))
    if config.site.is_file():
        found.append((SITE, config.site))
    if config.endings.is_file():
        found.append((ENDINGS, config.endings))
    for folder in study_folders(config):
        found += _all_in(folder, f"{STUDIES}/{folder.resolve().name}")
    return sorted(dict(found).items())


def _all_in(folder: Path, name: str) -> list[tuple[str, Path]]:
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    within = [(path.relative_to(folder), path) for path in paths]
    return [
        (f"{name}/{inner.as_posix()}", path)
        for inner, path in within
        if not any(part.startswith(".") or part == "__pycache__" for part in inner.parts)
    ]


def _released(stores: Stores, copies: Stores) -> Iterator[Path]:
    """Yield the files of every release that the ledger of the copy names, but those of pilots."""
    office = copies.office
    for study in {*releases.released_studies(office), *measurements.measured_studies(office)}:
        archive = Archive(stores.folder, study)
        segments = measurements.measured_segments(office, study)
        named = [archive.measured(one.segment) for one in segments]
        named += [
            archive.zip_of(made.number, made.tier, pilot=False)
            for made in releases.all_releases(copies.office, study)
            if not made.pilot
        ]
        for part in releases.parts(copies.office, study):
            path = archive.part(part.segment, part.tier, part.edition)
            named += [path, people_file(path)]
        yield from (path for path in named if path.is_file())  # a destroyed one is gone


class _Hashed:
    """Reads a file and works out the sum of what was read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.sum = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.sum.update(data)
        return data


def _write(
    target: Path,
    recipients: Sequence[bytes],
    files: Sequence[tuple[str, Path]],
    manifest: dict[str, Any],
) -> int:
    """Write the encrypted archive under another name, then give it its own; return its size."""
    partial = target.with_name(f".{target.name}.partial")
    partial.unlink(missing_ok=True)  # of a backup that was killed: one is made at a time
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
            sealed = EncryptedWriter(raw, recipients)
            with (
                gzip.GzipFile(fileobj=sealed, mode="wb", compresslevel=1, mtime=0) as packed,
                tarfile.open(fileobj=packed, mode="w|") as archive,
            ):
                sums = {name: _add(archive, name, path) for name, path in files}
                _add_text(archive, MANIFEST, json.dumps({**manifest, "files": sums}, indent=1))
            sealed.finish()
            raw.flush()
            os.fsync(raw.fileno())
        os.link(partial, target)  # atomic, and refuses to replace
    finally:
        partial.unlink(missing_ok=True)
    sync(target.parent)
    return target.stat().st_size


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600  # no time, no owner
    return entry


def _add(archive: tarfile.TarFile, name: str, path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        hashed, size = _Hashed(file), os.fstat(file.fileno()).st_size
        archive.addfile(_entry(name, size), hashed)
    return {"bytes": size, "sha256": hashed.sum.hexdigest()}


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    data = text.encode()
    archive.addfile(_entry(name, len(data)), io.BytesIO(data))
