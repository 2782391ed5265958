"""Putting a backup back into an empty folder, without undoing what ended since it was made."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from survey.backups import endings_list
from survey.backups.age_format import DecryptedReader
from survey.backups.ended_since import Since
from survey.backups.endings_list import EndingsList
from survey.backups.make import DATABASES, FORMAT, MANIFEST, PIECE, described, remove
from survey.clock import iso_utc, today_here
from survey.crypto import KeyRing
from survey.errors import Refusal, StoreError
from survey.private_file import sync
from survey.releases import destruction
from survey.storage import pairing, record_check, server_keys
from survey.storage.stores import Stores

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+ -]*(/[A-Za-z0-9_][A-Za-z0-9_.@+ -]*)*")
MOST_NAME = 400
MOST_MANIFEST = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back: of which moment, and in sentences what was lost or ended since."""

    made_at: str
    lines: list[str] = field(default_factory=list)


def restore(
    backup: Path,
    into: Path,
    secrets: Sequence[bytes],
    keys: KeyRing,
    listed: EndingsList | None,
    *,
    who: str,
) -> Restored:
    """Put ``backup`` back into the empty folder ``into``; nothing is there before all is verified.

    ``backup`` is an encrypted file, or a folder copied by hand with both databases. ``listed`` None
    says that the endings list is lost: then everything that may have ended counts as ended. Raises
    Refusal with ``into`` as it was.
    """
    _check_empty(into)
    with _staging(into) as staging:
        if backup.is_dir():
            manifest = _taken_from_folder(backup, staging)
        else:
            manifest = _unpacked(backup, staging, secrets)
        lines = _put_right(staging, manifest, keys, listed, who=who)
        _moved(staging, into)
    return Restored(str(manifest["made_at"]), lines)


def _check_empty(into: Path) -> None:
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise Refusal(f"{into} is not empty: a backup is put back into a new or empty folder.")


@contextmanager
def _staging(into: Path) -> Iterator[Path]:
    """Lend a hidden folder beside ``into``; what is left of it is overwritten."""
    staging = into.resolve().with_name(f".{into.resolve().name}.restoring")
    try:
        into.resolve().parent.mkdir(parents=True, exist_ok=True)
        remove(staging)  # of a restore that was killed
        staging.mkdir(mode=0o700)
        yield staging
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise Refusal(f"Cannot put the backup back into {into}: {why}. Nothing is there.") from None
    finally:
        remove(staging)


def _unpacked(backup: Path, staging: Path, secrets: Sequence[bytes]) -> dict[str, Any]:
    """Decrypt, unpack and compare with the manifest, which is returned."""
    sums, manifest = dict[str, dict[str, Any]](), b""
    try:
        with backup.open("rb") as raw:
            opened = io.BufferedReader(cast("io.RawIOBase", DecryptedReader(raw, secrets)), PIECE)
            with (
                gzip.GzipFile(fileobj=opened, mode="rb") as packed,
                tarfile.open(fileobj=packed, mode="r|") as archive,
            ):
                for entry in archive:
                    source = _checked_entry(entry, archive)
                    if entry.name == MANIFEST and entry.size <= MOST_MANIFEST:
                        manifest = source.read()
                    else:
                        sums[entry.name] = _kept(source, staging / entry.name)
                packed.read()  # to the end, where the sum of the whole is
    except FileNotFoundError:
        raise Refusal(f"There is no backup {backup}.") from None
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile):
        raise Refusal("The backup was cut or changed: it cannot be used.") from None
    return _agreed(manifest, sums)


def _checked_entry(entry: tarfile.TarInfo, archive: tarfile.TarFile) -> BinaryIO:
    """Return what an entry holds. Raises Refusal for anything but a plain file below the folder."""
    name = entry.name
    if not entry.isreg() or len(name) > MOST_NAME or not _NAME.fullmatch(name) or ".." in name:
        raise Refusal("The backup holds what no backup of this program holds: it is not used.")
    return cast("BinaryIO", archive.extractfile(entry))


def _kept(source: BinaryIO, path: Path) -> dict[str, Any]:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    hashed, size = hashlib.sha256(), 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while piece := source.read(PIECE):
            hashed.update(piece)
            size += file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return {"bytes": size, "sha256": hashed.hexdigest()}


def _agreed(manifest: bytes, sums: Mapping[str, Any]) -> dict[str, Any]:
    try:
        said: dict[str, Any] = json.loads(manifest)
        if said["format"] != FORMAT:
            raise Refusal(f"The backup was made by Lacrima {said['program']}: use that, or newer.")
        whole = said["files"] == sums and all(name in sums for name in DATABASES)
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise Refusal("The backup is not what its manifest says: it cannot be used.")
    return said


def _taken_from_folder(source: Path, staging: Path) -> dict[str, Any]:
    """Copy a data folder that was copied by hand; return a manifest without sums."""
    for name in DATABASES:
        if not (source / name).is_file():
            raise Refusal(f"{source} holds no {name}: it is no copy of a data folder.")
        for path in sorted(source.glob(f"{name}*")):
            if path.name in (name, f"{name}-wal"):
                shutil.copyfile(path, staging / path.name)
    for folder in sorted(p for p in source.iterdir() if p.is_dir() and p.name in HAND_COPIED):
        shutil.copytree(folder, staging / folder.name, symlinks=True)
    if (source / "site.toml").is_file():
        shutil.copyfile(source / "site.toml", staging / "site.toml")
    newest = max((source / name).stat().st_mtime for name in DATABASES)
    return {"made_at": iso_utc(newest), "installation": "", "record": "0:", "generation": 0}


HAND_COPIED = ("approved", "letters", "submissions", "destroyed", "releases", "studies")


def _put_right(
    staging: Path,
    manifest: dict[str, Any],
    keys: KeyRing,
    listed: EndingsList | None,
    *,
    who: str,
) -> list[str]:
    """Verify both databases and end in them what ended since; return what there is to say."""
    for name in DATABASES:
        _check_database(staging / name)
    stores = Stores(staging)
    try:
        _check_stores(stores, manifest)
        if server_keys.missing(stores, keys.check_values):
            raise Refusal(
                "The server key is not the one of the backup: codes would delete nothing."
            )
        if listed:
            _check_list(listed, stores, manifest)
        since = Since(stores, keys, listed, made_at=str(manifest["made_at"]), who=who)
        lines = since.end_all()
        pairing.advance(
            stores.responses, stores.office, least=(listed.generation if listed else 0) + 1
        )
        now = endings_list.present(stores, keys, today_here().isoformat())
        endings_list.write(staging / "endings.json", endings_list.joined(listed, now))
    except StoreError as error:
        raise Refusal(str(error)) from None
    finally:
        stores.close()
    for name in DATABASES:
        _lay_anew(staging / name)
    return lines


def _lay_anew(path: Path) -> None:
    """Write a database anew in key order, without remains of what was deleted in it."""
    fresh = path.with_name(f".{path.name}")
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("VACUUM INTO ?", (str(fresh),))
    destruction.overwrite(path)
    fresh.chmod(0o600)
    fresh.rename(path)


def _check_database(path: Path) -> None:
    try:
        conn = sqlite3.connect(path)
        try:
            found = conn.execute("PRAGMA integrity_check(1)").fetchone()[0]
        finally:
            conn.close()
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise Refusal(f"{path.name} in the backup is damaged ({found}): it cannot be used.")


def _check_stores(stores: Stores, manifest: Mapping[str, Any]) -> None:
    """Refuse a broken record, files of two moments, and counts that are not the manifest's."""
    check = record_check.check(stores.office)
    if not check.whole:
        raise Refusal(f"The record in the backup is not whole: {check.faults[0]}")
    if why := pairing.mismatch(stores.responses, stores.office):
        raise Refusal(f"The two databases do not belong together: {why}")
    if "files" in manifest:
        found = described(stores)
        if differing := sorted(name for name in found if found[name] != manifest[name]):
            raise Refusal(f"The backup is not what its manifest says: {', '.join(differing)}.")


def _check_list(listed: EndingsList, stores: Stores, manifest: Mapping[str, Any]) -> None:
    """Refuse a list of another installation, and one that is older than the backup."""
    found = described(stores)
    if listed.installation != found["installation"]:
        raise Refusal("The endings list is of another installation than the backup.")
    older = (
        listed.as_of < str(manifest["made_at"])[:10]
        or listed.position < int(found["record"].partition(":")[0])
        or listed.generation < int(found["generation"])
    )
    if older:
        raise Refusal(
            f"The endings list (of {listed.as_of}) is older than the backup, so it does not know "
            "what ended since. Give the list that the server kept last."
        )


def _moved(staging: Path, into: Path) -> None:
    """Give what was made ready its name, at once."""
    for kind in ("*.turn", "*.use", "*-wal", "*-shm"):
        for left in staging.glob(kind):
            left.unlink()
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.rename(staging, into)  # noqa: PTH104 - replaces an empty folder, and refuses any other
    sync(into.resolve().parent)
