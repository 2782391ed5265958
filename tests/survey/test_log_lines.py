"""What goes wrong again and again is one line a minute with a count, for each kind of failure."""

import logging

import pytest

from survey.log_lines import MINUTE_SECONDS, MOST_KINDS, OnceAMinute


class Counted(OnceAMinute):
    """Lines counted by a clock that is told."""

    now = 0.0

    def __init__(self):
        super().__init__(lambda: self.now)


@pytest.fixture
def lines(caplog):
    """A logger whose lines are counted, and by what."""
    counted = Counted()
    logger = logging.getLogger("lacrima.counted")
    logger.addFilter(counted)
    yield logger, counted, caplog
    logger.removeFilter(counted)


def said(caplog):
    return [record.getMessage() for record in caplog.records]


def test_many_failures_of_two_kinds_are_two_lines_and_then_their_counts(lines):
    logger, counted, caplog = lines
    for n in range(2000):
        logger.error("no room" if n % 4 else "no turn")
    assert sorted(said(caplog)) == ["no room", "no turn"]
    counted.now = MINUTE_SECONDS
    counted.tell()
    counted.tell()
    assert sorted(said(caplog)[2:]) == [
        "no room (1499 more like it within a minute)", "no turn (499 more like it within a minute)",
    ]  # fmt: skip


def test_what_happened_once_is_told_once(lines):
    logger, counted, caplog = lines
    for minute in (0, 1, 2):
        counted.now = minute * MINUTE_SECONDS
        counted.tell()
    logger.error("no room")
    counted.now += MINUTE_SECONDS
    counted.tell()
    assert said(caplog) == ["no room"]


def test_lines_that_are_all_different_take_no_more_memory(lines):
    logger, counted, _ = lines
    for n in range(MOST_KINDS * 2):
        logger.error("failure %d", n)
    assert len(counted._told) == MOST_KINDS
