"""The deletion code on a phone and on paper, and what a browser keeps of codes that were typed."""

import re

import pytest

from forms.platform_texts import CODE_NOTED, NOT_TAKEN
from survey.respondents.invitations import luhn_letter

# Of each group of the code the tops of its letters: one where it is not broken.
GROUPS = """
() => {
  const tops = [], code = document.getElementById("thecode");
  const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    tops.push([...new Set([...range.getClientRects()].map(r => Math.round(r.top)))]);
  }
  return tops;
}
"""
SIZE = 'parseFloat(getComputedStyle(document.getElementById("thecode")).fontSize)'
TYPED = "7QX2-9KFM-0A1B-ZZTR-C4D5"
OVERFLOW = "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def thanked(visit):
    """Somebody who has just sent and wanted a code."""

    def come(**options):
        visitor = visit("once", **options).begin()
        visitor.page.locator("textarea").fill("words")
        visitor.press().tick("upset", 3).press()
        return visitor.tick("code", "yes").press("go", "send")

    return come


@pytest.mark.parametrize("text", ["100%", "200%"])
@pytest.mark.parametrize("width", [320, 1280])
def test_no_group_is_broken_and_at_most_three_stand_on_a_line(thanked, width, text):
    page = thanked(viewport={"width": width, "height": 800}).page
    page.evaluate(f"document.documentElement.style.fontSize = 'calc(112.5% * {text[:-1]} / 100)'")
    groups = page.evaluate(GROUPS)
    lines = [top for (top,) in groups]  # each group on one line
    assert len(groups) == 6
    assert max(map(lines.count, lines)) <= 3
    assert page.evaluate(SIZE) >= 24
    assert page.evaluate(OVERFLOW) <= 0


def test_what_is_copied_is_the_code_and_the_button_is_not_printed(thanked):
    visitor = thanked(permissions=["clipboard-read", "clipboard-write"])
    page = visitor.page
    code = page.locator("#thecode").inner_text()
    page.get_by_role("button", name="Copy the code").click()
    page.get_by_text("Copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "".join(code.split())
    page.emulate_media(media="print")
    assert page.locator("#thecode").is_visible()
    assert not page.get_by_role("button", name="Copy the code").is_visible()
    assert not page.get_by_role("button", name=CODE_NOTED).is_visible()


@pytest.mark.parametrize("script", [True, False])
def test_once_it_is_written_down_back_shows_no_code(thanked, script):
    visitor = thanked(java_script_enabled=script)
    code = "".join(visitor.page.locator("#thecode").inner_text().split())
    visitor.click(visitor.page.get_by_role("button", name=CODE_NOTED))
    assert visitor.screen == "finished"
    visitor.page.go_back()
    visitor.page.wait_for_load_state()
    assert code[:4] not in visitor.page.content()
    assert visitor.context.cookies() == []


def test_an_error_leads_to_the_box_and_has_a_border(visit):
    visitor = visit("once").open("withdraw")
    plain = visitor.page.locator("#code").evaluate("e => getComputedStyle(e).borderLeftColor")
    visitor.press()
    visitor.page.locator("#summary a").click()
    box = visitor.page.locator("#code")
    assert box.evaluate("e => e === document.activeElement")
    assert box.evaluate("e => getComputedStyle(e).borderLeftColor") != plain
    assert re.search("/withdraw[?]empty&p=0+#code$", visitor.page.url)


def kept_in(folder, words):
    """Files of a profile that hold the words, in either of a browser's encodings."""
    spelt = words.encode(), words.encode("utf-16-le")
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    held = ((path.name.partition("_")[0], path.read_bytes()) for path in files)
    return {name for name, content in held if any(one in content for one in spelt)}


@pytest.mark.parametrize(("address", "box", "typed"), [
    ("s/once/withdraw", "#code", TYPED),
    ("s/once/withdraw", "#code", "7QX2-9KFM-0A1B-ZZTR-C4D"),
    ("i/", "#invitation", "7QX2-9KFM-0A1B"),
    ("i/", "#invitation", "AAAA-AAAA-AAA" + luhn_letter("AAAAAAAAAAA")),
])  # fmt: skip
def test_no_file_of_a_browser_keeps_a_code_that_was_typed(profile, site, address, box, typed):
    context, folder = profile
    page = context.new_page()
    page.goto(f"{site}/{address}")
    page.fill(box, typed)
    with page.expect_navigation():
        page.locator("form .ways button").first.click()
    asked = page.url.removeprefix(site)
    context.close()
    assert "Session" in kept_in(folder, asked)  # where a page that answers a post keeps what it got
    assert kept_in(folder, typed) == set()


@pytest.mark.parametrize("address", ["s/once/withdraw", "i/"])
def test_nor_where_the_form_was_refused(profile, site, address):
    context, folder = profile
    page = context.new_page()
    page.goto(f"{site}/{address}")
    page.locator("#code, #invitation").first.fill(TYPED)
    page.evaluate("document.querySelector('[name=csrf_token]').value = 'of an older page'")
    with page.expect_navigation():
        page.locator("form .ways button").first.click()
    assert "old_page" in page.url
    assert page.get_by_role("heading", level=1).inner_text() == NOT_TAKEN["old_page"][0]
    context.close()
    assert kept_in(folder, TYPED) == set()


@pytest.mark.parametrize("script", [True, False])
def test_the_code_is_saved_as_a_file_of_a_neutral_name(thanked, script):
    visitor = thanked(java_script_enabled=script)
    code = "".join(visitor.page.locator("#thecode").inner_text().split())
    with visitor.page.expect_download() as saved:
        visitor.page.get_by_text("Save it as a file").click()
    assert saved.value.suggested_filename == "note.txt"
    assert saved.value.path().read_text("utf-8") == code
    assert (visitor.screen, visitor.violations) == ("done", [])
