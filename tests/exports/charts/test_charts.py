"""What charts say, in words, in their table and as CSV."""

import re
from dataclasses import replace

import polars as pl
import pytest

from exports.charts.chart import ChartFigure, ChartSource, Group, Line, Share
from exports.charts.counts import book_of, from_rows
from exports.charts.gallery import gallery
from exports.charts.sentences import agreement, highest_and_lowest, most_frequent, moved
from exports.codebook import asked_codebook
from exports.columns import fields_of
from tests.exports.charts.conftest import lines_of

SOURCE = ChartSource("Release 1", "PILOT", "Of this file.", "Not a prevalence.", "A trial.")


def line(label, *values, margin=0.0):
    shares = (
        Share(f"answer {at}", ChartFigure(v, v - margin, v + margin), 50)
        for at, v in enumerate(values)
    )
    return Line(label, tuple(shares), 100)


def test_every_chart_says_its_base_and_something_in_words(every):
    for chart in every:
        assert chart.base.startswith("Base: ")
        assert chart.sentence.endswith(".")


def test_margins_are_told_in_sentence_table_and_file(of_tables):
    for chart in of_tables.values():
        assert re.search(r"\([\d.]+ to [\d.]+\)", chart.sentence)
        assert "19 times in 20" in chart.base
        assert all(re.search(r" \(.+ to .+\)$", row[-3]) for row in chart.table()[1])
        assert all(x["low"] and x["high"] for x in lines_of(chart.csv(SOURCE)))


def test_a_plain_count_has_no_margin(of_rows):
    for chart in of_rows.values():
        assert not chart.has_margins
        assert "margin" not in chart.base
        assert not any(x["low"] or x["high"] for x in lines_of(chart.csv(SOURCE)))


def test_every_figure_of_a_simple_sentence_stands_in_the_table(of_tables):
    for key in ("map", "answers-int_main", "ways"):
        chart = of_tables[key]
        table = " ".join(cell for row in chart.table()[1] for cell in row)
        assert all(said in table for said in re.findall(r"\d+ % \(.+?\)", chart.sentence))


def test_what_the_noise_alone_could_make_is_not_told_as_a_difference():
    before, after = line("x", 20.0, 80.0, margin=6), line("x", 27.0, 73.0, margin=6)
    assert moved(before, after).startswith("No answer differs")
    exact = moved(line("x", 20.0, 80.0), line("x", 27.0, 73.0))
    assert exact.startswith("“answer 0” rose from 20 % to 27 %; “answer 1” fell")
    assert "may be as frequent" in most_frequent([line("x", 50.0, 47.0, margin=2)])
    assert "may be" not in most_frequent([line("x", 50.0, 47.0, margin=1)])
    rows = [line("one", 60.0, 40.0, margin=5), line("two", 66.0, 34.0, margin=5)]
    assert "no row is 5 points or more below it and beyond its margin" in highest_and_lowest(rows)


def test_agreement_leaves_the_middle_out_and_adds_margins_as_independent_ones_would():
    found = agreement(line("x", 10.0, 20.0, 30.0, 25.0, 15.0, margin=3.0))
    assert (found.value, round(found.high - found.value, 2)) == (40.0, 4.24)


def test_the_simulated_hypothesis_is_seen(of_rows):
    """Clients are simulated so that a better prior view goes with a reading of connection."""
    assert of_rows["map"].sentence.startswith(
        "“Connection reading (composite, primary outcome 1)” is high more often"
    )
    assert of_rows["map"].sentence.endswith("not why.")


def test_two_grids_that_ask_in_the_same_words_are_one_chart(of_rows):
    chart = of_rows["answers-int_emp_1"]
    assert chart.title == "What the tears meant to you"
    assert len(chart.groups) == 8
    assert "answers-int_hum_2" not in of_rows
    assert sum("(reversed)" in x.label for group in chart.groups for x in group.lines) == 2


def test_a_csv_has_one_figure_a_line_with_caution_and_release(every):
    for chart in every:
        lines = lines_of(chart.csv(SOURCE))
        assert {x["unit"] for x in lines} <= {"per cent", "mean"}
        assert {(x["release"], x["caution"]) for x in lines} == {
            ("Release 1", "PILOT Of this file. Not a prevalence.")
        }


def test_a_csv_cell_never_opens_a_formula(of_rows):
    odd = replace(of_rows["ways"], groups=(Group("", (line("=1+1", 10.0),)),))
    assert b",'=1+1," in odd.csv(SOURCE)


@pytest.mark.parametrize("name", ["minimal", "branch", "kinds", "once", "scores"])
def test_every_tiny_study_can_be_looked_at(study, name):
    tiny = study(name)
    book = book_of(asked_codebook(tiny, fields_of(tiny)))
    asked = {n: e["codes"] for n, e in book.items() if e["part"] == "answer" and e["codes"]}
    cells = {n: [int(code) for code in codes][:1] * 3 for n, codes in asked.items()}
    rows = pl.DataFrame({"completion": [1, 1, 1], **cells})
    keys = [chart.key for chart in gallery(book, tiny, from_rows(rows, book, tiny))]
    assert keys[-1] == "ways"
    assert len(keys) == len(set(keys))
