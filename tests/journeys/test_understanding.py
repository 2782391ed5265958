"""Two questions before consent: answered on the page, kept nowhere, counted in memory."""

import re

import pytest

from survey.collection.understanding import UnderstandingCounters
from survey.services import services
from survey.storage.counters import totals

QUESTIONS = ("u_code", "u_therapist")


@pytest.fixture
def flagship(site):
    return site("therapist-tears")


def at_consent(flagship):
    """A client who has read the information and may take part."""
    client = flagship.client().open("eligibility")
    return client.press(**{c.name: 1 for c in client.page.controls if c.kind == "radio"})


def counted(flagship):
    with flagship.app.app_context():
        return services().understanding._counts


def agree(client, **answers):
    ticks = {c.name: c.value for c in client.page.controls if c.kind == "checkbox"}
    return client.press("go", "agree", **ticks, **answers)


def test_the_page_says_right_or_not_right_and_shows_where_without_a_request(flagship):
    html = at_consent(flagship).page.html
    assert "“The code from the last page” is right." in html
    assert "“My name” is not right. You can read it again here." in html
    for name in QUESTIONS:
        asked = flagship.version.study.consent.comprehension[QUESTIONS.index(name)]
        heading = flagship.version.study.consent.informing[asked.passage].heading
        assert heading in html.split(asked.text)[1]


def test_no_answer_is_chosen_beforehand(flagship):
    chosen = [c for c in at_consent(flagship).page.controls if c.name in QUESTIONS and c.sent]
    assert {c.value for c in chosen} == {"----"}


@pytest.mark.parametrize("answers", [{}, {"u_code": 1, "u_therapist": 1}, {"u_code": 2}])
def test_whoever_leaves_them_blank_or_is_wrong_goes_on_with_the_same_button(flagship, answers):
    assert agree(at_consent(flagship), **answers).screen == "questions"


def test_what_was_chosen_is_in_no_cookie_no_address_and_no_file(flagship):
    lengths = set()
    for answers in ({"u_code": 1, "u_therapist": 1}, {"u_code": 2, "u_therapist": 2}):
        client = agree(at_consent(flagship), **answers)
        lengths.add(len(str(client.browser.get_cookie("s"))))
        assert not any(name in address for address in client.visited for name in QUESTIONS)
    assert len(lengths) == 1
    with flagship.app.app_context():
        services().counters.flush(services().stores.answers(pilot=True), pilot=True)
        events = totals(services().stores.answers(pilot=True), "therapist-tears")
    assert "consented" in events
    assert not any(re.search("u_code|understand", event) for event in events)


def test_each_who_agrees_or_declines_is_counted_once(flagship):
    agree(at_consent(flagship), u_code=2, u_therapist=1)
    at_consent(flagship).press("go", "decline")
    said = {(asked, kind): n for (_, _, asked, kind), n in counted(flagship).items()}
    assert said == {
        ("u_code", "right"): 1, ("u_therapist", "wrong"): 1,
        ("u_code", "blank"): 1, ("u_therapist", "blank"): 1,
    }  # fmt: skip


def test_totals_move_only_when_the_other_figures_do_and_are_rounded_down():
    counters = UnderstandingCounters()
    see = lambda step: counters.shown("s", pilot=False, step=step, grain=5)  # noqa: E731
    assert see((0, 0)) == {}
    for _ in range(9):
        counters.add("s", {"u": True}, pilot=False)
    assert see((0, 0)) == {}
    assert see((20, 10)) == {"u": {"right": 5, "wrong": 0, "blank": 0}}
    counters.add("s", {"u": True}, pilot=False)
    assert see((20, 10))["u"]["right"] == 5
    assert see((40, 20))["u"]["right"] == 10


def test_a_pilot_is_counted_apart():
    counters = UnderstandingCounters()
    counters.add("s", {"u": True}, pilot=True)
    counters.shown("s", pilot=False, step=(0, 0), grain=1)
    assert counters.shown("s", pilot=False, step=(20, 10), grain=1) == {}


def test_the_board_walks_and_reads_them(flagship):
    reader = flagship.client()
    walk = reader.open("/ethics/therapist-tears/flow?screen=consent").page.html
    assert "“The code from the last page” is right." in walk
    text = reader.open("/ethics/therapist-tears/text").text
    assert "right: The code from the last page" in text


def test_the_researcher_reads_that_totals_live_in_memory(flagship, signed_in):
    page = signed_in(flagship.app).get("/research/therapist-tears/figures/").text
    assert "Counted in memory by the server process that shows this page" in page
