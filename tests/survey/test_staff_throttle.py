"""Tries are counted by kind and person, for a quarter of an hour, under a salt that changes."""

import pytest

from survey.throttle import WINDOW_SECONDS, Limit, Throttle

THREE = Limit("three", 3)


class Watched(Throttle):
    """A throttle whose time is told."""

    now = 0.0

    def __init__(self):
        super().__init__(lambda: self.now)


@pytest.fixture
def throttle():
    return Watched()


def tries(throttle, who, count=5, limit=THREE):
    return [throttle.take(limit, who) for _ in range(count)]


def test_so_many_tries_and_no_more(throttle):
    assert tries(throttle, "anna") == [True, True, True, False, False]


def test_people_and_kinds_are_counted_apart(throttle):
    tries(throttle, "anna")
    assert throttle.take(THREE, "bea")
    assert throttle.take(Limit("other", 1), "anna")


def test_a_good_try_forgives_the_bad_ones(throttle):
    tries(throttle, "anna")
    throttle.forgive(THREE, "anna")
    assert throttle.take(THREE, "anna")


def test_a_good_try_from_an_address_counts_for_nothing(throttle):
    for _ in range(5):
        assert throttle.take(THREE, "here")
        throttle.give_back(THREE, "here")


def test_after_the_window_everybody_begins_anew_under_another_salt(throttle):
    tries(throttle, "anna")
    salt, throttle.now = throttle._salt, WINDOW_SECONDS
    assert throttle.take(THREE, "anna")
    assert throttle._salt != salt


def test_the_wait_is_told_in_seconds(throttle):
    throttle.now = WINDOW_SECONDS - 10.5
    assert throttle.wait() == 11


def test_names_that_are_no_text_are_counted_too(throttle):
    assert tries(throttle, "\ud800")[-1] is False
