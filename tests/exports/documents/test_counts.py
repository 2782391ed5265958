from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.documents.cherries import FLOW_LEAST, binned, pooled, shown

CELLS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 60), min_size=1)


def words(**cells: int) -> dict[str, str]:
    return {cell: count.words for cell, count in shown(cells).items()}


def test_a_count_is_rounded_to_five():
    assert words(a=42, b=101, c=38) == {"a": "about 40", "b": "about 100", "c": "about 40"}


@given(CELLS)
def test_a_count_under_ten_is_never_shown(cells):
    assert all(shown(cells)[c].rounded is None for c, n in cells.items() if n < FLOW_LEAST)


def test_a_small_count_that_the_total_gives_away_takes_another_with_it():
    assert words(a=98, b=19, c=1) == {"a": "about 100", "b": "not shown", "c": "under 10"}


def test_somebody_and_nobody_look_the_same():
    assert words(a=300, b=0) == words(a=299, b=1)


def possible(cells: dict[str, int], hidden: str) -> set[int]:
    """What ``hidden`` may be for a reader who sees the counts and knows the rows; by trying all."""
    rows, seen = sum(cells.values()), shown(cells)
    spans = {
        c: range(10)
        if s.words == "under 10"
        else range(10, rows + 1)
        if s.rounded is None
        else range(max(10, s.rounded - 2), s.rounded + 3)
        for c, s in seen.items()
    }
    at = list(spans).index(hidden)
    return {values[at] for values in product(*spans.values()) if sum(values) == rows}


@given(st.integers(0, 9), st.integers(10, 40), st.integers(0, 40))
def test_a_hidden_count_cannot_be_worked_out_by_subtraction(first, second, third):
    cells = {"a": first, "b": second, "c": third}
    assert len(possible(cells, "a")) >= 5 or all(c.rounded is None for c in shown(cells).values())


def test_what_is_left_unsaid_is_left_out_when_small():
    seen = shown({"a": 60, "b": 40, "other": 3}, unsaid=["other"])
    assert {c: s.words for c, s in seen.items()} == {"a": "about 60", "b": "about 40"}


def test_small_counts_are_pooled_under_one_name():
    cells = {"a": 3, "b": 20, "c": 9}
    assert pooled(cells, frozenset(cells), "rest") == {"b": 20, "rest": 12}


def test_nothing_small_makes_no_pool():
    assert pooled({"a": 30}, frozenset("a"), "rest") == {"a": 30}


@given(st.lists(st.integers(0, 1000), min_size=1), st.booleans())
def test_every_number_falls_into_one_band(numbers, whole):
    cells = {str(n): 1 for n in numbers}
    assert sum(binned(cells, 0, 1000, whole=whole).values()) == len(cells)


@pytest.mark.parametrize(
    ("low", "high", "whole", "bands"),
    [
        (0, 10, True, [str(n) for n in range(11)]),
        (0, 100, True, ["0 to 10", "11 to 21", "22 to 32", "33 to 43", "44 to 54", "55 to 65",
                        "66 to 76", "77 to 87", "88 to 98", "99 to 100"]),
        (1, 2, False, ["1 to under 1.1", "1.1 to under 1.2", "1.2 to under 1.3", "1.3 to under 1.4",
                       "1.4 to under 1.5", "1.5 to under 1.6", "1.6 to under 1.7",
                       "1.7 to under 1.8", "1.8 to under 1.9", "1.9 to 2"]),
    ],
)  # fmt: skip
def test_bands_cover_the_range_once(low, high, whole, bands):
    assert list(binned({}, low, high, whole=whole)) == bands


def test_the_highest_number_stands_in_the_last_band():
    assert list(binned({"5.000": 7}, 1, 5, whole=False).values())[-1] == 7
