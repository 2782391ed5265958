"""What charts say, in words, in their table and as CSV."""

import csv
import io
import re
from dataclasses import replace

from exports.charts.chart import Bars, ChartBar, ChartSource, HeatMaps, Share, csv_of
from exports.charts.comparisons import flow, heat, later, readings
from exports.charts.counts import families, hypothesis, twice

SOURCE = ChartSource("Release 1", "PILOT", "Not a prevalence.", "A trial.")


def bar(*shares):
    return ChartBar("Row", tuple(Share("x", s and 50, s) for s in shares), 100)


def test_the_hypothesis_comes_second_after_its_readings(charts):
    assert list(charts)[:2] == ["answers-1", "hypothesis"]
    assert charts["answers-1"].title == "What the tears meant to you"


def test_every_chart_says_its_base_and_something_in_words(charts):
    for chart in charts.values():
        assert chart.base.startswith("Base: ")
        assert chart.sentence.endswith(".")


def test_every_share_in_a_sentence_stands_in_the_table(charts):
    """Sums of two options apart, which a sentence names together."""
    found = charts["hypothesis"]
    shares = set(re.findall(r"\d+ %", found.sentence))
    table = " ".join(cell for line in found.table.lines for cell in line)
    assert shares
    assert all(share in table for share in shares)


def test_agreement_is_not_told_where_a_part_of_it_is_hidden():
    assert bar(10.0, 20.0, 40.0, None, 30.0).agree is None
    assert bar(None, 20.0, 40.0, 10.0, 20.0).agree == 30.0


def test_a_sentence_does_not_rank_rows_that_are_hidden(release, figures):
    book, _ = release
    [family] = [f for f in families(book) if "int_emp_1" in f.rows]
    name = "int_fake_2"
    table = figures.one_way[name]
    gone = replace(table, counts=tuple(None for _ in table.counts))
    less = replace(figures, one_way={**figures.one_way, name: gone})
    chart = readings(book, family, less, "x")
    assert chart
    assert "the tears were sincere" not in chart.sentence
    assert chart.sentence.startswith("Among the rows where it is shown, ")


def test_the_simulated_hypothesis_is_seen(charts):
    """Clients are simulated so that a better prior view goes with a reading of connection."""
    assert "more frequent for “Connection reading" in charts["hypothesis"].sentence
    assert charts["hypothesis"].sentence.endswith("not why.")


def test_no_chart_is_made_of_what_a_release_lacks(book, figures):
    nothing = replace(figures, one_way={}, two_way={})
    tested = hypothesis(book)
    assert tested
    assert heat(book, tested, nothing) is None
    assert flow(book, nothing) is None
    assert later(book, twice(book)[0], nothing, "x") is None
    assert readings(book, families(book)[0], nothing, "x") is None


def test_tables_alone_have_no_map_of_two_questions(from_csv):
    _, charts = from_csv("1,branch,Way,1,Saw tears,325,321,329,600,54.2,")
    assert list(charts) == ["flow"]


def test_a_csv_has_one_figure_a_line_with_caution_and_release(charts):
    for chart in charts.values():
        lines = list(csv.DictReader(io.StringIO(csv_of(chart, SOURCE).decode(), newline="")))
        assert {line["count"].isdigit() or line["count"] == "hidden" for line in lines} == {True}
        assert {(x["release"], x["caution"]) for x in lines} == {
            ("Release 1", "PILOT Not a prevalence.")
        }


def test_a_csv_cell_never_opens_a_formula(charts):
    odd = ChartBar("=1+1", charts["answers-1"].picture.groups[0].bars[0].shares, 100)
    picture = Bars((replace(charts["answers-1"].picture.groups[0], bars=(odd,)),), ())
    content = csv_of(replace(charts["answers-1"], picture=picture), SOURCE)
    assert b",'=1+1," in content


def test_columns_of_a_map_add_up_to_everybody_of_the_band(charts):
    picture = charts["hypothesis"].picture
    assert isinstance(picture, HeatMaps)
    for panel in picture.panels:
        for cells in panel.cells:
            shares = [c.percent for c in cells if c.percent is not None]
            assert len(shares) < len(cells) or abs(sum(shares) - 100) < 0.5
