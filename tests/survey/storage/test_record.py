"""The chain over the office's record, tried by editing its file as its owner can."""

import shutil
import sqlite3
from contextlib import suppress

import pytest

from survey.storage import board, record, studies
from survey.storage.database import write_transaction
from survey.storage.record_check import check, not_continued
from survey.storage.stores import Stores

AT = "2026-05-01T12:00:00+00:00"


@pytest.fixture
def stores(tmp_path):
    stores = Stores(tmp_path / "data")
    yield stores
    stores.close()


def some_acts(office):
    studies.set_status(office, "mood", "open", AT)
    board.rule(office, "mood", "suspended", at=AT, who="chair", why="A concern.")
    studies.note(office, at=AT, who="chair", what="mood: suspended")


def edited(stores, *statements):
    """Closes the file and edits it with SQLite alone, as whoever owns it can."""
    stores.close()
    with sqlite3.connect(stores.folder / "office.db") as db:
        for statement in statements:
            db.execute(statement)
    db.close()
    return stores.office


def test_a_record_that_only_grew_is_whole(stores):
    some_acts(stores.office)
    first = record.head(stores.office)
    some_acts(stores.office)
    assert check(stores.office).whole
    assert not not_continued(stores.office, str(first))


def test_every_append_only_table_is_linked_or_is_named_with_its_reason(stores):
    triggers = stores.office.conn.execute("SELECT tbl_name FROM sqlite_master WHERE type='trigger'")
    guarded = {table for (table,) in triggers}
    assert guarded == {*record.linked_tables(stores.office), *record.UNLINKED}


def test_a_row_added_outside_a_transaction_is_refused(stores):
    with pytest.raises(RuntimeError, match="outside a transaction"):
        record.append(stores.office, "audit", {"at": AT, "who": "x", "what": "y"})


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (["DELETE FROM rulings"], "was deleted"),
        (["UPDATE rulings SET why = 'None.'"], "was changed: why"),
        ([("INSERT INTO rulings (study, at, who, what, why, approval)"
           " SELECT study, at, who, 'lifted', why, 0 FROM rulings")],
         "rows without a link: 1 of 2"),
        (["DELETE FROM chain WHERE position = 3"], "Link 3 is missing"),
        (["UPDATE chain SET line = replace(line, 'A concern', 'No concern')"], "does not follow"),
        (["UPDATE lives SET status = 'closed'"], "not the last turn"),
    ],
)  # fmt: skip
def test_a_change_of_the_file_without_its_guards_is_told(stores, statements, told):
    some_acts(stores.office)
    drops = [
        f"DROP TRIGGER {table}_never_{done}"
        for table in ("rulings", "chain")
        for done in ("changed", "deleted")
    ]
    found = check(edited(stores, *drops, *statements))
    assert "guards of office.db are missing" in found.faults[0]
    assert any(told in fault for fault in found.faults)


def test_a_tail_cut_off_shows_against_a_head_noted_before(stores):
    some_acts(stores.office)
    noted = str(record.head(stores.office))
    guard = "CREATE TRIGGER {0}_never_deleted BEFORE DELETE ON {0}\n            BEGIN SELECT "
    guard += "RAISE(ABORT, '{0} is append-only'); END"
    cut = ("audit", "chain")
    office = edited(
        stores,
        *(f"DROP TRIGGER {table}_never_deleted" for table in cut),
        "DELETE FROM audit",
        'DELETE FROM chain WHERE line LIKE \'%"table":"audit"}\'',
        *(guard.format(table) for table in cut),
    )
    assert check(office).whole
    assert "its end was cut off" in not_continued(office, noted)


def test_an_older_copy_and_a_copy_that_went_another_way_show_against_a_noted_head(stores, tmp_path):
    some_acts(stores.office)
    stores.close()
    shutil.copytree(stores.folder, tmp_path / "older")
    some_acts(stores.office)
    noted = str(record.head(stores.office))
    other = Stores(tmp_path / "older")
    assert "an older copy was restored" in not_continued(other.office, noted)
    for _ in range(2):
        studies.note(other.office, at=AT, who="chair", what="something else")
        some_acts(other.office)
    assert "has another hash" in not_continued(other.office, noted)
    other.close()


def test_rows_from_before_the_chain_are_linked_once_and_the_first_link_says_since_when(stores):
    some_acts(stores.office)
    before = [
        *(f"DROP TRIGGER chain_never_{done}" for done in ("changed", "deleted")),
        "DROP TABLE chain",
        "DELETE FROM _sqlite_migrations WHERE name = 'm012_chain'",
    ]
    office = edited(stores, *before)
    found = check(office)
    assert (found.whole, found.head.position) == (True, 4)
    assert '"earlier_rows":3' in office.conn.execute("SELECT line FROM chain").fetchone()[0]
    assert found.begun_at > AT


def test_an_act_that_fails_in_between_leaves_neither_row_nor_link(stores):
    before = record.head(stores.office)
    with suppress(KeyError), write_transaction(stores.office):
        some_acts(stores.office)
        raise KeyError
    assert record.head(stores.office) == before
    assert not board.rulings(stores.office, "mood")


@pytest.mark.parametrize("text", ["", "12", "x:0123456789abcdef", "0:0123456789", "3:xyz"])
def test_a_text_that_is_no_head_is_refused_in_a_sentence(stores, text):
    with pytest.raises(ValueError, match="is no head of a record"):
        record.read_head(text)
