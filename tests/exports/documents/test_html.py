import re

import pytest

from exports.documents import html

EVIL = '<script>alert("x")</script>&'


def parts():
    return [
        html.section(EVIL, html.prose(EVIL), html.bullets([EVIL]), html.quote(EVIL), id_="a"),
        html.table([EVIL, "n"], [[EVIL, EVIL]], caption=EVIL, numbers=[1]),
        html.definitions([(EVIL, EVIL)]),
        html.figures([(EVIL, EVIL, EVIL)]),
        html.bars([html.Bar(EVIL, 0.5, EVIL)], caption=EVIL),
        html.contents([(EVIL, "a")], label=EVIL),
        html.paragraph(html.link(EVIL, "data/x.csv")),
    ]


def whole() -> str:
    page = html.page(EVIL, *parts(), mark=EVIL, lead=EVIL, caution=EVIL, footer=EVIL)
    return page.decode()


def test_whatever_is_put_on_a_page_is_escaped():
    assert "<script" not in whole()


def test_an_ampersand_is_escaped_once():
    assert "&amp;amp;" not in whole()


def test_a_page_asks_for_no_other_file():
    assert not re.search(r"<(script|link|img|iframe)|url\(|@import", whole())


def test_a_page_forbids_scripts_even_to_itself():
    assert "default-src 'none'; style-src 'unsafe-inline'" in whole()


@pytest.mark.parametrize("target", ["javascript:alert(1)", "http://example.org", "data:x"])
def test_a_page_cannot_link_to_a_script_or_an_open_line(target):
    with pytest.raises(ValueError, match="cannot link"):
        html.link("here", target)


def test_a_bar_is_as_long_as_its_share_and_never_longer_than_the_line():
    drawn = html.bars([html.Bar("a", 0.25, "25"), html.Bar("b", 7, "7"), html.Bar("c", None, "?")])
    assert re.findall(r"width:([\d.]+)%", drawn) == ["25.0", "100.0", "0.0"]


def test_emphasis_in_a_studys_words_is_kept():
    assert html.prose("a *b* c\n\nd") == "<p>a <em>b</em> c</p>\n<p>d</p>"


def test_nothing_to_say_leaves_no_empty_element():
    empty = [html.bullets([]), html.definitions([("a", "")]), html.bars([]), html.figures([])]
    assert not any([*empty, html.quote(""), html.paragraph("")])


def test_the_mark_opens_the_title_of_the_tab():
    page = html.page("Report", mark="PILOT DATA: not for analysis").decode()
    assert "<title>PILOT DATA - Report</title>" in page
