"""Complementary suppression: safe always, and the least there is."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from exports.tables.two_way import Grid, bounds, suppress
from tests.exports.tables.people import few

COUNTS = st.integers(0, 60)


def grids(height, width):
    line = st.tuples(*[COUNTS] * width)
    return st.tuples(*[line] * height).map(Grid)


def too_close(grid, hidden):
    """Counts under ten that can be worked out more closely than promised."""
    return [
        cell
        for cell in grid.cells
        if grid.count(cell) < 10
        and bounds(grid, hidden, cell)[1] - bounds(grid, hidden, cell)[0] < grid.need(cell)
    ]


@few
@given(grids(4, 6))
def test_no_small_count_can_be_worked_out(grid):
    assert too_close(grid, suppress(grid).hidden) == []


@few
@given(grids(3, 3))
def test_no_other_choice_hides_fewer_counts(grid):
    found = suppress(grid)
    small = {cell for cell in grid.cells if grid.count(cell) < 10}
    free = sorted(set(grid.cells) - small)
    extra = len(found.hidden) - len(small)
    for size in range(extra):
        for more in combinations(free, size):
            assert too_close(grid, small | set(more))


@few
@given(grids(2, 4))
def test_of_the_choices_that_hide_as_few_the_totals_decide(grid):
    def expected(cells):
        return sum(grid.rows[i] * grid.columns[j] for i, j in cells)

    found = suppress(grid)
    small = {cell for cell in grid.cells if grid.count(cell) < 10}
    free = sorted(set(grid.cells) - small)
    for more in combinations(free, len(found.hidden) - len(small)):
        if not too_close(grid, small | set(more)):
            assert expected(found.hidden) <= expected(small | set(more))


def test_nothing_more_is_hidden_where_rounding_keeps_a_small_count_open():
    wide = Grid(tuple(tuple(5 if (i, j) == (0, 0) else 30 for j in range(8)) for i in range(8)))
    assert suppress(wide).hidden == {(0, 0)}


def test_a_row_that_nearly_all_went_one_way_does_not_say_so():
    grid = Grid(((95, 3, 2), (40, 35, 30), (30, 30, 45)))
    assert (0, 0) in suppress(grid).hidden


def test_a_search_cut_short_is_safe_and_says_so():
    grid = Grid(((5, 30, 40), (30, 6, 30), (33, 41, 7)))
    found = suppress(grid, steps=2)
    assert not found.proven
    assert too_close(grid, found.hidden) == []
