"""Nobody's answers change more than the budget says, whatever they are and whatever the others."""

from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.columns import fields_of, table_of
from exports.tables.menu import account_of
from forms.load import load_study
from tests.conftest import FLAGSHIP, STUDIES
from tests.exports.releases import simulated
from tests.exports.tables.neighbours import choices, furthest, planned, rows_of, spent, true_cells

STUDY = load_study(FLAGSHIP)
BUDGET = Fraction(1, 2)
PLANS = {f"flagship {n}": planned(STUDY, n) for n in (100, 300, 1080)} | {
    name: planned(load_study(STUDIES / name), 300) for name in ("branch", "kinds", "scores")
}
COLUMNS = {name: choices(plan) for name, plan in PLANS.items()}
SIMULATED = table_of(STUDY, simulated(STUDY, 40), fields_of(STUDY))
MOST = max(len(columns) for columns in COLUMNS.values())
any_row = st.binary(min_size=MOST, max_size=MOST)


def cells_of(name, row):
    return true_cells(PLANS[name], rows_of({column: [value] for column, value in row.items()}))


def chosen(name, drawn):
    """A row with any value in any column, by the bytes that were drawn."""
    columns = zip(COLUMNS[name].items(), drawn, strict=False)
    return {column: values[at % len(values)] for (column, values), at in columns}


@pytest.mark.parametrize("name", PLANS)
@settings(deadline=None, max_examples=20)
@given(any_row, any_row)
def test_no_two_rows_of_any_answers_are_further_apart_than_the_budget(name, one, other):
    rows = (cells_of(name, chosen(name, drawn)) for drawn in (one, other))
    assert spent(PLANS[name], *rows) <= account_of(PLANS[name]).most <= BUDGET


# Where one code alone opens a branch, two people in it cannot differ in the question before it: the
# account counts that they do, which is safe.
@pytest.mark.parametrize("name", sorted(PLANS.keys() - {"branch"}))
def test_the_two_worst_rows_are_as_far_apart_as_the_account_says(name):
    """Every way through the questionnaire, all answers first or last: nothing is kept back."""
    worst = (true_cells(PLANS[name], row) for row in furthest(PLANS[name]))
    assert spent(PLANS[name], *worst) == account_of(PLANS[name]).most


def test_a_batch_is_counted_as_the_sum_of_its_rows():
    """So two batches that differ in one row differ by these two rows, whoever else is in them."""
    plan = PLANS["flagship 1080"]
    each = [true_cells(plan, SIMULATED[at]) for at in range(len(SIMULATED))]
    summed = [tuple(map(sum, zip(*cells, strict=True))) for cells in zip(*each, strict=True)]
    assert true_cells(plan, SIMULATED) == summed
    assert true_cells(plan, pl.concat([SIMULATED, SIMULATED.reverse()])) == [
        tuple(2 * n for n in cells) for cells in summed
    ]
