"""Pictures are sound SVG that says what it shows, and need no stylesheet of their own."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from exports.charts.chart import ChartSource
from exports.charts.draw import DEEPER, DIVERGING, INK, NARROW, ON_DEEPER, ON_DIVERGING, WIDE, draw
from exports.charts.gallery import inline, sheet

SVG = "{http://www.w3.org/2000/svg}"
SOURCE = ChartSource("Release 1", "PILOT", "Not a prevalence.", "A trial.")


def root_of(chart):
    return ET.fromstring(sheet(chart, SOURCE))


def words_in(root):
    return " ".join(" ".join(e.itertext()) for e in root.iter(f"{SVG}text")).replace("\xa0", " ")


def test_a_file_has_name_description_base_caution_and_release(charts):
    for chart in charts.values():
        root = root_of(chart)
        said = words_in(root)
        assert root.find(f"{SVG}title").text == chart.title
        assert chart.sentence in root.find(f"{SVG}desc").text
        for words in (chart.base, "Not a prevalence.", "PILOT", "Release 1"):
            assert words in said


def test_a_file_has_neither_style_nor_script_nor_anything_from_elsewhere(charts):
    for chart in charts.values():
        content = sheet(chart, SOURCE).lower()
        assert not any(bad in content for bad in ("<style", "style=", "<script", "href", "url("))


def test_a_page_has_one_drawing_for_a_desk_and_one_for_a_phone_with_ids_of_their_own(charts):
    page = ET.fromstring(f"<p>{''.join(inline(c) for c in charts.values())}</p>")
    ids = [e.get("id") for e in page.iter() if e.get("id")]
    assert len(ids) == len(set(ids)) == 4 * len(charts)
    assert {svg.get("role") for svg in page} == {"img"}


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_nothing_lies_beside_the_paper(charts, width):
    for chart in charts.values():
        drawn = draw(chart.picture, width)
        root = ET.fromstring(f"<g>{''.join(drawn.lines)}</g>")
        for rect in root.iter("rect"):
            left, wide = float(rect.get("x", "nan")), float(rect.get("width", "nan"))
            assert -1 <= left <= width
            assert left + wide <= width + 1


def test_every_figure_of_a_bar_that_has_room_stands_in_it(charts):
    chart = charts["answers-1"]
    bar = max((b for g in chart.picture.groups for b in g.bars), key=lambda b: b.drawn)
    widest = max(s.percent or 0 for s in bar.shares)
    assert f"{widest:.0f}" in words_in(root_of(chart)).split()


def test_markup_in_a_study_s_words_stays_words(charts):
    odd = replace(charts["flow"], title='<script>"&', sentence="<b>")
    assert root_of(odd).find(f"{SVG}title").text == '<script>"&'


def luminance(colour):
    full = colour if len(colour) == 7 else "#" + "".join(c * 2 for c in colour[1:])
    parts = [int(full[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(
    ("field", "words"),
    [
        *zip(DIVERGING, ON_DIVERGING, strict=True),
        *zip(DEEPER, ON_DEEPER, strict=True),
        ("#fffdfa", INK),
    ],
)
def test_words_on_every_colour_can_be_read(field, words):
    """WCAG 2.2, 1.4.3: contrast of at least 4.5."""
    dark, light = sorted((luminance(field), luminance(words)))
    assert (light + 0.05) / (dark + 0.05) >= 4.5
