import sqlite3
from typing import Any

import pytest

from survey.storage.stores import Stores
from survey.storage.studies import (
    Approval,
    approvals,
    approve,
    audit,
    current_approval,
    note,
    set_status,
    status,
)

APPROVED: dict[str, Any] = {
    "words": "w1",
    "policy": "p1",
    "site": "s1",
    "reference": "2026/17",
    "by": "board",
    "approved_on": "2026-01-10",
    "expires_on": "2027-01-09",
}
PARTS = {"words": "w1", "policy": "p1", "site": "s1"}


@pytest.fixture
def db(tmp_path):
    stores = Stores(tmp_path)
    yield stores.office
    stores.close()


@pytest.fixture
def approved(db):
    approve(db, Approval("small", **APPROVED))
    return db


def test_an_approval_of_exactly_this_study_is_found(approved):
    found = current_approval(approved, "small", **PARTS, today="2026-06-01")
    assert found is not None
    assert found.reference == "2026/17"


@pytest.mark.parametrize("part", ["words", "policy", "site"])
def test_a_change_in_any_part_needs_a_new_approval(approved, part):
    changed = {**PARTS, part: "changed"}
    assert current_approval(approved, "small", **changed, today="2026-06-01") is None


@pytest.mark.parametrize(
    ("today", "holds"),
    [("2026-01-09", False), ("2026-01-10", True), ("2027-01-09", True), ("2027-01-10", False)],
)
def test_an_approval_holds_from_its_first_to_its_last_day(approved, today, holds):
    assert bool(current_approval(approved, "small", **PARTS, today=today)) is holds


def test_an_approval_without_end_does_not_expire(db):
    approve(db, Approval("small", **{**APPROVED, "expires_on": ""}))
    assert current_approval(db, "small", **PARTS, today="2099-01-01")


def test_approvals_stay_in_the_record(approved):
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        approved.conn.execute("DELETE FROM approvals")
    assert len(approvals(approved, "small")) == 1


def test_a_study_is_a_draft_until_it_is_opened(db):
    assert status(db, "small") == "draft"
    set_status(db, "small", "open", "2026-02-01")
    assert status(db, "small") == "open"


def test_a_study_cannot_be_in_an_unknown_state(db):
    with pytest.raises(sqlite3.IntegrityError):
        set_status(db, "small", "half-open", "2026-02-01")  # type: ignore[arg-type]


def test_the_audit_keeps_who_did_what_and_when(db):
    note(db, at="2026-02-01T09:00:00Z", who="ada", what="opened small")
    line = {"at": "2026-02-01T09:00:00Z", "who": "ada", "what": "opened small"}
    assert audit(db) == [line]
