import sqlite3

import pytest

from survey.storage.board import give_verdict, verdicts

AT = "2026-01-02T03:04:05+00:00"
VERSION = {"words": "w1", "site": "s1"}


@pytest.fixture
def office(stores):
    return stores.office


def give(office, *elements, verdict="waived", reason="why", **version):
    give_verdict(
        office, "hour", elements, verdict, at=AT, who="Ada", reason=reason, **(VERSION | version)
    )


def test_a_verdict_keeps_who_when_and_why(office):
    give(office, "US-01", reason=" not a US site ")
    found = verdicts(office, "hour", **VERSION)["US-01"]
    assert (found.verdict, found.who, found.at, found.reason) == (
        "waived", "Ada", AT, "not a US site",
    )  # fmt: skip


def test_a_verdict_without_a_reason_is_none(office):
    with pytest.raises(ValueError, match="reason"):
        give(office, "US-01", reason="  ")
    assert verdicts(office, "hour", **VERSION) == {}


def test_the_last_verdict_on_an_element_counts(office):
    give(office, "US-01", "US-02")
    give(office, "US-01", verdict="missing")
    found = verdicts(office, "hour", **VERSION)
    assert {e: v.verdict for e, v in found.items()} == {"US-01": "missing", "US-02": "waived"}


@pytest.mark.parametrize("part", ["words", "site"])
def test_a_verdict_on_one_version_is_none_on_another(office, part):
    give(office, "US-01")
    assert verdicts(office, "hour", **(VERSION | {part: "changed"})) == {}


def test_a_verdict_stays_in_the_record(office):
    give(office, "US-01")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        office.conn.execute("DELETE FROM element_verdicts")
