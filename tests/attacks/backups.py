"""Backups: what their holder reads, and what putting one back brings back."""

from __future__ import annotations

import shutil
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

from forms.load import load_study
from survey.backups.age_format import DecryptedReader, read_identities
from survey.storage import answer_tables, batches
from survey.storage.stores import Stores
from tests.attacks.outcome import Outcome, Told
from tests.cli.test_backups import NAME, House
from tests.conftest import folder_of

HOLDER = "holder of a backup"


def rows(folder: Path) -> list[Outcome]:
    """A backup read without its key, and put back after people deleted their answers."""
    house = House(folder, load_study(folder_of(NAME)))
    copy = shutil.copytree(house.config.data, folder / "copied by hand")
    path = house.backup()
    gone = _deleted(house.stores)
    restored, _ = house.restored(path)
    back, copied = _there(restored), _there(Stores(copy))
    restored.close()
    house.stores.close()
    return [
        Outcome(
            HOLDER,
            "rows found in a backup without its secret key, the server's key at hand",
            _read(gone, path.read_bytes()),
            _read(gone, _plain(path, house.secret)),
            "a backup that is not encrypted",
            0,
            "host.md, backups",
        ),
        Outcome(
            HOLDER,
            "answers deleted since the backup that are there again once it is put back",
            Told(len(gone & back), len(gone), 0),
            Told(len(gone & copied), len(gone), 0),
            "a copy of the files that is put back as it is",
            0,
            "host.md, restoring",
        ),
        Outcome(
            "holder of a backup and of its secret key",
            "answers deleted since the backup that are in it",
            _read(gone, _plain(path, house.secret)),
            _read(gone, _plain(path, house.secret)),
            "a backup that is not encrypted",
            1,
            "host.md, backups",
        ),
    ]


def _there(stores: Stores) -> set[Any]:
    return {row["key"] for row in answer_tables.rows(stores.responses, NAME)}


def _deleted(stores: Stores) -> set[Any]:
    """Half of the people delete their answers by code; the keys of their rows."""
    rows: list[dict[str, Any]] = list(answer_tables.rows(stores.responses, NAME))
    half = rows[: len(rows) // 2]
    batches.ask_deletion(stores.responses, [row["deletion"] for row in half])
    batches.carry_out_deletions(stores.responses)
    return {row["key"] for row in half}


def _read(keys: set[bytes], content: bytes) -> Told:
    return Told(sum(key in content for key in keys), len(keys), 0)


def _plain(path: Path, secret: Path) -> bytes:
    """Everything in a backup, as whoever has the secret key reads it."""
    with path.open("rb") as file:
        opened = BytesIO(DecryptedReader(file, read_identities(secret)).readall())
    with tarfile.open(fileobj=opened) as archive:
        files = (archive.extractfile(member) for member in archive.getmembers())
        return b"".join(file.read() for file in files if file)
