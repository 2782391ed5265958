"""Parts of a page are kept between clients, for speed: never a part that holds an answer."""

import re

import pytest

from tests.journeys.client import Journey
from tests.journeys.page import Page
from tests.journeys.walking import blank, walk

CANARY = "canary in the mine"


def pages_of(app, **answers):
    """Every page of questions, at its first showing and after Back, without what is drawn anew."""
    client = Journey(app, "kinds").begin()
    shown = []
    while "/questions/" in client.here:
        shown.append(client.page.html)
        before = client.here
        given = {n: v for n, v in answers.items() if f'name="{n}"' in client.page.html}
        client.answer(**given)
        shown.append(Journey.open(client, before).page.html if given else "")
        client.next()
    return [re.sub(r'csrf_token" value="[^"]*"', "", page) for page in shown]


@pytest.fixture
def after_somebody(app):
    """The application after somebody has answered everything and looked at it again."""
    pages_of(app, one=1, some=[1], line=40, count=3, view_1=2, word=CANARY)
    return app


def test_a_page_shows_the_next_client_no_tick_and_no_word(after_somebody):
    pages = pages_of(after_somebody)
    assert not any(Page(page).chosen or CANARY in page for page in pages)


def test_every_client_has_a_token_of_their_own(app):
    one, other = (Journey(app, "kinds").begin().page.named("csrf_token")[0].value for _ in "ab")
    assert one != other


def test_what_somebody_answered_is_shown_to_them(app):
    assert any(Page(page).chosen == ["1"] for page in pages_of(app, one=1))


def test_a_whole_walk_of_one_client_leaves_nothing_on_the_check_page_of_another(after_somebody):
    client = walk(Journey(after_somebody, "kinds").begin(), blank)
    assert CANARY not in client.page.html
