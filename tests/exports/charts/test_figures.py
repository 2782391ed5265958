"""No chart knows a count that may not be published."""

import polars as pl
import pytest

from exports.charts.counts import (
    banded,
    bands_of,
    fewer_bands,
    first_of,
    from_rows,
    hypothesis,
    read_rows,
)
from exports.errors import ExportRefused
from exports.tables.one_way import OneWay


def every_count(figures):
    for table in figures.one_way.values():
        yield from table.counts
    for table in figures.two_way.values():
        for line in table.counts:
            yield from line


def by_code(table):
    codes = [category.code for category in table.variable.categories]
    return dict(zip(codes, table.counts, strict=True))


def test_no_count_under_10_and_none_unrounded_reaches_a_chart(figures):
    shown = [n for n in every_count(figures) if n is not None]
    assert min(shown) >= 10
    assert {n % 5 for n in shown} == {0}


def test_something_is_hidden_in_the_flagship(figures):
    assert None in list(every_count(figures))


def test_the_order_of_rows_changes_nothing(release, figures):
    book, rows = release
    assert from_rows(rows.reverse(), book) == figures


def test_one_person_more_or_less_moves_no_figure_by_more_than_a_step_or_hides_it(release, figures):
    book, rows = release
    fewer = from_rows(rows[1:], book)
    for name, table in figures.one_way.items():
        before, after = by_code(table), by_code(fewer.one_way[name])
        for code in before.keys() & after.keys():
            one, other = before[code], after[code]
            assert None in (one, other) or abs(one - other) <= 5
        # What nobody gives any more has no row; it was hidden.
        assert {before[code] for code in before.keys() - after.keys()} <= {None}


def test_too_few_rows_are_refused(release):
    book, rows = release
    with pytest.raises(ExportRefused, match="20 rows or more; there are 19"):
        from_rows(rows[:19], book)


def test_data_that_do_not_fit_their_codebook_are_refused(release):
    with pytest.raises(ExportRefused, match="does not fit its codebook"):
        read_rows(b"row,branch\n1,1\n", release[0])


def test_a_map_counts_those_who_have_both_scores(release, figures):
    book, rows = release
    asked = hypothesis(book)
    assert asked
    table = figures.two_way[asked.before, asked.outcomes[0]]
    both = rows.filter(pl.col(asked.before) > 0, pl.col(asked.outcomes[0]) > 0)
    assert abs(sum(n for n in table.row_totals if n) - len(both)) <= 5


def test_an_earlier_answer_is_held_against_a_later_one_of_the_same_people(release, figures):
    pair = ("view_overall_before", "view_overall_after")
    first, second = (figures.one_way[name] for name in (first_of(release[0], pair), pair[1]))
    unasked = [
        n
        for table in (first, second)
        for c, n in zip(table.variable.categories, table.counts, strict=True)
        if c.routed
    ]
    assert unasked[0] == unasked[1]


def test_the_middle_of_a_scale_from_1_to_5_is_half_a_step_around_3():
    assert bands_of(1, 5) == (2.5, 3.5)


@pytest.mark.parametrize(
    ("counts", "bands"),
    [
        ((100, 100, 100), ["low", "middle", "high"]),
        ((55, 100, 100), ["lower", "high"]),
        ((100, 100, None), ["low", "higher"]),
        ((100, 10, 200), ["lower", "high"]),
        ((200, 10, 100), ["low", "higher"]),
        ((10, 100, 15), ["lower", "high"]),
    ],
)
def test_small_bands_are_taken_together_with_the_middle(book, counts, bands):
    variable = banded(book, "sc_view_total")
    found = fewer_bands(book, OneWay(variable, 300, (0, *counts)))
    assert [c.code for c in found.categories if not c.missing] == bands


def test_published_tables_are_taken_as_they_stand(from_csv):
    figures, _ = from_csv(
        "1,branch,Way,1,Saw tears,325,321,329,600,54.2,",
        "1,branch,Way,2,Not,hidden,,,,,under 10",
    )
    assert figures.one_way["branch"].counts == (325, None)
    assert (figures.rows, figures.parts) == (600, 2)


def test_of_several_batches_the_sum_is_drawn(from_csv):
    figures, _ = from_csv(
        "1,branch,Way,1,Saw tears,100,98,102,200,50.0,",
        "all,branch,Way,1,Saw tears,325,321,329,600,54.2,",
    )
    assert figures.one_way["branch"].counts == (325,)


def test_tables_that_show_nothing_are_refused(from_csv):
    with pytest.raises(ExportRefused, match="nothing to draw"):
        from_csv("1,branch,Way,1,Saw tears,hidden,,,,,under 10")
