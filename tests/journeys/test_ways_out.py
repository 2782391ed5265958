"""Not taking part, stopping, leaving, asking for help; and a study that takes nobody."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from survey.clock import today_here
from survey.ethics.walkthrough import SAMPLE_CODE
from survey.studies.availability import FRESH_SECONDS
from tests.journeys.walking import walk
from tests.signing import approve_and_confirm

HELP = "These lines can help."


# Before the questions.


def test_who_may_not_take_part_gets_a_kind_ending_with_help_lines_and_leaves_no_cookie(site):
    mood = site("minimal")
    client = mood.client().start().inform().be_eligible(e_age=2)
    assert (client.screen, HELP in client.text) == ("thanks", True)
    assert client.browser.get_cookie("s") is None


def test_a_bad_moment_gives_the_link_for_later(site):
    client = site("therapist-tears").client().start().inform().be_eligible(e_moment=2)
    assert client.screen == "later"
    assert "http://localhost/s/hour/" in client.text


def test_the_eligibility_answers_are_needed_and_not_stored(site):
    mood = site("minimal")
    client = mood.client().start().inform().open("eligibility").press()
    assert client.text.count("Choose an answer to every question.") == 2
    walk(client.press(e_age=1).agree()).send()
    assert not any("e_age" in name for name in mood.rows[0])


def test_nobody_consents_without_having_been_asked_whether_they_may(site):
    assert site("minimal").client().open("consent").screen == "eligibility"


def test_declining_ends_with_thanks_and_no_cookie(site):
    mood = site("minimal")
    client = mood.client().start().inform().be_eligible().press("go", "decline")
    assert (client.screen, client.page.text.count("That is fine.")) == ("declined", 1)
    assert (client.browser.get_cookie("s"), mood.drafts) == (None, 0)


def test_no_statement_is_ticked_beforehand(site):
    client = site("therapist-tears").client().start().inform().be_eligible()
    assert client.page.chosen == []


def test_an_unticked_statement_is_asked_for(site):
    client = site("minimal").client().start().inform().be_eligible().press("go", "agree")
    assert client.text.count("To take part, tick every statement.") == 2
    assert client.page.title.startswith("Error: ")


# Stop.


def test_stop_and_delete_leaves_nothing_and_shows_the_debrief(site):
    branch = site("branch")
    client = branch.client().begin().answer(been=1).stop(again=1).press("go", "delete")
    assert (client.screen, branch.drafts, branch.rows) == ("stopped", 0, [])
    assert "We are glad that you came." in client.text
    assert client.browser.get_cookie("s") is None


def test_stop_and_send_keeps_what_was_answered_and_says_what_was_not_reached(site):
    branch = site("branch")
    client = branch.client().begin().answer(been=1).stop(again=2).send(code=True)
    assert (client.screen, bool(client.code)) == ("done", True)
    row = branch.rows[0]
    names = ("completion", "been", "again", "when_again", "liked")
    assert [row[n] for n in names] == [2, 1, 2, -96, -94]


def test_stopping_before_any_answer_has_nothing_to_send(site):
    branch = site("branch")
    client = branch.client().begin().stop().send()
    assert "nothing to send" in client.text
    assert (client.page.title.startswith("Error: "), branch.rows) == (True, [])


def test_stop_asks_whether_a_code_is_wanted(site):
    client = site("branch").client().begin().stop(been=1).press("go", "send")
    assert client.text.count("Choose whether you want a code.") == 2


def test_stop_can_be_taken_back(site):
    client = site("branch").client().begin().answer(been=1).stop().press("go", "continue")
    assert client.asked == ["again"]


def test_stop_opened_anew_says_nothing_of_what_was_left_out_before(site):
    client = site("branch").client().begin().stop(been=1).press("go", "send")
    client.press("go", "continue").stop()
    assert (client.screen, client.page.title.startswith("Error: ")) == ("stop", False)


# Help.


@pytest.fixture
def upset(site):
    once = site("once")
    return once, once.client().begin().answer(first="A shock.").answer(upset=7)


def test_a_high_answer_opens_the_help_page_and_going_on_goes_on(upset):
    _, client = upset
    assert (client.screen, HELP in client.text) == ("support", True)
    assert client.press("go", "on").screen == "check"


def test_after_a_high_answer_one_can_take_a_break_and_come_back(upset):
    _, client = upset
    assert "two hours" in client.press("go", "break").text
    assert client.press("go", "continue").screen == "check"


def test_after_a_high_answer_everything_can_be_deleted(upset):
    once, client = upset
    assert client.press("go", "delete").screen == "stopped"
    assert (once.drafts, once.rows) == (0, [])


def test_after_a_high_answer_what_is_there_can_be_sent(upset):
    once, client = upset
    assert client.press("go", "send").screen == "stop"
    client.send()
    assert (once.rows[0]["completion"], once.rows[0]["upset"]) == (2, 7)


@pytest.mark.parametrize(("answers", "screen"), [
    ({"upset": 6}, "check"), ({}, "check"), ({"upset": 10}, "support"),
    ({"upset": 0, "support": 1}, "support"), ({"support": 1}, "support"),
])  # fmt: skip
def test_help_opens_from_seven_on_or_when_it_is_asked_for(site, answers, screen):
    client = site("once").client().begin().next().answer(**answers)
    assert client.screen == screen


def test_help_is_shown_once_and_not_again_at_every_turn(upset):
    _, client = upset
    client.press("go", "on")
    assert client.open("support").page.named("go")[0].value == "continue"


def test_help_lines_of_a_chosen_country_come_first_and_are_remembered(site):
    flagship = site("therapist-tears")
    client = flagship.client().begin()
    country = flagship.version.study.support.countries[0]
    chosen = client.open(f"support?country={country}").text
    assert client.open("support").text == chosen != flagship.client().open("support").text


def test_an_unknown_country_is_passed_over(site):
    client = site("therapist-tears").client()
    assert client.open("support?country=Nowhere").text == client.open("support").text


# Leave now.


def test_leaving_drops_the_draft_and_the_cookie_and_goes_elsewhere(site):
    branch = site("branch")
    client = branch.client().begin().answer(been=1)
    client.open("leave")
    assert client.here == branch.version.study.exit_url
    assert (branch.drafts, client.browser.get_cookie("s")) == (0, None)


@pytest.mark.parametrize("headers", [
    {"Sec-Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"},
    {"Sec-Fetch-Site": "cross-site"}, {"X-Moz": "prefetch"},
])  # fmt: skip
def test_a_browser_that_only_guesses_ahead_ends_nothing(site, headers):
    branch = site("branch")
    client = branch.client().begin().answer(been=1)
    here = client.here
    assert client.open("leave", headers=headers).status == 204
    assert (branch.drafts, client.open(here).asked) == (1, ["again"])


@pytest.mark.parametrize("screen", ["", "information", "support", "withdraw", "stop"])
def test_leaving_is_the_first_link_of_every_page(site, screen):
    client = site("branch").client().open(screen)
    assert urlsplit(client.page.links[0]["href"]).path == "/s/way/leave"


# A study that takes nobody.


def real(served, status, *, until=1):
    """The study as its board signed it nine days ago, with so many days left, in this status."""
    signed, last = (today_here() + timedelta(days) for days in (-9, until))
    approve_and_confirm(
        served.services.stores, served.version,
        approved_on=signed.isoformat(), expires_on=last.isoformat(),
    )  # fmt: skip
    served.become(status)
    return served


@pytest.mark.parametrize(("status", "until", "said"), [
    ("draft", 1, "has not started"), ("closed", 1, "closed"), ("frozen", 1, "closed"),
    ("open", -1, "paused"),
])  # fmt: skip
def test_a_study_that_takes_nobody_says_so_kindly_and_still_gives_help(mood, status, until, said):
    client = real(mood, status, until=until).client().start()
    assert (client.status, said in client.text) == (200, True)
    assert HELP in client.open(client.page.link(text="Help and support")).text


@pytest.mark.parametrize("screen", ["eligibility", "consent"])
def test_nobody_can_start_a_closed_study_by_another_door(mood, screen):
    client = real(mood, "closed").client().open(screen)
    assert "closed" in client.text
    assert client.page.named("c_read") == []


def test_an_approved_open_study_takes_real_answers_without_a_watermark(mood):
    study = real(mood, "open")
    client = study.client().begin()
    assert "Pilot" not in client.text
    client.answer(mood=1).send()
    assert len(study.rows) == 1


def test_a_study_is_full_at_its_limit(site, tmp_path):
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data" / "site.toml").write_text("[study.minimal]\nlimit = 1\n")
    study = site("minimal")
    study.client().begin().answer(mood=1).send()
    study.later(FRESH_SECONDS)
    assert "Enough people" in study.client().start().text


def test_somebody_who_has_started_may_finish_after_the_study_has_closed(mood):
    study = real(mood, "open")
    client = study.client().begin()
    study.become("closed")
    assert client.answer(mood=1).send().screen == "done"


def test_a_closed_study_still_deletes_by_code(mood):
    client = real(mood, "closed").client().open("withdraw").press(code=SAMPLE_CODE)
    assert "If we still hold them" in client.text


def test_an_unknown_study_is_a_kind_page(client):
    page = client.get("/s/nowhere/")
    assert page.status_code == 404
    assert "There is no such page" in page.get_data(as_text=True)


@pytest.mark.parametrize(("question", "why"), [
    ("e_age", "people aged 18 or over"), ("e_session", "at least one session"),
    ("e_language", "read this language"),
])  # fmt: skip
def test_who_may_not_take_part_reads_their_own_reason_and_no_other(site, question, why):
    flagship = site("therapist-tears")
    said = flagship.client().start().inform().be_eligible(**{question: 2}).text
    reasons = [q.why for q in flagship.version.study.consent.eligibility if q.why]
    assert [one for one in reasons if one in said] == [one for one in reasons if why in one]
