"""How much a way asks: counted and estimated as the instrument's own table has it."""

import pytest

from forms.readability import words
from forms.routing import WORDS_A_MINUTE, along_pages, routes_in_words
from forms.variants import shown_at


@pytest.fixture(scope="module")
def flagship(study):
    return along_pages(tuple(routes_in_words(study("therapist-tears"))))


def test_the_flagship_has_three_ways_of_pages(flagship):
    ways = [(17, ("seen",)), (9, ("not_seen",)), (8, ("not_seen",))]
    assert [(len(a.pages), a.branches) for a in flagship] == ways


def test_the_estimate_agrees_with_the_instruments_own(flagship):
    """The instrument's authors reckoned 10.5 to 12.1 minutes, or 5.8, for common ways."""
    (low, high), (short, _), _ = (a.span("minutes") for a in flagship)
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


def test_the_minutes_that_clients_are_told_count_the_reading_too(study):
    """Key facts, consent and debrief, and the questions once more on the page that checks them."""
    whole = shown_at(study("therapist-tears"), {"legal_basis": "consent"})
    consent = whole.consent
    read = [p.text for p in (*consent.key_facts, *consent.debrief)]
    read += [s.text for s in consent.statements]
    for along in along_pages(tuple(routes_in_words(whole))):
        asked = [q for page in along.pages for q in page.questions]
        again = [
            t for q in asked for t in (q.text.of(along.branches[0]), *(r.text for r in q.rows))
        ]
        minutes = along.span("minutes")[1] + len(words(" ".join([*read, *again]))) / WORDS_A_MINUTE
        (told,) = along.told
        assert told == pytest.approx(minutes, abs=1)
