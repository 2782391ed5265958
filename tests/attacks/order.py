"""Who came before whom, and which words belong to which answers: read from the files alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from survey.storage import answer_tables
from survey.storage.stores import Stores
from tests.attacks.attacked import GROUP, STUDY, Installation, rows_of
from tests.attacks.outcome import Outcome, Told

THIEF = "thief of the disk"
Seen = dict[str, list[Any]]  # what can be observed → its value for each person, in true order


def rows(sound: Installation, weak: Installation) -> list[Outcome]:
    """Order of arrival, texts beside rows, and the same from copies taken in between."""
    return [
        Outcome(
            THIEF,
            f"of two people, who sent first: the best of {len(observed(sound))} things that each "
            "column, key, SELECT order and byte of every file shows, learnt from other pairs",
            earlier(sound),
            earlier(weak),
            "keys that count up",
            0.5,
            "board.md",
        ),
        Outcome(
            THIEF,
            "which text is whose: by the places of texts and rows in the file",
            joined(sound),
            joined(weak),
            "keys that count up",
            1 / len(sound.people),
            "board.md",
        ),
        Outcome(
            "thief of many copies",
            f"which text is whose, from copies of the file after every {GROUP} people",
            joined_by_copies(sound, sound.copies),
            joined_by_copies(weak, weak.copies),
            "keys that count up",
            1 / GROUP,
            "board.md, from two copies",
        ),
        Outcome(
            "thief of many copies",
            "which text is whose, from a copy of the file every second while nobody else answers",
            joined_by_copies(sound, sound.snapshots),
            joined_by_copies(weak, weak.snapshots),
            "keys that count up",
            1,
            "board.md, from two copies",
        ),
    ]


def observed(attacked: Installation) -> Seen:
    """Everything about a person's row that could follow the order, as far as all have it."""
    with attacked.stores() as stores:
        found: Seen = {}
        for table, kind in (("rows", "row"), ("texts", "text")):
            held = {row["deletion"]: (n, row) for n, row in enumerate(_table(stores, table))}
            mine = [held[attacked.values(p)[kind]] for p in attacked.people]
            found[f"{table}: SELECT order"] = [n for n, _ in mine]
            for name in mine[0][1]:
                found[f"{table}: {name}"] = [_ranked(row[name]) for _, row in mine]
    for name, content in attacked.files.items():
        for kind in ("row", "text", "draft", "token"):
            for what in (content.find, content.rfind):
                marks = (attacked.values(p)[kind] for p in attacked.people)
                places = [*takewhile(lambda at: at >= 0, map(what, marks))]
                if len(places) == len(attacked.people):
                    found[f"{name}: byte of {kind} ({what.__name__})"] = places
    return {name: values for name, values in found.items() if len(set(map(repr, values))) > 1}


def _table(stores: Stores, name: str) -> list[dict[str, Any]]:
    return list(getattr(answer_tables, name)(stores.pilot, STUDY))


def _ranked(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _pairs(attacked: Installation) -> list[tuple[int, int]]:
    """Pairs of people, nobody in two of them, by lot."""
    drawn = attacked.rng.sample(range(len(attacked.people)), len(attacked.people))
    return [(a, b) for a, b in zip(drawn[::2], drawn[1::2], strict=False)]


def earlier(attacked: Installation) -> Told:
    """Choose what told the order of a quarter of the pairs best; use it on the others."""
    pairs, seen = _pairs(attacked), observed(attacked)
    few = len(pairs) // 4
    learnt, tested = pairs[:few], pairs[few:]

    def right(name: str, some: Sequence[tuple[int, int]], *, rising: bool) -> int:
        values = seen[name]
        return sum(((values[a] < values[b]) is (a < b)) is rising for a, b in some)

    ways = [(name, rising) for name in seen for rising in (True, False)]
    name, rising = max(ways, key=lambda way: right(way[0], learnt, rising=way[1]))
    return Told(right(name, tested, rising=rising), len(tested), len(tested) / 2)


def joined(attacked: Installation) -> Told:
    """Take the n-th text of the file for the n-th row."""
    texts, deletions = (
        [p.words for p in attacked.people],
        [attacked.values(p) for p in attacked.people],
    )
    with attacked.stores() as stores:
        held = [str(t["text"]) for t in _table(stores, "texts")]
    whose = {value["row"]: words for value, words in zip(deletions, texts, strict=True)}
    rows = [whose[row["deletion"]] for row in rows_of(attacked)]
    right = sum(a == b for a, b in zip(rows, held, strict=True))
    return Told(right, len(rows), 1)


def joined_by_copies(attacked: Installation, copies: list[dict[str, bytes]]) -> Told:
    """Of what is new in a copy, take the n-th text for the n-th row."""
    whose = {attacked.values(p)["row"]: attacked.values(p)["text"] for p in attacked.people}
    known, first = {*whose, *whose.values()}, copies[0]
    seen = {value for found in deletions(first) for value in found if copies is attacked.snapshots}
    right = tries = 0
    for copy in copies:
        rows, texts = (
            [value for value in found if value not in seen and value in known]
            for found in deletions(copy)
        )
        seen |= {*rows, *texts}
        right += sum(whose[row] == text for row, text in zip(rows, texts, strict=False))
        tries += len(rows)
    return Told(right, tries, tries / len(attacked.people))


def deletions(copy: dict[str, bytes]) -> tuple[list[bytes], list[bytes]]:
    """Deletion values of rows and of texts in a copied file, in its order."""
    with TemporaryDirectory() as folder:
        for name, content in copy.items():
            (Path(folder) / name).write_bytes(content)
        with sqlite3.connect(Path(folder) / next(iter(copy))) as conn:
            tables = [name for (name,) in conn.execute("SELECT name FROM sqlite_schema")]
            answers = [t for t in tables if "answers_" in t and _has_deletion(conn, t)]
            found = [_values(conn, answers), _values(conn, ["texts", "arriving_texts"])]
        conn.close()
    return found[0], found[1]


def _has_deletion(conn: sqlite3.Connection, table: str) -> bool:
    return any(row[1] == "deletion" for row in conn.execute(f"PRAGMA table_info({table})"))


def _values(conn: sqlite3.Connection, tables: Sequence[str]) -> list[bytes]:
    return [v for t in tables for (v,) in conn.execute(f"SELECT deletion FROM {t}")]
