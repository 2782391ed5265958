"""A choice counts where somebody made it, and can be taken back, without script too."""

from collections.abc import Iterator

import pytest

from forms.platform_texts import CHOOSE_CODE, ENTRANCE_ERRORS, GRID_REFUSED, NO_ANSWER
from tests.journeys.client import Journey
from tests.journeys.page import Control
from tests.journeys.site import Site
from tests.journeys.walking import answers, blank, first_offered, walk


@pytest.fixture
def site(open_app):
    """Serves a study and gives what can be seen of it."""
    return lambda name: Site(open_app(name), name)


def groups(client: Journey) -> dict[tuple[str, str], list[Control]]:
    """(form, name) → the radio buttons of each group, in the order of the page."""
    found: dict[tuple[str, str], list[Control]] = {}
    for control in client.page.controls:
        if control.kind == "radio":
            found.setdefault((control.form, control.name), []).append(control)
    return found


def pages(client: Journey, **given) -> Iterator[Journey]:
    """Every page of a walk, from the eligibility questions to the check page, and Stop."""
    yield client.start().inform().open(client.page.link(rel="next"))
    client.press(**{name: 1 for _, name in groups(client)})
    yield client
    client.agree()
    while client.screen == "questions":
        yield client
        client.answer(**answers(client, first_offered, given))
        if client.screen == "support":
            client.press("go", "on")
    yield client
    yield client.open("stop")


@pytest.mark.parametrize(("study", "given"), [
    ("kinds", {}), ("once", {}), ("branch", {"been": 1}), ("branch", {"been": 2}),
    ("therapist-tears", {"saw_tears": 1}), ("therapist-tears", {"saw_tears": 3}),
])  # fmt: skip
def test_every_group_of_radios_begins_with_no_answer(site, study, given):
    met = 0
    for client in pages(site(study).client(), **given):
        for (_, name), radios in groups(client).items():
            assert radios[0].chosen == "", f"{name} at {client.here}"
            assert [r.chosen for r in radios].count("") == 1
            assert sum(r.checked for r in radios) == 1, f"{name} at {client.here}"
            met += 1
        assert NO_ANSWER in client.page.text or not groups(client)
    assert met > 3


# A browser that marks the first button of every group by itself.


def marked(client: Journey) -> dict[str, str]:
    """What such a browser sends beside what is asked."""
    return {name: radios[0].value for (_, name), radios in groups(client).items()}


def test_a_browser_that_marks_the_first_button_is_let_past_no_question(site):
    client = site("kinds").client().start().inform().open("eligibility")
    client.press(**marked(client))
    assert ENTRANCE_ERRORS["unanswered"] in client.text


def test_a_browser_that_marks_the_first_button_agrees_to_nothing(site):
    kinds = site("kinds")
    client = kinds.client().start().inform().be_eligible()
    client.press("go", "agree", c_read=1, **marked(client))
    walk(client).send()
    assert [row["c_open"] for row in kinds.rows] == [0]


def test_a_browser_that_marks_the_first_button_answers_nothing(site):
    kinds = site("kinds")
    client = kinds.client().begin()
    while client.screen == "questions":
        client.answer(**marked(client))
    assert client.press("go", "send", **marked(client)).text.count(CHOOSE_CODE) == 2
    client.send()
    (row,) = kinds.rows
    asked = ("one", "line", "count", "view_1", "view_2", "rule_1")
    assert {row[name] for name in asked} == {-95}


# Taking back.


@pytest.mark.parametrize(("pages_before", "name", "value"), [
    (0, "one", 1), (0, "one", -98), (0, "count", 3), (0, "line-missing", -99), (1, "view_1", 2),
    (1, "view_2", -98), (1, "rule_1", 1),
])  # fmt: skip
@pytest.mark.parametrize("way", ["next", "back", "support", "change"])
def test_a_choice_that_is_taken_back_is_gone(site, pages_before, name, value, way):
    kinds = site("kinds")
    client = kinds.client().begin()
    for _ in range(pages_before):
        client.next()
    there = client.here
    client.answer(**{name: value})
    if way == "change":
        walk(client, blank)
        there += "?change=1"
    client.open(there)
    assert client.ticked(name) == [str(value)]
    taken_back = {name: ""}
    if way in ("next", "change"):
        client.answer(**taken_back)
    elif way == "back" and not pages_before:
        client.press("go", "stop", **taken_back)
    else:
        client.press("go", way, **taken_back)
    assert client.open(there).ticked(name) == []
    walk(client, blank).send()
    assert [row[name.removesuffix("-missing")] for row in kinds.rows] == [-95]


def test_a_required_question_can_be_emptied_and_is_asked_for(site):
    client = site("branch").client().begin().answer(been=1).back().answer(been="")
    assert client.page.title.startswith("Error: ")


def test_a_row_of_a_refused_grid_that_is_emptied_stays_refused(site):
    kinds = site("kinds")
    client = kinds.client().begin().next().press("refuse", "views").answer(view_1=2).back()
    client.answer(view_1="").back()
    assert GRID_REFUSED in client.text
    assert client.ticked("view_1") == []


# Browsers that know no button outside of its form.


@pytest.mark.parametrize("study", ["kinds", "once", "branch", "therapist-tears"])
def test_every_button_of_a_client_stands_inside_its_form(site, study):
    for client in pages(site(study).client()):
        stray = [c for c in client.page.controls if "form" in c.attributes or not c.form]
        assert stray == [], client.here
        ways = {c.value for c in client.page.controls if c.tag == "button" and c.name == "go"}
        if client.screen == "questions":
            assert {"stop", "break", "support", "information"} <= ways


@pytest.mark.parametrize("way", ["stop", "break", "support", "information"])
def test_every_way_out_keeps_what_was_chosen(site, way):
    client = site("kinds").client().begin()
    client.press("go", way, one=1).press("go", "continue")
    assert client.ticked("one") == ["1"]


def test_after_an_error_no_choice_is_made_that_nobody_made(site):
    client = site("kinds").client().begin().answer(line="1000")
    assert "Enter a whole number" in client.text
    found = groups(client).items()
    checked = {name: [r.chosen for r in radios if r.checked] for (_, name), radios in found}
    assert checked == {"one": [""], "line-missing": [""], "count": [""]}
