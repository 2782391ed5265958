"""Numbers on the help page can be tapped; after a high answer help stands first."""

import pytest

from survey.respondents.screens import dialable


@pytest.mark.parametrize(("said", "links"), [
    ("116 123", ["tel:116123"]),
    ("1813 / 107", ["tel:1813", "tel:107"]),
    ("0800 111 0 111, 0800 111 0 222", ["tel:08001110111", "tel:08001110222"]),
    ("111, option 2", ["tel:111"]),
    ("113 or 0800-0113", ["tel:113", "tel:08000113"]),
    ("call or text 9-8-8", ["tel:988"]),
    ("text HOME to 741741", ["sms:741741"]),
    ("+44 (0)20 7946 0000", ["tel:+4402079460000"]),
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
    assert html.index("Emergency numbers") < ways[0]


def test_a_country_chosen_on_the_help_page_is_remembered(upset):
    upset.open("support?country=Ireland")
    assert "Ireland" in upset.open("support").page.html.split("Emergency numbers")[0]
