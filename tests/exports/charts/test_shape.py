"""What is worth a chart is found in the codebook, without knowing the subject."""

import pytest

from exports.charts.counts import book_of, families, groups, hypothesis, is_reversed, twice
from exports.codebook import asked_codebook
from exports.columns import fields_of


@pytest.fixture
def other(study):
    """The codebook of a tiny study."""
    return lambda name: book_of(asked_codebook(study(name), fields_of(study(name))))


def test_two_grids_that_make_up_the_same_scores_are_one_family(book):
    [both] = [f for f in families(book) if "int_emp_1" in f.rows]
    assert {"int_emp_1", "int_emp_3"} <= set(both.rows)
    assert both.title == "What the tears meant to you"


def test_rows_stand_under_the_first_score_they_count_towards(book):
    assert "view_warm_2" in groups(book, ["view_warm_2", "view_emp_1"])["Prior view: warmth"]


def test_a_reversed_row_is_known(book):
    assert [is_reversed(book, row) for row in ("int_fake_1", "int_fake_2")] == [False, True]


def test_the_broadest_score_asked_before_is_held_against_what_the_study_sums_up(book):
    asked = hypothesis(book)
    assert asked
    assert asked.before == "sc_view_total"
    assert asked.outcomes[:2] == ("sc_int_connect", "sc_int_strain")
    assert len(asked.outcomes) == 10


def test_a_study_whose_scores_are_asked_at_once_has_no_hypothesis(other):
    assert hypothesis(other("scores")) is None


def test_rows_of_two_grids_that_end_alike_ask_the_same_twice(book):
    first, *_ = twice(book)
    assert ("imm_close", "last_close") in first.pairs


def test_numbered_rows_are_not_the_same_question_twice(book):
    assert ("view_emp_1", "int_emp_1") not in [
        pair for found in twice(book) for pair in found.pairs
    ]


def test_a_difference_and_a_question_asked_again_are_then_and_later(book):
    pairs = [pair for found in twice(book) for pair in found.pairs]
    assert {("view_overall_before", "view_overall_after"), ("int_main", "int_main_now")} <= {*pairs}


@pytest.mark.parametrize("name", ["minimal", "branch", "kinds", "once", "scores"])
def test_every_tiny_study_can_be_looked_at(other, name):
    book = other(name)
    assert len(families(book)) == (name in ("kinds", "scores"))
