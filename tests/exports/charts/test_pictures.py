"""Pictures are sound SVG that says what it shows, and need no stylesheet of their own."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from exports.charts.chart import ChartFigure, ChartSource, Group, Line, Share
from exports.charts.draw import NARROW, WIDE, draw
from exports.charts.gallery import inline, sheet

SVG = "{http://www.w3.org/2000/svg}"
SOURCE = ChartSource("Release 1", "PILOT", "Of this file.", "Not a prevalence.", "A trial.")


def root_of(chart):
    return ET.fromstring(sheet(chart, SOURCE))


def drawn_of(chart, width):
    return ET.fromstring(f"<g>{''.join(draw(chart, width).lines)}</g>")


def words_in(root, tag=f"{SVG}text"):
    return " ".join(" ".join(e.itertext()) for e in root.iter(tag)).replace("\xa0", " ")


def test_a_file_has_name_description_base_caution_and_release(every):
    for chart in every:
        root = root_of(chart)
        said = words_in(root)
        assert root.find(f"{SVG}title").text == chart.title
        assert chart.sentence in root.find(f"{SVG}desc").text
        for words in (chart.base, "Of this file.", "Not a prevalence.", "PILOT", "Release 1"):
            assert words in said


def test_a_file_has_neither_style_nor_script_nor_anything_from_elsewhere(every):
    for chart in every:
        content = sheet(chart, SOURCE).lower()
        assert not any(bad in content for bad in ("<style", "style=", "<script", "href", "url("))


def test_a_page_has_one_drawing_for_a_desk_and_one_for_a_phone_with_ids_of_their_own(of_rows):
    page = ET.fromstring(f"<p>{''.join(inline(c) for c in of_rows.values())}</p>")
    ids = [e.get("id") for e in page.iter() if e.get("id")]
    assert len(ids) == len(set(ids)) == 4 * len(of_rows)
    assert {svg.get("role") for svg in page} == {"img"}


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_nothing_lies_beside_the_paper(every, width):
    for chart in every:
        for rect in drawn_of(chart, width).iter("rect"):
            left, wide = float(rect.get("x", "nan")), float(rect.get("width", "nan"))
            assert -1 <= left <= width
            assert left + wide <= width + 1


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_no_label_is_cut(every, width):
    for chart in every:
        said = words_in(drawn_of(chart, width), "text").replace(" ", "")
        for group in chart.groups:
            for line in group.lines:
                for words in (line.label, line.shares[0].label * (len(line.shares) > 1)):
                    assert words.replace(" ", "") in said


def test_bars_are_as_long_as_their_figures_and_margins_are_drawn_to_the_same_scale(of_tables):
    root = drawn_of(of_tables["ways"], WIDE)
    bars = [float(e.get("width")) for e in root.iter("rect") if e.get("class") == "c-bar"]
    assert bars[1] / bars[0] == pytest.approx(68 / 32, rel=0.001)
    track = next(float(e.get("width")) for e in root.iter("rect") if e.get("class") == "c-track")
    assert bars[1] / track == pytest.approx(68 / 80, rel=0.001)
    lines = [e.get("d") for e in root.iter("path") if e.get("class") == "c-line"]
    low, high = (float(n) for n in lines[1].replace("H", " ").split("M")[1].split(" ")[::2])
    assert (high - low) / bars[1] == pytest.approx(6 / 68, rel=0.01)


def test_every_measured_figure_has_its_margin_in_the_picture(of_tables):
    for chart in of_tables.values():
        root = drawn_of(chart, WIDE)
        margins = [e for e in root.iter("path") if e.get("class") != "c-halo"]
        assert len(margins) == len(chart.table()[1])


def test_a_plain_count_has_no_whisker(of_rows):
    for chart in of_rows.values():
        assert not list(drawn_of(chart, WIDE).iter("path"))


def test_a_field_that_is_nearly_all_noise_has_no_shade(of_tables):
    wide = Share("high", ChartFigure(90.0, 20.0, 100.0), 9)
    sure = Share("high", ChartFigure(90.0, 80.0, 100.0), 9)
    group = Group("Later", (Line("Low", (wide, sure), 10),))
    root = drawn_of(replace(of_tables["map"], groups=(group,)), WIDE)
    assert [e.get("class") for e in root.iter("rect")] == ["q0", "q4"]


def test_markup_in_a_study_s_words_stays_words(of_rows):
    odd = replace(of_rows["ways"], title='<script>"&', sentence="<b>")
    assert root_of(odd).find(f"{SVG}title").text == '<script>"&'
