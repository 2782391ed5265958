"""A choice that cannot be undone is never the filled button of a page."""

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).parents[2] / "templates"

# What a filled button may say: it leads on, or what it does can be done again the other way.
LEADS_ON = """
GO_ON|READ_ABOUT|TO_THE_START|KIOSK_NEXT|SEE_THANKS|CODE_NOTED|SAVE_AND_CHECK
Walk it again from the start|Walk again from the start|Go on|Go on reading|Start reading|Next text
Start|Sign in|Set the password|Change the password|I have written them down
Switch it on|Switch it off|step.button|See a new preview|See how far it came
Make the file again|Download|Start it again
Make and download a table (CSV)|Waive what is ticked|Add the comment|Add the note
Put it in|Submit
"""
ALLOWED = {name for line in LEADS_ON.split("\n") for name in line.split("|") if name}

FILLED = re.compile(
    r"<(?:button|a)\b(?P<tag>(?:[^<>]|\{\{.*?\}\})*?class=\"[^\"]*\bprimary\b.*?)>(?P<label>.*?)</(?:button|a)>"
    r"|way\((?P<args>[^}]*?class=\"primary[^}]*?)\)"
)


def filled_buttons():
    for path in sorted(TEMPLATES.rglob("*.html")):
        for found in FILLED.finditer(path.read_text("utf-8")):
            said = found["label"] or found["args"] or ""
            yield pytest.param(said, id=f"{path.relative_to(TEMPLATES)}: {said[:60]}")


@pytest.mark.parametrize("said", list(filled_buttons()))
def test_a_filled_button_leads_on_or_can_be_undone(said):
    # Where it can be undone it is named above; else it is drawn like the ways beside it.
    assert any(name in said for name in ALLOWED)


@pytest.mark.parametrize("name", ["Sign", "Recall for good", "Delete", "Make this release"])
def test_what_is_final_is_in_no_list_of_what_leads_on(name):
    assert name not in ALLOWED


def test_a_step_that_freezes_is_drawn_like_the_way_beside_it():
    page = (TEMPLATES / "research" / "step.html").read_text("utf-8")
    assert 'step.name in ("open", "close") %} class="primary"' in page


def test_agreeing_and_declining_are_drawn_alike():
    page = (TEMPLATES / "respond" / "consent.html").read_text("utf-8")
    buttons = re.search(r'<p class="ways equal">(.*?)</p>', page)
    assert buttons is not None
    assert buttons[1].count("<button name=") == 2
    assert "class=" not in buttons[1]
