"""Two people at one browser: the second is asked first, reads nothing, and consents for herself."""

import re
from typing import Any

import pytest

from tests.journeys.client import Journey
from tests.journeys.walking import walk

CANARY = "canary in the mine"
FIRST: dict[str, Any] = {"one": 1, "some": [1], "line": 40, "count": 3}


def answered(app, pages):
    """The first person, after so many pages of ``kinds``."""
    client = Journey(app, "kinds").begin()
    for given in ({**FIRST}, {"view_1": 2, "view_2": 1}, {"word": CANARY})[:pages]:
        client.answer(**{n: v for n, v in given.items() if f'name="{n}"' in client.page.html})
    return client


def second(first):
    """The person who opens the link at the same browser."""
    person = first.another_tab()
    return person.open(person.base)


def shows_nothing(page):
    """Whether a page holds no tick, no number and no word of the first person."""
    typed = re.search(r'(type="number"|type="text")[^>]* value="[^"]', page.html)
    return not (page.chosen or typed or CANARY in page.html)


@pytest.mark.parametrize("pages", [0, 1, 2, 3])
def test_whoever_opens_the_link_is_asked_first(app, pages):
    person = second(answered(app, pages))
    assert person.screen == "begun"
    assert shows_nothing(person.page)


@pytest.mark.parametrize("address", ["", "eligibility", "consent"])
def test_no_door_leads_past_the_question(app, address):
    first = answered(app, 1)
    assert first.another_tab().open(address).screen == "begun"


@pytest.mark.parametrize("pages", [0, 1, 2, 3])
def test_to_begin_anew_deletes_what_was_begun_and_asks_for_consent(app, pages):
    first = answered(app, pages)
    person = second(first).press("go", "anew")
    assert person.screen == ""
    assert person.open("consent").screen == "eligibility"
    for address in dict.fromkeys(first.visited):
        assert shows_nothing(person.open(address).page), address


@pytest.mark.parametrize("pages", [1, 2, 3])
def test_to_go_on_shows_no_answer_on_any_page(app, pages):
    first = answered(app, pages)
    person = second(first).press("go", "on")
    for address in dict.fromkeys((person.here, *first.visited, person.base + "check")):
        assert shows_nothing(person.open(address).page), address


def test_to_go_on_blank_to_the_end_shows_no_answer_either(app):
    person = second(answered(app, 2)).press("go", "on")
    while person.screen == "questions":
        assert shows_nothing(person.page)
        person.next()
    assert person.screen == "check"
    assert shows_nothing(person.page)
    assert "Exactly what we will store" not in person.page.html


@pytest.mark.parametrize("site", ["none", "cross-site"])
def test_an_address_out_of_the_history_asks_first(app, site):
    first = answered(app, 2)
    for address in dict.fromkeys(first.visited):
        person = first.another_tab().open(address, headers={"Sec-Fetch-Site": site})
        assert shows_nothing(person.page), address
        if person.screen == "information":
            person.press("go", "continue")
        assert person.screen == "begun", address


def test_a_reload_asks_nothing(app):
    first = answered(app, 1)
    first.open(first.here, headers={"Sec-Fetch-Site": "same-origin"})
    assert first.screen == "questions"


def test_help_and_information_lead_nobody_past_the_question(app):
    first = answered(app, 1)
    first.press("go", "support", count=7) if "count" in first.page.html else None
    person = second(first)
    for screen in ("information", "support"):
        person.open(screen)
        assert person.press("go", "continue").screen == "begun"


def test_what_was_answered_shows_again_once_something_new_is_answered(app):
    client = second(answered(app, 1)).press("go", "on")
    client.answer(view_1=2)
    assert client.back().page.chosen


def test_an_unfinished_page_is_asked_again_and_not_shown(app):
    first = Journey(app, "kinds").begin()
    first.press("go", "support", **FIRST)
    person = second(first).press("go", "on")
    assert person.screen == "questions"
    assert shows_nothing(person.page)


def test_a_blank_page_after_going_on_loses_no_earlier_answer(app):
    client = second(answered(app, 1)).press("go", "on")
    client.answer(view_1=2)
    client = walk(client)
    assert "This" in client.page.html


def test_the_first_ones_other_tab_cannot_write_into_the_new_draft(app):
    first = answered(app, 1)
    person = second(first).press("go", "anew")
    person.inform().be_eligible().agree()
    first.answer(view_1=2)
    assert first.screen in ("elsewhere", "questions")
    assert shows_nothing(person.open("check").page)


# Two studies in one browser.


def test_two_studies_in_one_browser_live_side_by_side(app):
    kinds = answered(app, 1)
    other = Journey(None, "mood", browser=kinds.browser).begin()
    assert kinds.answer(view_1=2).screen == "questions"
    walk(other).send()
    assert other.screen == "done"
    walk(kinds).send()
    assert kinds.screen == "done"


@pytest.mark.parametrize("end", ["leave", "declined", "stopped"])
def test_the_end_of_one_study_ends_no_other(app, end):
    kinds = answered(app, 1)
    Journey(None, "mood", browser=kinds.browser).begin().open(end)
    assert kinds.answer(view_1=2).screen == "questions"


def test_the_cookie_names_no_study(app):
    from base64 import urlsafe_b64decode

    kinds = answered(app, 1)
    value = kinds.browser.get_cookie("s").value
    body = value.removeprefix(".").split(".")[0]
    assert b"kinds" not in urlsafe_b64decode(body + "=" * (-len(body) % 4))


# A kiosk.


@pytest.fixture
def kiosk(app):
    return Journey(app, "kinds").open("kiosk")


def test_a_kiosk_offers_no_draft_to_the_next_person(kiosk):
    kiosk.inform().be_eligible().agree().answer(one=1)
    kiosk.start()
    assert kiosk.screen == ""
    for address in dict.fromkeys(kiosk.visited):
        assert shows_nothing(kiosk.open(address).page), address


@pytest.mark.parametrize("end", ["declined", "stopped", "thanks", "later", "done"])
def test_every_end_of_a_kiosk_leads_to_a_fresh_first_page(kiosk, end):
    kiosk.inform().be_eligible().agree()
    if end == "done":
        walk(kiosk).send(code=True)
        assert kiosk.code
    else:
        kiosk.open(end)
    assert f'url={kiosk.base}"' in kiosk.page.html
    kiosk.open(kiosk.base)
    assert (kiosk.screen, kiosk.open("done").status) == ("", 410)


def test_leaving_a_kiosk_leads_to_its_first_page(kiosk):
    kiosk.inform().be_eligible().agree().open("leave")
    assert kiosk.here == kiosk.base


def test_a_kiosk_that_nobody_touches_warns_and_then_deletes(kiosk):
    kiosk.inform().be_eligible().agree().answer(one=1)
    assert f"url={kiosk.base}idle?" in kiosk.page.html
    kiosk.open("idle")
    assert f'url={kiosk.base}"' in kiosk.page.html
    assert shows_nothing(kiosk.page)
    kiosk.press("go", "continue")
    assert kiosk.screen == "questions"
    kiosk.open("idle").start()
    assert kiosk.open("check").status == 410
