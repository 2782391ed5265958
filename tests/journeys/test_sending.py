"""Sending: exactly one row whatever happens, a code that works, and nothing left behind."""

import sqlite3
from base64 import urlsafe_b64encode

import pytest

from survey.crypto import new_code
from survey.respondents import submission
from survey.storage import answers, batches
from survey.storage.drafts import CODE_SECONDS, IDLE_SECONDS, SENT_SECONDS
from survey.storage.duties import LATE_SECONDS
from survey.storage.maintenance import MaintenanceThread
from tests.conftest import folder_of

TO_SPARE = 60
OLDER = "7QX2-9KFM-0A1B-ZZTR-C4D5"  # a code from before the check letter


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
    assert [len(code.split("-")) for code in codes if code] == [6]


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
    assert "This browser can show this page again for 15 minutes" in client.text
    mood.later(2 * TO_SPARE)
    assert "your answers arrived, once" in client.open("done").text


def test_without_a_code_a_lost_thank_you_page_can_be_loaded_again_for_a_minute(mood):
    client = at_check(mood)
    with client.browser.session_transaction() as session:
        cookie = dict(session)
    client.send()
    for seconds, screen in ((SENT_SECONDS - 10, "Thank you"), (20, "Start again")):
        mood.later(seconds)
        with client.browser.session_transaction() as session:
            session.update(cookie)
        assert client.open("done").page.title.startswith(screen)


def keeper_of(site, clock):
    """The keeper of the site's files, in place of the site's own, at a time of the test's own."""
    here = site.services
    here.stop()
    return MaintenanceThread(
        here.stores, here.counters, clock=lambda: clock[0], accepted_of=here.keys.accepted
    )


def run(keeper, clock, seconds):
    for _ in range(seconds):
        clock[0] += 1
        keeper.tick()


def test_the_file_of_drafts_tells_no_time_of_an_answer_that_was_sent(mood):
    ends = []
    for later, wants_code in ((0, True), (5000, True), (900, False)):
        mood.later(later)
        at_check(mood).send(code=wants_code)
        sql = "SELECT expires FROM drafts"
        ends.append({e for (e,) in mood.services.stores.drafts.conn.execute(sql)})
    assert ends == [{3600}, {3600}, {1800, 3600}]


@pytest.mark.parametrize(("wants_code", "still", "gone"), [(True, 899, 42), (False, 59, 62)])
def test_a_sent_draft_and_its_token_go_soon(mood, wants_code, still, gone):
    """Within two minutes without a code, soon after a quarter of an hour with one."""
    clock = [mood.services.drafts.clock()]
    at_check(mood).send(code=wants_code)
    keeper, db = keeper_of(mood, clock), mood.services.stores.pilot
    run(keeper, clock, still)
    assert (mood.drafts, tokens(db)) == (1, 1)
    run(keeper, clock, gone)
    assert (mood.drafts, tokens(db), len(mood.rows)) == (0, 0, 1)
    keeper._release_lock()


def tokens(db):
    sql = "SELECT (SELECT count(*) FROM accepted) + (SELECT count(*) FROM arriving_accepted)"
    return db.conn.execute(sql).fetchone()[0]


def test_i_have_written_it_down_ends_with_a_page_without_the_code(mood):
    client = at_check(mood).send(code=True)
    code = client.code
    client.press()
    assert (client.screen, mood.drafts, client.page.title) == ("finished", 0, "Finished – Survey")
    assert code not in client.page.html
    assert client.browser.get_cookie("s") is None
    assert client.open("done").status == 410


def test_a_code_still_deletes_after_it_was_written_down(mood):
    client = at_check(mood).send(code=True)
    code = client.code
    client.press()
    withdraw(mood, code)
    assert mood.rows == []


def test_what_was_not_sent_is_not_dropped_by_a_post_to_the_last_page(mood):
    client = at_check(mood)
    token = client.page.named("csrf_token")[0].value
    client.browser.post("/s/mood/done", data={"csrf_token": token})
    assert client.open("check").text.count("Send my answers") == 1


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


def test_while_drafts_fill_the_disk_nobody_begins_and_whoever_has_begun_sends(mood, monkeypatch):
    client = at_check(mood)
    monkeypatch.setattr("survey.storage.drafts.DISK_SHARE", 10**9)
    mood.services.maintenance._look()
    late = mood.client().start().inform().be_eligible()
    with pytest.raises(AssertionError, match="503"):
        late.agree()
    assert client.send().screen == "done"
    monkeypatch.undo()
    mood.services.maintenance._look()
    assert late.agree().screen == "questions"


# Expired, forged and foreign cookies.


def test_after_two_idle_hours_the_draft_is_gone(mood):
    client = mood.client().begin()
    mood.later(IDLE_SECONDS + 1)
    assert "can be opened for two hours after the last page" in client.next().text


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
    assert "not_taken?old_page" in answer.headers["Location"]
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
    for typed in (code, code, new_code(), OLDER):
        client = mood.client().open("withdraw").press(code=typed)
        pages.append((client.visited[-1], client.page.html))
    assert len(set(pages)) == 1


def test_the_reply_says_when_a_code_deletes_and_that_is_when_it_does(mood):
    client = at_check(mood).send(code=True)
    code, clock = client.code, [mood.services.drafts.clock()]
    reply = mood.client().open("withdraw").press(code=code)
    assert "Deleting takes a minute at most" in reply.text
    keeper = keeper_of(mood, clock)
    run(keeper, clock, 1)
    assert mood.rows == []
    keeper._release_lock()


def test_where_deleting_has_failed_for_ten_minutes_the_reply_says_so(mood, monkeypatch):
    code, here = at_check(mood).send(code=True).code, mood.services
    here.stop()
    keeper, clock = here.maintenance, [here.drafts.clock()]
    monkeypatch.setattr(keeper, "_clock", lambda: clock[0])
    with monkeypatch.context() as damaged:
        damaged.setattr("survey.storage.maintenance.delete_asked", fails)
        assert "a minute at most" in mood.client().open("withdraw").press(code=code).text
        run(keeper, clock, 60)
        clock[0] += LATE_SECONDS
        run(keeper, clock, 60)
        for typed in (code, new_code()):
            reply = mood.client().open("withdraw").press(code=typed)
            assert "kept, and tried again until it is done" in reply.text
            assert "a minute at most" not in reply.text
        assert mood.rows
    run(keeper, clock, 60)
    assert mood.rows == []
    assert "a minute at most" in mood.client().open("withdraw?typed").text
    keeper._release_lock()


def fails(*_, **__):
    raise sqlite3.DatabaseError


def test_a_code_from_before_the_check_letter_still_deletes(mood, monkeypatch):
    monkeypatch.setattr(submission, "new_code", lambda: OLDER)
    at_check(mood).send(code=True)
    withdraw(mood, OLDER.lower())
    assert mood.rows == []


@pytest.mark.parametrize(("slip", "said"), [
    (lambda code: "", "Type the code that was shown"),
    (lambda code: "  ", "Type the code that was shown"),
    (lambda code: code[:-1], "A code has 24 letters and digits in 6 groups of 4"),
    (lambda code: code + "0", "What you typed has another number of them"),
    (lambda code: swapped(code), "a letter is wrong or in the wrong place"),
    (lambda code: "é" * 500, "an older one has 5 groups"),
])  # fmt: skip
def test_what_cannot_be_a_code_is_said_at_the_box_and_looked_up_nowhere(
    mood, monkeypatch, slip, said
):
    code = at_check(mood).send(code=True).code
    monkeypatch.setattr(submission, "ask_deletion", no_look_up)
    client = mood.client().open("withdraw").press(code=slip(code))
    (box,) = client.page.named("code")
    described = box.attributes["aria-describedby"].split()
    assert (box.value, box.attributes["aria-invalid"]) == ("", "true")
    assert "code-error" in described
    assert client.page.html.count(said) == 2  # in the summary, and at the box
    assert client.page.title == "Error: Delete – Survey"
    assert 'href="#code"' in client.page.html


def no_look_up(*_):
    raise AssertionError("looked up")


def swapped(code):
    """The code with its first two different neighbours changed over."""
    at = next(n for n in range(3) if code[n] != code[n + 1])
    return code[:at] + code[at + 1] + code[at] + code[at + 2 :]


def test_no_page_of_the_delete_page_answers_a_post(mood):
    """A browser keeps, with a page that answered a post, what was posted."""
    code = at_check(mood).send(code=True).code
    for typed in (code, OLDER, "", code[:-1]):
        client = mood.client().open("withdraw")
        token = client.page.named("csrf_token")[0].value
        answer = client.browser.post("/s/mood/withdraw", data={"code": typed, "csrf_token": token})
        where = answer.headers["Location"]
        assert (answer.status_code, where.startswith("/s/mood/withdraw?")) == (303, True)
        assert "Set-Cookie" not in answer.headers
        assert not any(part in where for part in (*code.split("-"), "ZZ"))


def test_opening_the_reply_by_its_address_begins_no_cookie(mood):
    client = mood.client().open("withdraw?typed")
    assert "Deleting takes a minute at most" in client.text
    assert client.browser.get_cookie("s") is None


def test_the_delete_page_never_shows_an_answer_or_the_code(mood):
    code = at_check(mood).send(code=True).code
    page = mood.client().open("withdraw").press(code=code).page.html
    assert code not in page
    assert "Fair" not in page
