"""Charts count released rows plainly, and take what tier A tells as it stands."""

from dataclasses import replace

import polars as pl
import pytest

from exports.charts.chart import ChartSource, Style
from exports.charts.counts import from_rows, from_tables, read_rows
from exports.errors import ExportRefused
from forms.study import BeforeAfter
from tests.exports.charts.conftest import MAP, TOLD, files_of, lines_of

SOURCE = ChartSource("Release 1", "PILOT", "Of this file.", "Not a prevalence.", "A trial.")


def shares_of(chart):
    """(row, answer) → (per cent, count) of every figure."""
    told = lines_of(chart.csv(SOURCE))
    return {(x["row"], x["answer"]): (float(x["value"]), x["count"]) for x in told}


def test_rows_are_counted_as_they_are(release, of_rows):
    _, rows = release
    valid = rows.filter(pl.col("distress_now") >= 0)
    [line] = of_rows["answers-distress_now"].groups[0].lines
    assert line.base == len(valid)
    assert line.shares[0].count == len(valid.filter(pl.col("distress_now") == 0))
    assert line.shares[0].figure.value == pytest.approx(100 * line.shares[0].count / len(valid))


def test_the_ticks_of_one_question_are_its_answers(release, of_rows):
    _, rows = release
    lines = of_rows["answers-ep_topic__loss"].groups[0].lines
    topics = {share.label: share.count for share in lines[0].shares}
    assert len(topics) == 9
    assert topics["A loss or a death"] == len(rows.filter(pl.col("ep_topic__loss") == 1))
    assert lines[1].label.startswith("What did the tears look like")


def test_ways_through_are_drawn_to_scale(release, of_rows):
    _, rows = release
    way = next(x for x in of_rows["ways"].groups[0].lines if x.label.startswith("Way"))
    seen = len(rows.filter(pl.col("branch") == 1))
    assert way.shares[0].count == seen
    assert way.shares[0].figure.value == pytest.approx(100 * seen / len(rows))


def test_before_and_after_are_of_those_who_were_asked_both_times(release, of_rows):
    _, rows = release
    before, after = of_rows["compare-view_overall_before"].groups[0].lines
    asked = rows.filter(pl.col("view_overall_after") != -96)
    assert before.base == len(asked.filter(pl.col("view_overall_before") >= 0)) < len(rows)
    assert after.base == len(asked.filter(pl.col("view_overall_after") >= 0))


def test_what_the_study_does_not_declare_is_not_compared(flagship, release):
    """Neither names nor answers that are alike, nor the order of pages, make a pair."""
    book, rows = release
    policy = flagship.policy
    assert from_rows(rows, book, replace(flagship, policy=replace(policy, compare=()))).twice == {}
    other = (BeforeAfter("Two others", "imm_close", "imm_safe"),)
    found = from_rows(rows, book, replace(flagship, policy=replace(policy, compare=other))).twice
    assert list(found) == [("imm_close", "imm_safe")]


def test_a_map_counts_those_who_have_both_scores(release, of_rows):
    _, rows = release
    both = rows.filter(pl.col("sc_view_total") >= 0, pl.col("sc_int_connect") >= 0)
    chart = of_rows["map"]
    assert sum(line.base for line in chart.groups[0].lines) == len(both)
    for line in chart.groups[0].lines:
        assert sum(share.figure.value for share in line.shares) == pytest.approx(100)


def test_data_that_do_not_fit_their_codebook_are_refused(release):
    with pytest.raises(ExportRefused, match="does not fit its codebook"):
        read_rows(b"row,branch\n1,1\n", release[0])


def test_files_without_a_figure_are_refused(flagship, book, release):
    with pytest.raises(ExportRefused, match="nothing to draw"):
        from_tables(files_of({}), book, flagship)
    with pytest.raises(ExportRefused, match="nothing to draw"):
        from_rows(release[1].clear(), release[0], flagship)


def test_of_several_batches_nothing_is_drawn_that_one_alone_was_measured_for(drawn):
    """The map of the first batch beside figures of both would pass for one of everybody."""
    means = TOLD["means.csv"]
    both = tuple(line.replace("1,", f"{batch},", 1) for batch in (1, 2, "all") for line in means)
    assert list(drawn({**TOLD, "one-way.csv": (), "means.csv": both})) == ["means-1"]


def test_tier_a_is_drawn_with_the_margins_that_it_tells(of_tables):
    assert list(of_tables)[:3] == ["map", "means-1", "compare-int_main"]
    told = lines_of(of_tables["answers-int_main"].csv(SOURCE))
    assert [(x["value"], x["low"], x["high"]) for x in told][:2] == [
        ("40.0", "35.0", "45.0"), ("34.7", "29.0", "40.0")
    ]  # fmt: skip
    [mean] = lines_of(of_tables["means-1"].csv(SOURCE))
    assert (mean["unit"], mean["value"], mean["low"], mean["high"]) == (
        "mean",
        "3.612",
        "3.5",
        "3.72",
    )


def test_in_tables_two_questions_of_different_people_are_not_held_against_each_other(of_tables):
    assert "answers-view_overall_before" in of_tables
    assert "compare-view_overall_before" not in of_tables


def test_of_several_batches_the_sum_is_drawn(drawn):
    line = "int_main,Main,1,They felt with me,0,150,130,170,400"
    told = {"one-way.csv": (f"1,{line},10.0,5.0,15.0", f"2,{line},20.0,9.0,31.0",
                            f"all,{line},15.0,12.0,18.0")}  # fmt: skip
    assert shares_of(drawn(told)["answers-int_main"])["Which one came closest at the time?",
                     "They felt with me"][0] == 15.0  # fmt: skip


def test_a_hidden_way_of_the_old_kind_has_its_whole_length(of_tables):
    """68 per cent are drawn as 68: the way that is less told is no thin ribbon."""
    [line] = of_tables["ways"].groups[0].lines
    assert [share.figure.value for share in line.shares] == [32.0, 68.0]
    assert of_tables["ways"].ends == (0, 80)


def test_a_band_that_nobody_is_in_has_no_row(drawn):
    lines = [
        *(line for line in TOLD["two-way.csv"] if f"{MAP},high" in line),
        *(
            f"1,{MAP},middle,middle,sc_int_connect,Connection,{c},{c},5,0,9,400,50,40,60"
            for c in "ab"
        ),
        *(f"1,{MAP},low,low,sc_int_connect,Connection,{c},{c},0,0,9,400,,," for c in "ab"),
    ]
    chart = drawn({**TOLD, "two-way.csv": lines})["map"]
    assert [line.label for line in chart.groups[0].lines] == ["high", "middle"]


def test_a_table_of_two_columns_that_is_no_map_has_a_bar_for_each_answer(drawn):
    line = "gender,Gender,1,Woman,int_main,Main"
    told = {"two-way.csv": (f"1,gender x int_main,{line},1,They felt with me,9,1,20,300,40,30,50",),
            "one-way.csv": TOLD["one-way.csv"]}  # fmt: skip
    chart = drawn(told)["int_main-by-gender"]
    assert chart.style is Style.LIST
    assert [(x.label, len(x.shares)) for x in chart.groups[0].lines] == [("Woman", 1)]
