"""Stored answers arrive in exports as they were stored, however they are read."""

from dataclasses import dataclass, field

import pytest

from forms.kinds import columns_of_study
from forms.load import load_study
from survey.releases.stored_answers import _unpacked, read_answers, wordings_of
from survey.storage import answer_tables
from survey.storage.answer_tables import PACKED, PACKED_FROM, PACKED_MOST, blocks
from survey.storage.database import quoted, write_transaction
from tests.answering import real_answers
from tests.conftest import FLAGSHIP

NUMBERS = (-PACKED_FROM + 1, -99, -1, 0, 1, 127, 128, 2047, 2048, PACKED_MOST)
BEYOND = (
    54_295,
    54_296,
    56_319,
    57_343,
    1_114_111,
    2**40,
    -PACKED_FROM,
    -PACKED_FROM - 1,
    -(2**40),
)


@dataclass(frozen=True)
class WideColumn:
    """A column of any of these numbers."""

    name: str
    codes: tuple[int, ...] = tuple(n for n in (*NUMBERS, *BEYOND) if n >= 0)
    missing: tuple[int, ...] = tuple(n for n in (*NUMBERS, *BEYOND) if n < 0)
    max_length: int = field(default=0)


WIDE = [WideColumn(f"q{at}") for at in range(230)]  # more than a function of SQLite takes


def stored(stores, rows):
    """These rows in a table of their own."""
    db = stores.responses
    table = answer_tables.prepare(
        db, study="wide", fingerprint=b"w" * 32, content="{}", columns=WIDE
    )
    own = {"fingerprint": b"w" * 32, "lang": "en", "c_open": 1, "completion": 1, "dur_band": 1}
    names = ["key", "deletion", *own, *(c.name for c in WIDE)]
    marks = ", ".join("?" * len(names))
    sql = f"INSERT INTO {quoted(table)} ({', '.join(map(quoted, names))}) VALUES ({marks})"
    with write_transaction(db):
        for at, row in enumerate(rows):
            key = at.to_bytes(16, "big")
            db.conn.execute(sql, (key, bytes(32), *own.values(), *row))
    return table


def read(stores, table, *, packed):
    names = [c.name for c in WIDE]
    asked = ([], names) if packed else (names, [])
    [block] = blocks(stores.responses, table, asked[0], batches=None, packed=asked[1])
    return _unpacked(block[PACKED], names) if packed else block


def test_packed_numbers_are_those_that_were_stored(stores):
    rows = [[NUMBERS[(at + row) % len(NUMBERS)] for at in range(len(WIDE))] for row in range(25)]
    table = stored(stores, rows)
    plain, packed = read(stores, table, packed=False), read(stores, table, packed=True)
    assert {name: tuple(codes) for name, codes in packed.items()} == plain
    assert [*zip(*plain.values(), strict=True)] == [*map(tuple, rows)]


@pytest.mark.parametrize("number", BEYOND)
def test_a_number_beyond_them_is_never_taken_for_one_of_them(stores, number):
    table = stored(stores, [[number, *(1 for _ in WIDE[1:])]])
    first, *rest = (int(codes[0]) for codes in read(stores, table, packed=True).values())
    assert not -PACKED_FROM < first <= PACKED_MOST
    assert {*rest} == {1}


def test_every_answer_of_the_flagship_is_read_as_it_was_stored(stores):
    study = load_study(FLAGSHIP)
    real_answers(stores, study, 40)
    found = read_answers(
        stores.responses, study, wordings_of(stores.responses, study), batches=None
    )
    kept = [*answer_tables.rows(stores.responses, study.name)]
    assert (len(kept), found.others) == (40, 0)
    for column in columns_of_study(study):
        assert found.frame[column.name].to_list() == [row[column.name] for row in kept]
