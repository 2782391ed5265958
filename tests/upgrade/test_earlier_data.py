"""Data folders that earlier versions wrote, each kept as a dump of its two databases.

Thirty frozen answers and twelve later ones to one study, each with a code, every third with a text;
an approval, the study open, and an account where there were any.
"""

import gzip
import sqlite3
from pathlib import Path

import pytest

from survey.crypto import KeyRing
from survey.errors import StoreUnavailable
from survey.storage import accounts, answer_tables, batches, record_check, studies, texts
from survey.storage.stores import Stores
from survey.storage.versions import EARLIER

HERE = Path(__file__).parent
NAME = "minimal"
KEYS = KeyRing((bytes(range(32)),))
VERSIONS = sorted(path.name for path in HERE.iterdir() if (path / "office.sql.gz").is_file())


def laid_out(version, folder):
    """The data folder as that version left it."""
    for name in ("responses", "office"):
        conn = sqlite3.connect(folder / f"{name}.db")
        conn.executescript(
            gzip.decompress((HERE / version / f"{name}.sql.gz").read_bytes()).decode()
        )
        conn.close()
    return folder


@pytest.fixture(params=VERSIONS)
def folder(request, tmp_path):
    return laid_out(request.param, tmp_path)


@pytest.fixture
def upgraded(folder):
    stores = Stores(folder)
    yield stores
    stores.close()


def counted(stores):
    return batches.batches(stores.responses, NAME), len(
        texts.all_texts(stores.responses, NAME, frozen_only=False)
    )


def test_every_answer_and_text_is_there_and_counted(upgraded):
    assert counted(upgraded) == ({0: 12, 1: 30}, 14)
    assert sum(1 for _ in answer_tables.rows(upgraded.responses, NAME)) == 42


def test_a_code_that_was_given_then_deletes_now(upgraded):
    values = [v for label in ("row", "own_words") for v in KEYS.deletion_values("CODE0033", label)]
    batches.ask_deletion(upgraded.responses, values)
    assert batches.carry_out_deletions(upgraded.responses) == 2
    assert counted(upgraded) == ({0: 11, 1: 30}, 13)


def test_approvals_and_the_state_of_a_study_hold(upgraded):
    (signed,) = studies.approvals(upgraded.office, NAME)
    assert signed.reference == "REB 1"
    assert signed.in_force("2026-06-01")
    assert studies.status(upgraded.office, NAME) == "open"
    assert record_check.check(upgraded.office).whole


def test_a_copy_of_the_office_from_before_is_kept_and_none_of_answers(folder):
    before = [*sqlite3.connect(folder / "office.db").execute("SELECT * FROM approvals")]
    stores = Stores(folder)
    assert stores.office
    assert stores.responses
    stores.close()
    (copy,) = (folder / EARLIER).iterdir()
    assert copy.stat().st_mode & 0o777 == 0o600
    assert [*sqlite3.connect(copy).execute("SELECT * FROM approvals")] == before
    again = Stores(folder)
    assert accounts.listed(again.office) is not None
    again.close()
    assert [*(folder / EARLIER).iterdir()] == [copy]


@pytest.mark.parametrize("name", ["responses", "office"])
def test_a_file_that_a_newer_version_wrote_is_refused_in_a_sentence(tmp_path, name):
    laid_out(VERSIONS[0], tmp_path)
    conn = sqlite3.connect(tmp_path / f"{name}.db")
    kind = "answers" if name == "responses" else "office"
    conn.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, 'm999_x', '')",
        (kind,),
    )
    conn.commit()
    before = conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    stores = Stores(tmp_path)
    with pytest.raises(StoreUnavailable, match="written by a newer version of Lacrima"):
        getattr(stores, name)
    stores.close()
    assert conn.execute("SELECT count(*) FROM sqlite_schema").fetchone() == before


def test_totals_are_counted_anew_once_another_version_wrote(tmp_path):
    stores = Stores(laid_out(VERSIONS[-1], tmp_path))
    wrong = stores.responses.conn
    wrong.execute("UPDATE row_totals SET count = count - 3")
    wrong.execute("UPDATE program SET version = 'another'")
    assert counted(stores)[0] != {0: 12, 1: 30}
    stores.close()
    again = Stores(tmp_path)
    assert counted(again)[0] == {0: 12, 1: 30}
    again.close()
