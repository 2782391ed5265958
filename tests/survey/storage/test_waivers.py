import sqlite3

import pytest

from survey.storage.board import take_back, waive, waivers

AT = "2026-01-02T03:04:05+00:00"


@pytest.fixture
def office(stores):
    return stores.office


def test_a_waiver_keeps_who_when_and_why(office):
    waive(office, "hour", ["US-01"], at=AT, who="Ada", reason=" not a US site ")
    found = waivers(office, "hour")["US-01"]
    assert (found.who, found.at, found.reason) == ("Ada", AT, "not a US site")


def test_a_waiver_without_a_reason_is_none(office):
    with pytest.raises(ValueError, match="reason"):
        waive(office, "hour", ["US-01"], at=AT, who="Ada", reason="  ")
    assert waivers(office, "hour") == {}


def test_a_waiver_taken_back_is_asked_for_again(office):
    waive(office, "hour", ["US-01", "US-02"], at=AT, who="Ada", reason="why")
    take_back(office, "hour", ["US-01"], at=AT, who="Ada")
    assert list(waivers(office, "hour")) == ["US-02"]


def test_a_waiver_for_one_study_is_none_for_another(office):
    waive(office, "hour", ["US-01"], at=AT, who="Ada", reason="why")
    assert waivers(office, "other") == {}


def test_what_was_waived_stays_in_the_record(office):
    waive(office, "hour", ["US-01"], at=AT, who="Ada", reason="why")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        office.conn.execute("DELETE FROM waivers")
