"""What is alike for every client is rendered once: nothing of one can be in what is kept."""

import re
from typing import Any

import pytest
from flask import current_app
from flask_wtf.csrf import generate_csrf

from forms.draft import Draft
from forms.form_fields import fixed_width
from forms.page_view import page_view
from survey.respondents import rendered_parts
from survey.respondents.rendered_parts import MOST_KEPT, render_frame, render_question
from survey.respondents.screens import Navigation
from survey.services import services

CANARY = "canary in the mine"
# A choice that is made and stands for an answer.
CHOSEN = re.compile(rf'value="(?!{fixed_width("")}")[^"]+"[^>]* checked')
BEGUN = Draft(seed="one", words="", language="en", started=0)
ANSWERED = Draft(
    seed="two",
    words="",
    language="en",
    started=0,
    answers={"one": 1, "line": 40, "count": 3, "view_1": 2, "view_2": 1, "word": CANARY},
)


@pytest.fixture
def kinds(app, study):
    with app.test_request_context():
        rendered_parts._kept.cache_clear()
        yield study("kinds")


def html(study, draft):
    """Every question of every page."""
    views = [view for page in study.pages for view in page_view(study, draft, page).questions]
    return "\n".join(map(render_question, views))


def kept():
    return rendered_parts._kept.cache_info().currsize


def test_a_question_that_is_kept_reads_as_one_that_is_rendered_anew(kinds):
    first, again = html(kinds, BEGUN), html(kinds, BEGUN)
    rendered_parts._kept.cache_clear()
    assert first == again == html(kinds, BEGUN)


def test_no_answer_is_kept(kinds):
    html(kinds, BEGUN)
    before = kept()
    assert CANARY in html(kinds, ANSWERED)
    assert 0 < before == kept()


def test_what_is_kept_shows_the_next_client_no_answer(kinds):
    html(kinds, ANSWERED)
    seen = html(kinds, BEGUN)
    assert (CANARY in seen, bool(CHOSEN.search(seen)), 'value="40"' in seen) == (
        False,
        False,
        False,
    )


def test_no_more_is_kept_than_the_bound(kinds):
    (view,) = page_view(kinds, BEGUN, kinds.pages[0]).questions[:1]
    for number in range(MOST_KEPT + 10):
        rendered_parts._kept(lambda *_: "", view.id, number)
    assert kept() == MOST_KEPT


FRAME = ("header", "footer")


def frame(ways):
    """The frame of a page with these ways on, header and footer."""
    parts: Any = current_app.jinja_env.globals["parts"]
    version = services().availability.versions()[0]
    return "".join(render_frame(getattr(parts.frame, part), ways, version) for part in FRAME)


def test_the_frame_is_kept_and_holds_no_token_of_a_client(kinds):
    page = frame(Navigation("/s/kinds/", live=True))
    before = kept()
    assert page == frame(Navigation("/s/kinds/", live=True))
    assert (generate_csrf() in page, "csrf" in page, kept() - before) == (False, False, 0)


def test_the_frame_of_a_board_holds_no_signed_state_and_is_not_kept(kinds):
    first, second = (
        frame(Navigation("", preview=True, hidden=(("state", state),))) for state in (CANARY, "two")
    )
    assert (CANARY in first, CANARY in second, kept()) == (False, False, 0)
