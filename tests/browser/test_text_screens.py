"""Reading clients' words in a real browser: selecting, going back, access; script on and off."""

import re

import pytest

from survey.storage import texts
from survey.storage.answers import Text, accept
from survey.storage.stores import Stores
from tests.browser.inspection import Inspection
from tests.browser.visitor import Visitor
from tests.conftest import folder_of
from tests.serving import demo
from tests.survey.storage.samples import answer, mark, open_study

SIGN_IN = re.compile(r"sign in at (http\S+/research/) as (\S+) with (\S+)")
TEXTS = ("my therapist Anna cried in Leeds, and Anna left", "nothing more")

# Selects from the first of these words up to the second, as a mouse would.
SELECT = """([first, last]) => {
  const walk = document.createTreeWalker(document.getElementById("reading"), NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node; (node = walk.nextNode());) {
    if (node.parentElement.closest(".tag")) continue;
    const from = node.data.indexOf(first), to = node.data.indexOf(last);
    if (from >= 0 && range.startContainer === document) range.setStart(node, from);
    if (to >= 0) { range.setEnd(node, to + last.length); break; }
  }
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}"""


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """(address, name, password) of a demo's researcher, and its files with two texts."""
    data = tmp_path_factory.mktemp("texts") / "data"
    with demo(data, folder_of("kinds")) as (server, _):
        stores = Stores(data)
        table = open_study(stores.pilot, study="kinds")
        for number, words in enumerate(TEXTS):
            text = Text("kinds", "story", "en", 1, mark("text", number), words)
            accept(stores.pilot, answer(table, number, study="kinds", texts=(text,)))
        yield *SIGN_IN.findall(server.said)[0], stores
        stores.close()


def texts_in(room):
    """Both texts as they stand."""
    return texts.all_texts(room[3].pilot, "kinds", frozen_only=False)


@pytest.fixture
def come(browser, room):
    """Somebody signed in, with the longer text at hand."""
    contexts = []

    def begin(**options):
        address, name, password, stores = room
        for text in texts_in(room):
            texts.set_state(stores.pilot, text, "new", None)
        contexts.append(browser.new_context(**options))
        visitor = Visitor(contexts[-1], address + "kinds/texts/")
        page = visitor.open().page
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(password)
        visitor.click(page.get_by_role("button", name="Sign in"))
        visitor.open().click(page.get_by_role("button", name="reading"))
        while "Leeds" not in page.locator("#reading").inner_text():
            visitor.press("go", "skip")
        return visitor

    yield begin
    for context in contexts:
        context.close()


def words(visitor):
    return visitor.page.locator("#reading").inner_text()


def test_selected_words_are_replaced_wherever_they_stand_at_one_press(come):
    visitor = come()
    button = visitor.page.get_by_role("button", name="Replace the selected words")
    assert button.is_disabled()
    visitor.page.evaluate(SELECT, ["Anna", "Anna"])
    visitor.click(button)
    assert words(visitor).startswith("my therapist [detail] cried in Leeds")
    assert words(visitor).endswith("and [detail] left")


def test_a_selection_across_a_mark_leaves_out_its_number(come):
    visitor = come()
    visitor.page.evaluate(SELECT, ["therapist", "cried"])
    visitor.click(visitor.page.get_by_role("button", name="Replace the selected words"))
    assert words(visitor).startswith("my [detail] in Leeds")


def test_without_script_marks_are_ticked_and_words_typed(come, room):
    visitor = come(java_script_enabled=False)
    visitor.page.get_by_label("1. Anna").check()
    visitor.page.get_by_label("Other words to take out").fill("in Leeds")
    visitor.page.get_by_label("Other words to take out").press("Enter")
    visitor.page.wait_for_selector("#reading:has-text('[detail]')")
    visitor.press("go", "approve")
    assert sorted((t.state, "[detail]" in t.words) for t in texts_in(room)) == [
        ("new", False), ("redacted", True),
    ]  # fmt: skip


@pytest.mark.parametrize("script", [True, False])
def test_going_back_shows_no_text_that_was_decided_about(come, room, script):
    visitor = come(java_script_enabled=script)
    visitor.press("go", "withhold")
    for _ in range(3):
        visitor.page.go_back()
        visitor.page.wait_for_load_state()
        assert "Leeds" not in visitor.page.content()
    assert sorted(t.state for t in texts_in(room)) == ["new", "withheld"]


def test_after_signing_out_the_way_back_shows_no_text(come):
    visitor = come()
    visitor.click(visitor.page.get_by_role("button", name="Sign out", exact=True))
    visitor.page.go_back()
    assert visitor.page.locator("h1").inner_text() == "Sign in"


def test_nothing_of_a_text_stands_in_an_address(come):
    visitor = come()
    visitor.page.evaluate(SELECT, ["Anna", "Anna"])
    visitor.click(visitor.page.get_by_role("button", name="Replace the selected words"))
    visitor.press("go", "approve")
    assert {a.partition("/kinds/")[2] for a in visitor.addresses[-4:]} <= {
        "texts/", "texts/read",
    }  # fmt: skip


def test_both_pages_are_usable_by_everybody(come):
    visitor = come()
    inspection = Inspection(visitor)
    inspection.look()
    visitor.press("go", "every")
    visitor.press("go", "approve")
    inspection.open("")
    assert (inspection.access, inspection.widths, visitor.violations) == ([], [], [])


def test_words_are_not_printed(come):
    visitor = come()
    visitor.page.emulate_media(media="print")
    assert not visitor.page.locator("#reading").is_visible()
    assert visitor.page.get_by_text("are not printed").is_visible()
