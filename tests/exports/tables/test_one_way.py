"""Tables of one variable."""

from itertools import combinations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.errors import ExportRefused
from exports.tables.one_way import hide
from exports.tables.plan import Plan, one_way, tables
from exports.tables.variables import Category
from tests.exports.tables.people import entry, few, people


def shown(counts, codes=5, **plan):
    """Code → published count, of a question with so many answers."""
    found = tables(people(counts, "a"), [entry("a", codes)], Plan(("a",), **plan)).one_way[0]
    return dict(zip((c.code for c in found.variable.categories), found.counts, strict=True))


def answers(*counts):
    """Counts of the answers 1, 2, 3, … as categories."""
    return counts, [Category(str(at), "", at, at) for at in range(1, len(counts) + 1)]


def test_counts_are_rounded_to_five():
    assert shown({1: 33, 2: 27, 3: 12, 4: 13, 5: 48}) == {
        "1": 35, "2": 25, "3": 10, "4": 15, "5": 50,
    }  # fmt: skip


def test_a_small_count_takes_a_second_one_with_it():
    assert shown({1: 33, 2: 9, 3: 20, 4: 13, 5: 48}) == {
        "1": 35, "2": None, "3": None, "4": 15, "5": 50,
    }  # fmt: skip


@pytest.mark.parametrize("neighbour", [10, 20, 300])
def test_which_second_count_is_hidden_says_nothing_about_its_size(neighbour):
    assert shown({1: 33, 2: 9, 3: neighbour, 4: 13, 5: 48})["3"] is None


def test_a_missing_answer_is_hidden_rather_than_an_answer():
    found = shown({1: 33, 2: 9, 3: 20, 4: 13, 5: 48, -99: 30})
    assert [code for code, count in found.items() if count is None] == ["-99", "2"]


def test_two_small_counts_of_ten_together_need_no_third():
    assert sum(count is None for count in shown({1: 33, 2: 4, 3: 20, 4: 6, 5: 48}).values()) == 2


def test_two_small_counts_of_nine_together_need_a_third():
    assert sum(count is None for count in shown({1: 33, 2: 4, 3: 20, 4: 5, 5: 48}).values()) == 3


def test_an_answer_that_nobody_gave_is_hidden_like_a_small_one():
    assert shown({1: 33, 2: 20, 3: 20, 4: 30})["5"] is None


def test_a_missing_code_that_nobody_has_is_not_listed():
    assert list(shown({1: 33, 2: 20, 3: 20, 4: 30, 5: 30})) == ["1", "2", "3", "4", "5"]


def test_left_blank_and_not_reached_are_one_category():
    assert shown({1: 33, 2: 20, 3: 20, 4: 30, 5: 30, -95: 6, -94: 7})["blank"] == 15


def test_each_part_that_routing_tells_is_safe_by_itself():
    counts = {1: 60, 2: 6, 3: 50, 4: 30, 5: 8}
    found = shown(counts, sums={"a": (frozenset({1, 2}),)})
    assert [code for code, count in found.items() if count is None] == ["1", "2", "4", "5"]


def test_a_part_too_small_to_be_told_borrows_from_another():
    found = shown({1: 60, 2: 50, 3: 12, 4: 3, 5: 4}, sums={"a": (frozenset({4, 5}),)})
    assert [code for code, count in found.items() if count is None] == ["3", "4", "5"]


def test_nothing_is_shown_of_a_question_that_fewer_than_ten_were_asked():
    assert set(shown({1: 4, 2: 3, -96: 90}, codes=2).values()) == {None}


@few
@given(st.lists(st.integers(0, 40), min_size=2, max_size=6).filter(lambda n: sum(n) >= 20))
def test_no_choice_hides_fewer(counts):
    amounts, categories = answers(*counts)
    found = hide(amounts, categories)
    small = {at for at, n in enumerate(counts) if n < 10}
    for size in range(len(found)):
        for fewer in map(set, combinations(range(len(counts)), size)):
            assert not (small <= fewer and _safe([counts[at] for at in fewer]))


def _safe(hidden):
    several = sum(n > 0 for n in hidden) > 1 or not any(0 < n < 10 for n in hidden)
    return not hidden or (sum(hidden) >= 10 and several)


@few
@given(st.permutations([1] * 12 + [2] * 25 + [3] * 4 + [-99] * 7))
def test_the_order_of_the_rows_decides_nothing(codes):
    frame = pl.DataFrame({"a": codes})
    assert one_way(frame, [entry("a", 3)], ["a"]) == one_way(
        frame.sort("a"), [entry("a", 3)], ["a"]
    )


def test_a_number_with_many_values_is_counted_in_bands():
    frame = pl.DataFrame({"a": list(range(101))})
    found = one_way(frame, [entry("a", {0: "low", 100: "high"}, (0, 100))], ["a"]).one_way[0]
    assert [c.label for c in found.variable.categories] == [
        "0 to 19", "20 to 39", "40 to 59", "60 to 79", "80 to 100",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (people({1: 19}, "a"), "Wait for 1 more"),
        (people({1: 30}, "b"), "no column a"),
        (people({7: 30}, "a"), "a holds a code its codebook lacks"),
        (pl.DataFrame({"a": ["x"] * 30}), "whole codes"),
        (pl.DataFrame({"a": [1, None] * 30}), "whole codes"),
    ],
)
def test_what_cannot_be_counted_is_refused(frame, words):
    with pytest.raises(ExportRefused, match=words):
        one_way(frame, [entry("a", 3)], ["a"])


def test_a_column_without_codebook_is_refused():
    with pytest.raises(ExportRefused, match="codebook has no b"):
        one_way(people({1: 30}, "b"), [entry("a", 3)], ["b"])
