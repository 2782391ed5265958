"""Numbers on the help page can be tapped; after a high answer help stands first."""

import pytest

from forms.study import HelpLine
from survey.respondents.screens import dialable, reachable


@pytest.mark.parametrize(("said", "links"), [
    ("116 123", ["tel:116123"]),
    ("1813 / 107", ["tel:1813", "tel:107"]),
    ("0800 111 0 111, 0800 111 0 222", ["tel:08001110111", "tel:08001110222"]),
    ("111, option 2", ["tel:111"]),
    ("113 or 0800-0113", ["tel:113", "tel:08000113"]),
    ("call or text 9-8-8", ["tel:988", "sms:988"]),
    ("text HOME to 741741", ["sms:741741"]),
    ("+44 (0)20 7946 0000", ["tel:+442079460000"]),
    ("befrienders.org", []),
])  # fmt: skip
def test_each_number_is_a_link_of_its_own(said, links):
    html = str(dialable(said))
    assert [part.split('"')[0] for part in html.split('href="')[1:]] == links


def test_what_is_no_number_stays_as_it_is():
    assert str(dialable("<b> & 12")) == '&lt;b&gt; &amp; <a href="tel:12">12</a>'


@pytest.fixture
def upset(site):
    """A client of the flagship after a high distress answer."""
    client = site("therapist-tears").client().begin()
    while "distress_now" not in client.asked:
        client.answer(**({"saw_tears": 1} if client.asked == ["saw_tears"] else {}))
    return client.answer(distress_now=9)


def test_help_comes_first_and_four_equal_ways_follow(upset):
    html = upset.page.html
    ways = [html.index(f'value="{way}"') for way in ("break", "delete", "send", "on")]
    assert ways == sorted(ways)
    assert 'class="primary"' not in html
    assert html.index("Emergency numbers") < html.index('href="tel:') < ways[0]
    assert ways[-1] < html.index("By country")


def test_it_thanks_and_says_that_nobody_has_to_go_on(upset):
    assert "<h1>Thank you for telling us. You do not have to go on.</h1>" in upset.page.html


def test_the_break_is_where_it_is_offered(upset):
    assert upset.press("go", "break").screen == "break"


def before_the_ways(client):
    return client.open("support").page.html.split("What would you like to do?")[0]


def test_a_country_chosen_on_the_help_page_comes_first_and_is_remembered(upset):
    upset.open("support?country=Ireland")
    assert "<h2>Ireland</h2>" in before_the_ways(upset)
    assert "Ireland" not in upset.here


def test_of_emergency_numbers_only_those_of_the_country_stand_open(upset):
    first, folded = upset.open("support?country=Germany").page.html.split("<details", 1)
    elsewhere = folded.split("</details>")[0]
    assert ('href="tel:112"' in first, 'href="tel:911"' in first) == (True, False)
    assert 'href="tel:911"' in elsewhere
    assert first.index("In an emergency") < first.index("TelefonSeelsorge")


def test_the_country_is_remembered_with_the_draft_alone(site):
    client = site("therapist-tears").client()
    chosen = client.open("support?country=Ireland").page.html
    assert "<h2>Ireland</h2>" in chosen
    assert "<h2>Ireland</h2>" not in client.begin().open("support").page.html
    assert "<h2>Ireland</h2>" in client.open("support?country=Ireland").page.html
    assert "<h2>Ireland</h2>" in client.open("support").page.html
    client.open("stop").press("go", "delete")
    assert "<h2>Ireland</h2>" not in client.open("support").page.html


def test_a_line_that_nobody_has_tried_is_said_to_be_that(site):
    said = "Nobody has tried yet whether a line marked “not yet checked” can be reached"
    assert said in site("therapist-tears").client().open("support").text


def test_who_stops_finds_no_way_drawn_larger_than_another(upset):
    assert 'class="primary"' not in upset.open("stop").page.html


@pytest.mark.parametrize(("contact", "url", "links"), [
    ("116 123", "https://a.example/x", ["tel:116123", "https://a.example/x"]),
    ("a.example", "https://a.example", ["https://a.example"]),
    ("text HI to 85258", "", ["sms:85258"]),
])  # fmt: skip
def test_a_line_with_a_website_keeps_its_number_to_tap(contact, url, links):
    line = HelpLine(("Ireland",), "A line", contact, url, "")
    assert [part.split('"')[0] for part in str(reachable(line)).split('href="')[1:]] == links
