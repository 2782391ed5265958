"""What can be worked out about a hidden count, against every table that could be."""

from hypothesis import given
from hypothesis import strategies as st

from exports.tables.two_way import Grid, bounds
from exports.tables.variables import rounded, span
from tests.exports.tables.people import few, fillings


def tables(height, width, most=14):
    line = st.tuples(*[st.integers(0, most)] * width)
    return st.tuples(*[line] * height).map(Grid)


def hidden_in(grid, chosen):
    return {c for c, more in zip(grid.cells, chosen, strict=True) if more or grid.count(c) < 10}


def possible(grid, hidden):
    """Every table with the same totals and the same published figures."""
    limits = [
        [(0, grid.people) if (i, j) in hidden else span(rounded(n)) for j, n in enumerate(line)]
        for i, line in enumerate(grid.counts)
    ]
    return list(fillings(grid.rows, grid.columns, limits))


@few
@given(tables(2, 3), st.tuples(*[st.booleans()] * 6))
def test_bounds_are_those_of_all_possible_two_by_three_tables(grid, chosen):
    hidden = hidden_in(grid, chosen)
    every = possible(grid, hidden)
    for i, j in hidden:
        values = [table[i][j] for table in every]
        assert bounds(grid, hidden, (i, j)) == (min(values), max(values))


@few
@given(tables(3, 3, most=11), st.tuples(*[st.integers(0, 9).map(lambda n: n == 0)] * 9))
def test_bounds_are_those_of_all_possible_three_by_three_tables(grid, chosen):
    hidden = hidden_in(grid, chosen)
    if len(hidden) > 6:  # too many tables to try
        return
    every = possible(grid, hidden)
    for i, j in hidden:
        values = [table[i][j] for table in every]
        assert bounds(grid, hidden, (i, j)) == (min(values), max(values))


def test_rounding_alone_leaves_a_hidden_count_of_a_small_table_too_narrow():
    grid = Grid(((5, 23, 22), (30, 40, 21)))
    assert bounds(grid, {(0, 0)}, (0, 0)) == (3, 6)


def test_four_hidden_counts_at_the_corners_of_a_square_are_open():
    grid = Grid(((5, 23, 22), (30, 40, 21)))
    assert bounds(grid, {(0, 0), (0, 1), (1, 0), (1, 1)}, (0, 0)) == (0, 29)
