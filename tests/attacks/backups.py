"""Backups: what their holder reads, and what putting one back brings back."""

from __future__ import annotations

import shutil
import tarfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from secrets import token_bytes
from typing import Any

from forms.kinds import columns_of_study
from forms.load import load_study
from survey.backups.age_format import DecryptedReader, read_identities
from survey.storage import answer_tables, answers, batches
from survey.storage.stores import Stores
from tests.attacks.attacked import GROUP
from tests.attacks.order import deletions
from tests.attacks.outcome import Outcome, Told
from tests.cli.test_backups import NAME, House
from tests.conftest import folder_of

HOLDER = "holder of a backup"


def series_rows(folder: Path, *, backups: int) -> list[Outcome]:
    """Every backup of a run of them, read with the secret key: whose text is whose."""
    return [
        Outcome(
            "holder of every backup and of their secret key",
            f"which text is whose, from a backup after every {GROUP} people",
            _joined(folder / "series", backups, token_bytes),
            _joined(folder / "counted", backups, lambda size: time.time_ns().to_bytes(size, "big")),
            "keys that count up",
            1 / GROUP,
            "board.md, from two copies",
        )
    ]


def _joined(folder: Path, backups: int, draw: Callable[[int], bytes]) -> Told:
    """Of what is new in each backup, take the n-th text for the n-th row."""
    folder.mkdir()
    house = House(folder, load_study(folder_of(NAME)))
    whose: dict[bytes, bytes] = {}
    known, right = set[bytes](), 0
    for number in range(backups):
        for _ in range(GROUP):
            row, text = _answered(house, draw)
            whose[row] = text
        with tarfile.open(
            fileobj=BytesIO(_opened(house.backup(f"{number}.age"), house.secret))
        ) as archive:
            file = archive.extractfile("responses.db")
            assert file is not None
            rows, texts = deletions({"responses.db": file.read()})
        fresh = [row for row in rows if row in whose and row not in known]
        words = [text for text in texts if text not in known]
        known |= {*rows, *texts}
        right += sum(whose[row] == text for row, text in zip(fresh, words, strict=True))
    house.stores.close()
    return Told(right, len(whose), len(whose) / GROUP)


def _answered(house: House, draw: Callable[[int], bytes]) -> tuple[bytes, bytes]:
    """Somebody answers and writes; the deletion values of the row and of the text."""
    row, text = token_bytes(32), token_bytes(32)
    words = bytes.fromhex(house.study.fingerprints.words)
    table = answer_tables.prepare(
        house.stores.responses, study=NAME, fingerprint=words, content=house.study.content,
        columns=columns_of_study(house.study),
    )  # fmt: skip
    answer = answers.Response(
        study=NAME, table=table, fingerprint=words, lang="en", c_open=1, completion=1, dur_band=1,
        deletion=row, values={"mood": 1}, submit=token_bytes(32), invitation=None,
        texts=(answers.Text(NAME, "mood", "en", 1, text, "words"),),
    )  # fmt: skip
    assert answers.accept(house.stores.responses, answer, draw=draw)
    return row, text


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
    with tarfile.open(fileobj=BytesIO(_opened(path, secret))) as archive:
        files = (archive.extractfile(member) for member in archive.getmembers())
        return b"".join(file.read() for file in files if file)


def _opened(path: Path, secret: Path) -> bytes:
    with path.open("rb") as file:
        return DecryptedReader(file, read_identities(secret)).readall()
