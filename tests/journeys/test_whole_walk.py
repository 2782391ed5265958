"""A client answers by link, from the first page to the thank-you page."""

import pytest

from tests.journeys.walking import blank, first_offered, walk

MADE_WHEN_SENT = {"key", "deletion", "dur_band"}
SEEN, NOT_SEEN = {"saw_tears": 1}, {"saw_tears": 3}


@pytest.fixture
def flagship(site):
    return site("therapist-tears")


def promised(client):
    """Column → code, as the parts of the check page say what will be stored, each once."""
    rows = [row for part in client.check_parts() for row in part.rows]
    rows = [row for row in rows if len(row) == 4 and row[0] != "Column"]
    assert len({row[0] for row in rows}) == len(rows)
    return {name: code for name, _, code, _ in rows}


def pages_seen(client):
    return len({a.partition("#")[0] for a in client.visited if "/questions/" in a})


@pytest.mark.parametrize(("answers", "pages"), [(SEEN, 17), (NOT_SEEN, 9)], ids=["seen", "not"])
def test_both_branches_lead_to_the_thank_you_page(flagship, answers, pages):
    client = walk(flagship.client().begin(), **answers)
    assert pages_seen(client) == pages
    assert client.send().screen == "done"


@pytest.mark.parametrize("choose", [first_offered, blank], ids=["answered", "blank"])
@pytest.mark.parametrize("answers", [SEEN, NOT_SEEN], ids=["seen", "not"])
def test_the_row_holds_exactly_what_the_check_page_said(flagship, choose, answers):
    client = walk(flagship.client().begin(c_open=1), choose, **answers)
    promise = promised(client)
    client.send(code=True)
    (row,) = flagship.rows
    stored = {name: str(value) for name, value in row.items()}
    stored["fingerprint"] = row["fingerprint"].hex()[:12] + "…"
    assert promise.keys() == stored.keys()
    assert {n: c for n, c in promise.items() if n not in MADE_WHEN_SENT} == {
        n: c for n, c in stored.items() if n not in MADE_WHEN_SENT
    }


def test_every_kind_of_answer_arrives_as_it_was_given(site):
    kinds = site("kinds")
    client = kinds.client().begin()
    client.answer(one=0, some=[1, 2], line=100, count=10)
    client.answer(view_1=3, view_2=-97, rule_1=1)
    client.answer(word=" olé ", story="It rained.\r\nThen it stopped.").send()
    answers: dict[str, int | str] = {
        "one": 0,
        "some__red": 1,
        "some__blue": 1,
        "line": 100,
        "count": 10,
    }
    answers |= {"view_1": 3, "view_2": -97, "rule_1": 1}
    assert answers.items() <= kinds.rows[0].items()
    assert {text["text"] for text in kinds.texts} == {"olé", "It rained.\nThen it stopped."}


def test_whatever_is_left_blank_is_stored_as_blank(site):
    kinds = site("kinds")
    walk(kinds.client().begin(), blank).send()
    answers = {n: v for n, v in kinds.rows[0].items() if n in kinds.version.study.questions}
    assert set(answers.values()) == {-95}
    assert kinds.texts == []


def test_what_was_chosen_on_the_consent_page_is_stored(site):
    once = site("once")
    client = once.client().begin(c_open=1, c_quote=1)
    client.answer(first="A surprise.").answer(upset=1).send()
    assert (once.rows[0]["c_open"], once.texts[0]["c_quote"]) == (1, 1)


def test_a_choice_left_open_counts_as_no(site):
    once = site("once")
    once.client().begin().answer(first="A surprise.").answer(upset=1).send()
    assert (once.rows[0]["c_open"], once.texts[0]["c_quote"]) == (0, 0)


@pytest.mark.parametrize(("minutes", "band"), [(0, 1), (3, 2), (5, 2), (6, 3), (20, 4), (100, 4)])
def test_of_the_time_taken_only_a_band_is_stored(site, minutes, band):
    mood = site("minimal")
    client = mood.client().begin()
    mood.later(60 * minutes)
    client.answer(mood=1).send()
    assert mood.rows[0]["dur_band"] == band


def test_no_page_can_be_reached_before_it_is_due(site):
    client = site("branch").client().begin()
    assert client.open("check").asked == ["been"]
    assert client.open("done").asked == ["been"]


def test_titles_are_neutral_and_differ_from_step_to_step(flagship):
    client = flagship.client()
    titles = [client.start().page.title, client.inform().page.title]
    client.be_eligible()
    titles.append(client.page.title)
    client.agree()
    while client.screen == "questions":
        titles.append(client.page.title)
        client.answer(**({"saw_tears": 3} if client.asked == ["saw_tears"] else {}))
    titles += [client.page.title, client.send().page.title]
    assert len(set(titles)) == len(titles)
    assert all(title.endswith(" – Survey") and "tear" not in title.lower() for title in titles)


def test_every_page_says_its_way_on_in_plain_html(flagship):
    client = flagship.client().start()
    assert client.page.link(rel="next")
    assert client.inform().page.link(rel="next")
    walk(client.be_eligible().agree(), saw_tears=3)
    assert client.page.button().value == "send"
