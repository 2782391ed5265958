"""Means of scores."""

import polars as pl
import pytest

from exports.errors import ExportRefused
from exports.tables.one_way import mean
from tests.exports.tables.people import entry

SCORE = entry("sc_a", {}, (1.0, 5.0))


def of(values):
    return mean(pl.DataFrame({"sc_a": pl.Series(values, dtype=pl.Float64)}), SCORE)


def test_a_mean_is_rounded_to_a_tenth_of_a_step_of_five():
    assert of([3.333] * 60 + [4.0] * 40).value == 3.6


def test_people_without_a_score_do_not_count():
    assert of([3.0] * 100 + [-92.0] * 50 + [None]).value == 3.0


@pytest.mark.parametrize(("people", "hidden"), [(80, True), (81, False)])
def test_a_mean_in_which_one_person_could_be_seen_is_hidden(people, hidden):
    assert (of([2.0] * people).value is None) is hidden


def test_the_order_of_the_rows_does_not_move_a_mean():
    values = [1.0 + at * 0.037 for at in range(100)]
    assert of(values) == of(values[::-1])


def test_a_column_without_range_has_no_mean():
    with pytest.raises(ExportRefused, match="sc_a"):
        mean(pl.DataFrame({"sc_a": [1.0]}), entry("sc_a", {}))
