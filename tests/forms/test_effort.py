"""How much a way asks: counted and estimated as the instrument's own table has it."""

import pytest

from forms.routing import along_pages, routes_in_words


@pytest.fixture(scope="module")
def flagship(study):
    return along_pages(tuple(routes_in_words(study("therapist-tears"))))


def test_the_flagship_has_two_ways_of_pages(flagship):
    assert [(len(a.pages), a.branches) for a in flagship] == [(17, ("seen",)), (9, ("not_seen",))]


def test_the_estimate_agrees_with_the_instruments_own(flagship):
    """The instrument's authors reckoned 10.5 to 12.1 minutes, or 5.8, for common ways."""
    (low, high), (short, _) = (a.span("minutes") for a in flagship)
    assert 11.5 <= low <= high <= 13
    assert short == pytest.approx(5.8, abs=0.3)


def test_a_grid_asks_for_an_answer_a_row(study):
    (way,) = routes_in_words(study("scores"))
    rows = sum(len(q.rows) or 1 for q in study("scores").questions.values())
    assert way.answers_asked == rows


def test_what_clients_are_told_stands_beside_the_estimate(study):
    told = {way.branch: way.told for way in routes_in_words(study("branch"))}
    assert told == {"went": 2.0, "stayed": 1.0}


def test_a_study_that_tells_nothing_has_nothing_told(study):
    assert [a.told for a in along_pages(tuple(routes_in_words(study("minimal"))))] == [()]
