"""What script adds to answering: nothing is lost, what is missing is said."""

import re

import pytest
from playwright.sync_api import expect

from survey.respondents.screens import NOTICE_SECONDS
from survey.storage.drafts import IDLE_SECONDS

AT_EXIT = """() => {
    const exit = document.querySelector('.exit').getBoundingClientRect();
    const at = document.activeElement.getBoundingClientRect();
    const apart = at.bottom <= exit.top || at.top >= exit.bottom || at.right <= exit.left;
    return document.activeElement.matches('body, .exit') || apart;
}"""
# A link in the middle of a sentence may be smaller (WCAG 2.2, 2.5.8).
SMALL = """() => [...document.querySelectorAll('main :is(a, button, label), footer :is(a, button)')]
    .filter(e => e.checkVisibility() && !e.matches('.first, .clear'))
    .filter(e => !e.closest('p:not(.small, .ways, .apart)'))
    .filter(e => e.getBoundingClientRect().height < 24).map(e => e.textContent.trim())"""
SIDEWAYS = "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"


def none_of(visitor, name):
    return visitor.page.locator(f'input[name="{name}"][value="----"]')


@pytest.mark.parametrize("script", [True, False], ids=["script on", "script off"])
def test_clear_takes_a_choice_back(visit, script):
    visitor = visit("kinds", java_script_enabled=script).begin()
    visitor.tick("one", 1).press().press("go", "back")
    visitor.page.locator("fieldset", has_text="Which one?").locator(".clear").click()
    visitor.press().press("go", "back")
    expect(none_of(visitor, "one")).to_be_checked()


def test_clear_is_out_of_sight_until_something_is_chosen_and_the_keyboard_finds_it(visit):
    visitor = visit("kinds").begin()
    clear = visitor.page.locator("fieldset", has_text="Which one?").locator(".clear")
    assert clear.evaluate("e => getComputedStyle(e).clipPath") != "none"
    visitor.tick("one", 1)
    assert clear.evaluate("e => getComputedStyle(e).clipPath") == "none"
    assert clear.evaluate("e => getComputedStyle(e, '::after').content") == '"Clear"'
    none_of(visitor, "one").check(force=True)
    none_of(visitor, "one").focus()
    assert clear.evaluate("e => getComputedStyle(e).clipPath") == "none"


def test_the_later_of_typing_and_refusing_holds(visit):
    visitor = visit("kinds").begin()
    box, refusal = visitor.page.locator("[name=line]"), '[name="line-missing"][value="-099"]'
    box.fill("7")
    visitor.page.locator(refusal).check()
    expect(box).to_have_value("")
    box.fill("8")
    expect(visitor.page.locator(refusal)).not_to_be_checked()


def test_what_a_refusal_took_out_of_a_box_comes_back_with_clear(visit):
    visitor = visit("kinds").begin()
    visitor.page.locator("[name=line]").fill("7")
    visitor.page.locator('[name="line-missing"][value="-099"]').check()
    visitor.page.locator(".analogue .clear").click()
    expect(visitor.page.locator("[name=line]")).to_have_value("7")


def test_the_slider_can_be_emptied(visit):
    visitor = visit("kinds").begin()
    visitor.page.locator("input[type=range]").press("ArrowRight")
    visitor.page.get_by_role("button", name="Clear").click()
    expect(visitor.page.locator("[name=line]")).to_have_value("")
    expect(visitor.page.locator("input[type=range]")).to_have_class("untouched")


def test_what_is_pasted_is_whole_and_the_count_says_what_is_too_many(visit):
    visitor = visit("kinds").begin().press().press()
    area = visitor.page.locator("textarea[name=story]")
    area.fill("x" * 590)
    spoken = visitor.page.locator("[role=status].hidden").last
    expect(spoken).to_have_text("10 characters left")
    area.fill("😀" * 601)
    expect(spoken).to_have_text(re.compile("^1 characters too many"))
    assert len(area.input_value()) == 601


def test_consent_says_what_is_missing_and_keeps_every_tick(visit):
    visitor = visit().open().follow().follow().tick_first().press()
    boxes = visitor.page.locator("input[type=checkbox]")
    boxes.first.check()
    visitor.page.locator("button[value=agree]").click()
    expect(visitor.page.get_by_role("alert")).to_be_focused()
    expect(boxes.first).to_be_checked()
    expect(boxes.nth(1)).to_have_accessible_description(re.compile("Tick this to take part"))
    assert visitor.page.locator("[aria-invalid=true]").count() == boxes.count() - 1
    visitor.page.locator("button[value=decline]").click()
    visitor.page.wait_for_url("**/declined?*")


def test_eligibility_says_what_is_missing_and_keeps_every_choice(visit):
    visitor = visit().open().follow().follow()
    name, value = next(iter(visitor.choices().items()))
    visitor.tick(name, value)
    visitor.page.locator("main .primary").click()
    expect(visitor.page.get_by_role("alert")).to_be_focused()
    expect(visitor.page.locator(f'[name={name}][value="{value:0>4}"]')).to_be_checked()
    assert visitor.page.locator("fieldset[aria-invalid=true]").count() == len(visitor.choices()) - 1


def test_a_note_comes_before_the_answers_end_and_any_button_keeps_them(visit):
    visitor = visit("kinds")
    visitor.page.clock.install()
    visitor.begin()
    visitor.page.clock.fast_forward((IDLE_SECONDS - NOTICE_SECONDS - 5) * 1000)
    expect(visitor.page.locator("#kept")).to_have_count(0)
    visitor.page.clock.fast_forward(6000)
    expect(visitor.page.locator("#kept[role=status]")).to_contain_text("15 minutes")


def test_a_follow_up_is_said_marked_and_in_focus(visit):
    visitor = visit().begin().walk_to("talk_happened")
    visitor.tick("talk_happened", 1).press()
    expect(visitor.page.get_by_role("status").first).to_contain_text("more question")
    assert re.search(r"#q\d+$", visitor.page.url)
    assert visitor.page.evaluate("'new' in document.activeElement.dataset")
    visitor.press()
    assert "#" not in visitor.page.url


def test_text_at_twice_its_size_does_not_scroll_sideways_on_a_phone(visit):
    visitor = visit("kinds", viewport={"width": 390, "height": 844}).begin()
    while visitor.screen == "questions":
        visitor.page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert visitor.page.evaluate(SIDEWAYS) == 0
        visitor.press()


def test_at_great_zoom_the_way_out_covers_nothing_that_the_keyboard_reaches(visit):
    visitor = visit("kinds", viewport={"width": 320, "height": 256}).begin()
    for _ in range(25):
        visitor.page.keyboard.press("Tab")
        assert visitor.page.evaluate(AT_EXIT), visitor.page.evaluate(
            "document.activeElement.outerHTML.slice(0, 90)"
        )


def test_targets_are_large_enough_to_hit(visit):
    visitor = visit("kinds").open("eligibility")
    while visitor.screen != "done":
        assert visitor.page.evaluate(SMALL) == []
        if visitor.screen == "check":
            visitor.tick("code", "yes").press("go", "send")
        elif visitor.screen == "consent":
            visitor.tick("c_read", 1).press("go", "agree")
        else:
            visitor.tick_first().press()


def test_hints_ends_and_errors_describe_their_questions(visit):
    visitor = visit("kinds").begin()
    visitor.page.locator("[name=line]").fill("500")
    visitor.press()
    question = visitor.page.locator("fieldset.analogue")
    said = "Enter a whole number from 0 to 100"
    expect(question).to_have_accessible_description(re.compile(f"0 = Not at all.*{said}"))
    expect(visitor.page.locator("[name=line]")).to_have_accessible_description(re.compile(said))
    expect(visitor.page.locator("[name=line]")).to_have_attribute("aria-invalid", "true")
    visitor.page.locator("[name=line]").fill("50")
    visitor.press().press()
    hint = re.compile("Just one. Up to 20 characters")
    expect(visitor.page.locator("[name=word]")).to_have_accessible_description(hint)
