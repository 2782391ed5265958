"""Sending: exactly one row whatever happens, a code that works, and nothing left behind."""

import sqlite3
from base64 import urlsafe_b64encode

import pytest

from survey.respondents import submission
from survey.respondents.drafts import CODE_SECONDS
from survey.storage import answers, batches
from survey.storage.drafts import IDLE_SECONDS
from tests.conftest import folder_of

TO_SPARE = 60


@pytest.fixture
def mood(site):
    return site("minimal")


def at_check(site):
    return site.client().begin().answer(mood=2)


# Exactly one row, and the client is told.


def test_sending_needs_a_choice_about_the_code(mood):
    client = at_check(mood).press("go", "send")
    assert client.text.count("Choose whether you want a code.") == 2
    assert (client.page.title.startswith("Error: "), mood.rows) == (True, [])


def test_the_thank_you_page_shows_a_code_only_to_who_wanted_one(mood):
    codes = [at_check(mood).send(code=wanted).code for wanted in (True, False)]
    assert [len(code.split("-")) for code in codes if code] == [5]


def test_sending_twice_makes_one_row_and_shows_the_same_code(mood):
    client = at_check(mood)
    tab = client.another_tab()
    first = client.send(code=True).code
    assert tab.send(code=True).code == first
    assert len(mood.rows) == 1


@pytest.mark.parametrize("overtaken", [True, False])
def test_a_double_click_shows_the_code_that_was_stored(mood, monkeypatch, overtaken):
    """The second request arrives while the first is about to be stored, and may overtake it."""
    client = at_check(mood)
    impatient = client.another_tab()
    accept = answers.accept

    def slow(db, first):
        def second(db, response):
            if not overtaken:
                accept(db, first)
            return accept(db, response)

        monkeypatch.setattr(answers, "accept", second)
        impatient.send(code=True)
        return accept(db, first)

    monkeypatch.setattr(answers, "accept", slow)
    code = client.send(code=True).code
    assert (len(mood.rows), impatient.code) == (1, code)
    withdraw(mood, code)
    assert mood.rows == []


def test_a_reload_while_the_answer_is_being_stored_loses_no_code(mood, monkeypatch):
    client = at_check(mood)
    curious = client.another_tab()
    accept = answers.accept

    def slow(db, response):
        curious.open("check")
        return accept(db, response)

    monkeypatch.setattr(answers, "accept", slow)
    withdraw(mood, client.send(code=True).code)
    assert mood.rows == []


def test_two_tabs_lose_no_answer(site):
    kinds = site("kinds")
    client = kinds.client().begin()
    tab = client.another_tab()
    client.answer(one=1)
    tab.answer(count=5)
    for _ in range(2):
        tab.next()
    assert tab.send().screen == "done"
    assert [row["count"] for row in kinds.rows] == [5]


def test_back_after_sending_shows_the_thank_you_page_and_sends_nothing_more(mood):
    client = at_check(mood)
    question = client.visited[-2]
    code = client.send(code=True).code
    for address in (question, "check", "stop", "done"):
        assert client.open(address).code == code
    assert len(mood.rows) == 1


def test_another_answer_posted_after_sending_changes_nothing(mood):
    client = mood.client().begin()
    tab = client.another_tab()
    client.answer(mood=2).send(code=True)
    assert tab.answer(mood=3).screen == "done"
    assert [row["mood"] for row in mood.rows] == [2]


def test_after_the_thank_you_page_without_a_code_the_browser_holds_nothing(mood):
    client = at_check(mood).send()
    assert client.browser.get_cookie("s") is None
    assert client.headers["Clear-Site-Data"] == '"cache", "storage"'


def test_leaving_the_thank_you_page_forgets_the_code(mood):
    client = at_check(mood).send(code=True)
    client.open("leave")
    assert client.open("done").status == 410
    assert mood.drafts == 0


def test_the_code_is_shown_again_for_a_quarter_of_an_hour(mood):
    client = at_check(mood).send(code=True)
    code = client.code
    mood.later(CODE_SECONDS - TO_SPARE)
    assert client.open("done").code == code
    mood.later(2 * TO_SPARE)
    assert "your answers arrived, once" in client.open("done").text


def test_a_sent_draft_holds_no_answer_any_more(mood):
    client = at_check(mood).send(code=True)
    draft = mood.services.drafts.find(mood.secret_of(client), mood.version.study)
    assert (draft.answers, draft.choices) == ({}, {})


# What can go wrong on the way.


def failing_once(monkeypatch, what, name):
    """``what.name`` breaks off once, as when the process is killed there."""
    works = getattr(what, name)

    def broken(*args, **kwargs):
        monkeypatch.setattr(what, name, works)
        raise ConnectionError("killed")

    monkeypatch.setattr(what, name, broken)


def break_off(client, **choice):
    """Press send, and see an error page."""
    with pytest.raises(AssertionError, match="500"):
        client.send(**choice)


def test_after_a_crash_behind_the_row_the_client_gets_the_thank_you_page(mood, monkeypatch):
    client = at_check(mood)
    failing_once(monkeypatch, submission, "_emptied")
    break_off(client, code=True)
    assert (len(mood.rows), client.open("check").screen) == (1, "done")
    withdraw(mood, client.code)
    assert mood.rows == []


def test_sending_again_after_a_crash_behind_the_row_makes_no_second_one(mood, monkeypatch):
    client = at_check(mood)
    failing_once(monkeypatch, submission, "_emptied")
    break_off(client, code=True)
    assert client.send(code=True).screen == "done"
    assert len(mood.rows) == 1


def test_after_a_crash_before_the_row_the_answers_can_still_be_changed_and_sent(mood, monkeypatch):
    client = at_check(mood)
    failing_once(monkeypatch, answers, "accept")
    break_off(client, code=True)
    client.open("check").change("How is your mood?").answer(mood=3).send()
    assert [row["mood"] for row in mood.rows] == [3]


def test_a_disk_that_takes_nothing_is_told_and_the_answers_wait(mood, monkeypatch):
    client = at_check(mood)

    def full(*args, **kwargs):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(answers, "accept", full)
    with pytest.raises(AssertionError, match="503"):
        client.send()
    monkeypatch.undo()
    assert client.send().screen == "done"
    assert len(mood.rows) == 1


# Expired, forged and foreign cookies.


def test_after_two_idle_hours_the_draft_is_gone(mood):
    client = mood.client().begin()
    mood.later(IDLE_SECONDS + 1)
    assert "unfinished answers for two hours" in client.next().text


def test_every_page_begins_the_two_hours_anew(mood):
    client = mood.client().begin()
    for _ in range(3):
        mood.later(IDLE_SECONDS - TO_SPARE)
        client.next().open(client.visited[4])
    assert client.asked == ["mood"]


@pytest.mark.parametrize("cookie", ["nonsense", "eyJrIjoiQUFBQSJ9.aaaaaa.bbbbbbbbbbb", ""])
def test_a_forged_cookie_starts_over_with_a_kind_sentence(mood, cookie):
    client = mood.client().begin()
    client.browser.set_cookie("s", cookie)
    assert "welcome to start again" in client.next().text
    assert client.open(client.page.link(rel="next")).screen == ""


@pytest.mark.parametrize("secret", [
    urlsafe_b64encode(bytes(32)).decode(), "AAAA", "&", 7, None, "é",
])  # fmt: skip
def test_a_secret_of_nobodys_opens_nothing(mood, secret):
    client = mood.client().begin()
    mood.plant_secret(client, secret)
    assert client.next().status == 410
    assert client.open("check").status == 410


def test_a_cookie_from_another_study_opens_nothing_here(open_app, site):
    both = site("minimal", studies=tuple(folder_of(n) for n in ("minimal", "branch")))
    client = both.client().begin()
    client.base = "/s/way/"
    assert client.open("check").status == 410
    assert client.open("/s/mood/check").asked == ["mood"]


def test_a_post_without_its_token_is_refused_and_changes_nothing(mood):
    client = mood.client().begin()
    answer = client.browser.post(client.here, data={"mood": 1, "shown": "mood"})
    assert answer.status_code == 400
    assert client.open("check").asked == ["mood"]


# Deleting by code.


def withdraw(site, typed):
    """Type a code on the delete page, and let the time pass in which it is carried out."""
    client = site.client().open("withdraw").press(code=typed)
    batches.carry_out_deletions(site.services.stores.pilot)
    return client


@pytest.mark.parametrize("typed", [
    str, str.lower, lambda code: code.replace("-", " "), lambda code: code.replace("-", ""),
    lambda code: f" {code.replace('0', 'o').replace('1', 'l')} ",
], ids=["as shown", "small", "spaced", "in one", "look-alikes"])  # fmt: skip
def test_a_code_deletes_the_row_and_its_texts_however_it_is_typed(site, typed):
    once = site("once")
    client = once.client().begin().answer(first="A surprise.").answer(upset=1).send(code=True)
    withdraw(once, typed(client.code))
    assert (once.rows, once.texts) == ([], [])


def test_a_code_deletes_nobody_elses_answers(mood):
    codes = [at_check(mood).send(code=True).code for _ in range(3)]
    withdraw(mood, codes[1])
    assert len(mood.rows) == 2


def test_hit_and_miss_give_the_same_bytes(mood):
    code = at_check(mood).send(code=True).code
    pages = []
    for typed in (code, code, "0000-0000-0000-0000-0000", "", "é" * 500):
        client = mood.client().open("withdraw")
        token = client.page.named("csrf_token")[0].value
        pages.append(client.press(code=typed).page.html.replace(token, ""))
    assert len(set(pages)) == 1


def test_the_delete_page_never_shows_an_answer_or_the_code(mood):
    code = at_check(mood).send(code=True).code
    page = mood.client().open("withdraw").press(code=code).page.html
    assert code not in page
    assert "Fair" not in page
