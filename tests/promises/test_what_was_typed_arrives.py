"""What somebody types or chooses is kept as it was meant, or the page says what to mend."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.texts.text_release import tidy_text
from forms.platform_texts import (
    ANSWERS_REMOVED,
    CUT_BY_BROWSER,
    GRID_CLEARED,
    TICKED_BESIDE,
    TYPED_BESIDE,
)
from forms.typed_text import tidy_words, typed_number, visible_words
from survey.storage.drafts import IDLE_SECONDS
from tests.journeys.site import Site
from tests.journeys.walking import walk

REFUSED = "Prefer not to answer"
SPACES = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) == "Zs"]
LINE_ENDS = ["\r\n", "\r", "\n", "\v", "\f", "\x85", "\u2028", "\u2029"]
# Persian joiner, emoji of several parts, flag of tags, variation, soft hyphen, marks of direction.
NEEDED = [
    "می\u200cخواهم", "👩\u200d💻", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "❤\ufe0f", "Donau\u00addampf", "שלום\u200fabc\u200e", "\u2067שלום\u2069", "ខ្ញុំ\u200bទៅ",
]  # fmt: skip


@pytest.fixture
def site(open_app):
    """Serves a study and gives what can be seen of it."""
    return lambda name: Site(open_app(name), name)


def words_page(site):
    """A client at the page of texts."""
    return site("kinds").client().begin().next().next()


@pytest.mark.parametrize("space", SPACES, ids=lambda c: f"{ord(c):04X}")
def test_every_kind_of_space_becomes_a_space(space):
    assert tidy_words(f"one{space}two{space}") == "one two"


@pytest.mark.parametrize("end", LINE_ENDS, ids=ascii)
def test_every_kind_of_line_end_becomes_one(end):
    assert tidy_words(f"one{end}two") == "one\ntwo"


@pytest.mark.parametrize("text", NEEDED)
def test_what_a_script_needs_stays(text):
    assert tidy_words(text) == text
    assert tidy_text(text) == text


@given(st.text())
def test_nothing_goes_but_what_means_nothing(text):
    kept = tidy_words(text)
    assert [c for c in text if c.isalnum()] == [c for c in kept if c.isalnum()]
    assert tidy_words(kept) == kept
    assert kept.encode().decode() == kept


def test_a_pasted_text_reads_the_same_on_the_check_page_and_in_the_store(site):
    kinds = site("kinds")
    client = kinds.client().begin().next().next()
    client.answer(story="Bonjour\u202f!\u2028می\u200cخواهم\u00a0x")
    assert "Bonjour !\nمی\u200cخواهم x" in client.page.html
    client.send()
    assert [text["text"] for text in kinds.texts] == ["Bonjour !\nمی\u200cخواهم x"]


@pytest.mark.parametrize("typed", ["42", " 42\u00a0", "٤٢", "۴۲", "４２", "\u200f٤٢", "042"])
def test_a_number_is_read_in_the_digits_of_any_script(site, typed):
    kinds = site("kinds")
    walk(kinds.client().begin().answer(line=typed)).send()
    assert [row["line"] for row in kinds.rows] == [42]


@given(st.integers(-(10**6), 10**6))
def test_a_number_in_any_digits_is_that_number(number):
    arabic = "".join(chr(0x660 + int(c)) if c.isdigit() else "\u2212" for c in str(number))
    assert typed_number(f"\u3000{arabic} ") == str(number)


@pytest.mark.parametrize("typed", ["abc", "4 2", "4.2", "1e1", "½", "²", "four", "-1", "101"])
def test_what_is_no_number_is_told_and_stays_in_its_box(site, typed):
    client = site("kinds").client().begin().answer(line=typed)
    assert "Enter a whole number from 0 to 100." in client.text
    assert client.ticked("line") == [typed]


def test_a_browser_says_itself_what_is_no_number_before_it_would_send_nothing(site):
    page = site("kinds").client().begin().page
    (box,) = page.named("line")
    others = [b for b in page.controls if b.tag == "button" and b.name in ("go", "refuse")]
    assert (box.kind, " novalidate" in page.html) == ("number", False)
    assert all("formnovalidate" in b.attributes for b in others)


# Too long.


def test_where_a_browser_cuts_what_is_pasted_the_page_says_so(site):
    client, cut = site("kinds").client().begin(), 0
    while client.screen == "questions":
        limited = [c for c in client.page.controls if "maxlength" in c.attributes]
        assert client.page.html.count(CUT_BY_BROWSER) == len(limited)
        cut += len(limited)
        client.next()
    assert cut


@pytest.mark.parametrize("button", ["next", "stop", "back", "support", "break", "information"])
def test_a_text_that_is_too_long_is_kept_and_told_with_its_count(site, button):
    client = words_page(site)
    there, typed = client.here, "x" * 601
    client.answer(story=typed) if button == "next" else client.press("go", button, story=typed)
    client.open(there)
    assert client.ticked("story") == [typed]
    assert "Shorten this to 600 characters. It has 601 now." in client.text
    assert client.answer(story="x" * 600).screen == "check"


def test_a_page_left_to_be_mended_waits_while_another_is_answered(site):
    client = words_page(site)
    client.back(story="x" * 601).answer(view_1=1)
    assert client.ticked("story") == ["x" * 601]


def test_what_waits_to_be_mended_is_shown_to_nobody_who_goes_on_with_it(site):
    first = words_page(site)
    first.press("go", "support", story="canary" * 120)
    second = first.another_tab().start().press("go", "on")
    assert "canary" not in second.open(second.visited[-1]).page.html


# Two answers that cannot both hold.


@pytest.mark.parametrize("typed", [
    {"line": "7", "line-missing": -99}, {"line": "٧", "line-missing": -99},
])  # fmt: skip
def test_a_number_beside_a_refusal_is_asked_about_and_both_stay(site, typed):
    client = site("kinds").client().begin().answer(**typed)
    assert TYPED_BESIDE.format(REFUSED) in client.text
    assert [client.ticked(name) for name in typed] == [[str(v)] for v in typed.values()]
    assert client.answer(**{"line-missing": ""}).asked == ["views", "rules"]


@pytest.mark.parametrize("ticks", [[1, -99], [1, 2, -99]])
def test_ticks_beside_a_refusal_are_asked_about_and_all_stay(site, ticks):
    client = site("kinds").client().begin().answer(some=ticks)
    assert TICKED_BESIDE.format(REFUSED) in client.text
    assert client.ticked("some") == [str(t) for t in ticks]


@pytest.mark.parametrize("given", [
    {"line": "7", "line-missing": -99}, {"some": [1, -99]},
])  # fmt: skip
def test_what_stands_twice_beside_a_refusal_is_refused_as_the_page_says(site, given):
    kinds = site("kinds")
    client = kinds.client().begin().answer(**given)
    assert "counts." in client.text
    assert client.next().asked == ["views", "rules"]
    walk(client).send()
    assert -99 in kinds.rows[0].values()


def test_refusing_a_grid_that_holds_answers_says_that_they_are_gone(site):
    client = site("kinds").client().begin().next().press("refuse", "views", view_1=1, rule_1=1)
    assert (client.asked, GRID_CLEARED in client.text) == (["views", "rules"], True)
    assert client.ticked("rule_1") == ["1"]
    assert GRID_CLEARED not in client.next().back().text


def test_answers_that_a_changed_answer_takes_away_are_told(site):
    branch = site("branch")
    client = branch.client().begin().answer(been=1).answer(again=1).answer(when_again=2)
    client.answer(liked=3).change("Have you been there?").answer(been=2)
    assert ANSWERS_REMOVED in client.text


def test_what_is_typed_at_a_follow_up_that_is_asked_no_more_is_told(site):
    client = site("branch").client().begin().answer(been=1).answer(again=1)
    client.answer(again=2, when_again=1)
    assert ANSWERS_REMOVED in client.text


def test_the_two_hours_are_counted_anew_on_the_page_of_a_break(site):
    kinds = site("kinds")
    client = kinds.client().begin()
    kinds.later(IDLE_SECONDS - 60)
    client.open("break")
    kinds.later(IDLE_SECONDS - 60)
    assert client.press("go", "continue").screen == "questions"


# Those who read texts.


@pytest.mark.parametrize("text", [*NEEDED[:5], "Anna\tand\nBea"])
def test_a_reader_is_shown_a_text_as_it_was_typed(text):
    assert visible_words(text) == text


@given(st.text())
def test_what_misleads_a_reader_shows_as_one_mark(text):
    shown = visible_words(text)
    assert len(shown) == len(text)
    assert not set("\x1b\x07\r\u202e\u2066\u2028") & set(shown)
