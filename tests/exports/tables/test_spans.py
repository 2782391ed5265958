"""Means from published counts: the true one lies within, and nothing but the files is needed."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.tables.plan import Plan, tables, together
from exports.tables.published import item_span, least, means_of
from exports.tables.table_files import Heading, files
from tests.exports.tables.people import crossed, entry, few, lines, people

PLAN = Plan(("a", "b"), means=("sc_x",))
SCORE = {**entry("sc_x", {}, (1.0, 5.0)), "items": ["a", "b"], "reversed": ["b"]}
BOOK = [entry("a", 5), entry("b", 5), SCORE]
ANSWERS = [[12, 11, 14, 10, 12], [13] * 5, [15] * 5, [20] * 5, [11] * 5]


def frame(matrix=ANSWERS):
    both = crossed(matrix, "a", "b")
    return both.with_columns(sc_x=(both["a"] + 6 - both["b"]) / 2.0)


def summed(*frames):
    return together([tables(one, BOOK, PLAN) for one in frames])


def spans_of(made):
    return {span.name: span for span in means_of(made)[1]}


def test_sums_over_two_sides_tell_the_mean_of_items_and_scores():
    found = spans_of(summed(frame(), frame()))
    assert [*found] == ["sc_x", "a", "b"]
    assert found["a"].middle == pytest.approx(3.06, abs=0.05)
    assert found["sc_x"].middle == pytest.approx(3.05, abs=0.05)


def test_a_mean_of_people_s_scores_goes_before_one_from_counts():
    means, spans = means_of(tables(frame(), BOOK, PLAN))
    assert [m.name for m in means] == ["sc_x"]
    assert [s.name for s in spans] == ["a", "b"]


counts = st.lists(st.integers(0, 60), min_size=5, max_size=5).filter(lambda c: sum(c) >= 20)


@few
@given(counts, counts, st.integers(0, 30))
def test_the_true_mean_lies_within_what_the_files_leave_possible(one, other, blank):
    sides = [people({1: a, 2: b, 3: c, 4: d, 5: e, -95: blank}, "a") for a, b, c, d, e in
             (one, other)]  # fmt: skip
    made = together([tables(side, [entry("a", 5)], Plan(("a",))) for side in sides])
    true = sum(code * (m + n) for code, (m, n) in enumerate(zip(one, other, strict=True), 1))
    if span := item_span(made.one_way[0], made.parts):
        assert span.lowest <= true / (sum(one) + sum(other)) <= span.highest


small = st.tuples(st.integers(0, 3), st.integers(0, 3))


@few
@given(st.lists(small, min_size=3, max_size=3), small)
def test_the_lowest_mean_is_the_lowest_of_all_that_fit(limits, people):
    cells = [(code, low, low + more) for code, (low, more) in enumerate(limits, 1)]
    fewest = sum(low for _, low, _ in cells) + people[0]
    most = fewest + people[1]
    fits = [c for c in product(*(range(a, b + 1) for _, a, b in cells)) if fewest <= sum(c) <= most]
    means = [sum(code * n for code, n in enumerate(c, 1)) / sum(c) for c in fits if sum(c)]
    if means:
        assert least(cells, (fewest, most)) == pytest.approx(min(means))


def test_a_span_over_a_quarter_of_the_scale_has_no_middle():
    made = tables(people({1: 40, 2: 3, 5: 20}, "a"), [entry("a", 5)], Plan(("a",)))
    span = item_span(made.one_way[0], made.parts)
    assert span
    assert (span.middle, span.told) == (None, (1.33, 2.74))


def test_nothing_but_published_counts_goes_in():
    first, second = (
        people({1: ones, 2: 30, 3: 30, 4: 3, 5: 40}, "a").with_columns(b=1, sc_x=3.0)
        for ones in (41, 42)
    )
    told = [item_span(tables(f, BOOK, PLAN).one_way[0], 1) for f in (first, second)]
    assert told[0] == told[1]


def test_a_score_of_which_an_item_has_no_table_is_not_told():
    made = tables(frame(), BOOK, Plan(("a",), means=("sc_x",)))
    assert [*spans_of(together([made, made]))] == ["a"]


def test_bands_have_no_mean():
    book = [{**entry("a", {}, (0.0, 99.0)), "scales": []}]
    made = tables(people({5: 30, 50: 30, 90: 30}, "a"), book, Plan(("a",)))
    assert item_span(made.one_way[0], 1) is None


def test_the_file_tells_the_span_and_how_it_came_about():
    made = files([tables(frame(), BOOK, PLAN)] * 2, Heading("A study"))
    line = next(
        n for n in lines(made["tables/means.csv"]) if (n["batch"], n["score"]) == ("all", "a")
    )
    assert float(line["lowest"]) < float(line["mean"]) < float(line["highest"])
    assert line["note"] == "middle of what the published counts leave possible"
    assert "Lies from" in made["tables/tables.html"].decode()
