"""A small study's answers, each recognisable in the bytes of a file by its deletion value."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from survey.storage.answer_tables import prepare
from survey.storage.answers import Response, Text, accept
from survey.storage.database import Database
from survey.storage.texts import Reading


@dataclass(frozen=True)
class Column:
    """As ``forms.kinds.Column``, without a question behind it."""

    name: str
    codes: tuple[int, ...] = (1, 2, 3, 4, 5)
    missing: tuple[int, ...] = (-99, -95, -94)
    max_length: int = 0


STUDY = "small"
WORDS = hashlib.sha256(b"words").digest()
COLUMNS = (
    *(Column(f"item_{n}") for n in range(30)),
    Column("warmth", tuple(range(101))),
    Column("said", (), (-95, -94), max_length=40),
)
VALUES: dict[str, int | str] = {**{c.name: 3 for c in COLUMNS}, "said": "well"}


def mark(kind: str, number: int) -> bytes:
    """32 bytes that stand for one row, text or token of one answer."""
    return hashlib.sha256(f"{kind} {number}".encode()).digest()


def open_study(db: Database, *, content: str = "{}", study: str = STUDY) -> str:
    """A table ready for answers; a long ``content`` makes the file a large one."""
    return prepare(db, study=study, fingerprint=WORDS, content=content, columns=COLUMNS)


def answer(table: str, number: int, *, text: str = "", **changes: Any) -> Response:
    """The answer of person ``number``, with a kept-apart text unless ``text`` is None."""
    apart = Text(STUDY, "why", "en", 1, mark("text", number), text or f"because {number}")
    plain = Response(
        study=STUDY,
        table=table,
        fingerprint=WORDS,
        lang="en",
        c_open=1,
        completion=1,
        dur_band=2,
        deletion=mark("row", number),
        values=VALUES,
        texts=(apart,),
        submit=mark("submit", number),
        invitation=None,
    )
    return replace(plain, **changes)


def send(db: Database, table: str, numbers: Any) -> None:
    """People answer one after the other."""
    for number in numbers:
        accept(db, answer(table, number))


def on_disk(folder: Path) -> bytes:
    """Everything that a thief of the folder would hold."""
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


def readings(office: Database, study: str) -> list[Reading]:
    """Every decision about the study's texts that was noted, in the order made."""
    found = office.table("readings").rows_where("study = ?", [study], order_by="id")
    kept = ({name: value for name, value in row.items() if name != "id"} for row in found)
    return [
        Reading(**row | {"pilot": bool(row["pilot"]), "replaced": json.loads(row["replaced"])})
        for row in kept
    ]
