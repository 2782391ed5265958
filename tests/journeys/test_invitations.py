"""A client comes with an invitation: typed once, spent once, and nowhere afterwards."""

import pytest

from survey.respondents import invitations
from survey.storage import admission as stored
from survey.storage import studies
from tests.journeys.staff import Worker


@pytest.fixture
def invited(site, tmp_path):
    """A study that only invitations open, with two codes."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "site.toml").write_text("[study.minimal]\ninvited = true\n")
    served = site("minimal")
    served.codes = made(served, 2)
    return served


def made(served, count):
    codes = invitations.draw(count)
    desk = served.services
    invitations.keep(desk.stores, desk.keys, served.name, codes, pilot=served.version.pilot)
    return codes


def unspent(served):
    return stored.unspent(served.services.stores.answers(pilot=True), served.name)


def come_in(served, code):
    return served.client().open("/i/").press(invitation=code)


def at_check(served, code):
    client = come_in(served, code).inform().be_eligible().agree()
    return client.answer(mood=2)


def test_with_a_code_one_comes_to_the_survey_and_sends(invited):
    client = at_check(invited, invited.codes[0].lower()).send()
    assert (client.screen, len(invited.rows), unspent(invited)) == ("done", 1, 1)


def test_without_a_code_one_is_asked_for_it_before_anything_else_is_asked(invited):
    client = invited.client().start().inform()
    client.open(client.page.link(rel="next"))
    assert client.here.endswith("/i/")


def test_agreeing_without_a_code_begins_nothing(invited):
    client = invited.client()
    client.open("consent")
    assert (client.here.endswith("/i/"), invited.drafts) == (True, 0)


def test_a_code_is_spent_only_when_answers_are_sent(invited):
    at_check(invited, invited.codes[0]).open("stop").press("go", "delete")
    assert unspent(invited) == 2


def test_two_drafts_with_one_code_the_second_is_told_and_nothing_of_it_is_kept(invited):
    first, second = (at_check(invited, invited.codes[0]) for _ in range(2))
    first.send()
    second.send(code=True)
    assert "This invitation was used already" in second.text
    assert (len(invited.rows), invited.drafts, second.open("check").status) == (1, 1, 410)


def test_stopping_early_with_a_spent_code_is_told_as_well(invited):
    first, second = (at_check(invited, invited.codes[0]) for _ in range(2))
    first.send()
    second.open("stop").send()
    assert "This invitation was used already" in second.text
    assert "We are glad that you came." in second.text  # the debrief


def test_sending_twice_with_one_invitation_sends_once_and_says_thank_you(invited):
    client = at_check(invited, invited.codes[0])
    tab = client.another_tab()
    assert (client.send(code=True).code, tab.send(code=True).screen) == (tab.code, "done")
    assert len(invited.rows) == 1


def test_after_a_spent_code_another_one_may_be_used_in_the_same_browser(invited):
    client = at_check(invited, invited.codes[0]).send()
    client.open("/i/").press(invitation=invited.codes[1])
    client.inform().be_eligible().agree().answer(mood=1).send()
    assert (client.screen, len(invited.rows)) == ("done", 2)


def test_a_taken_back_code_tells_who_is_answering_with_it(invited):
    client = at_check(invited, invited.codes[0])
    invitations.take_back(invited.services.stores, "minimal", pilot=True)
    assert "nothing of them is kept" in client.send().text
    assert invited.rows == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Type the code"),
        ("AAAA-AAAA-AAAB", "a letter is wrong or in the wrong place"),
        ("0000-0000", "A code has twelve letters and digits"),
        ("0000-0000-0000", "opens nothing"),
    ],
)
def test_a_code_that_opens_nothing_is_told_kindly(invited, typed, said):
    client = come_in(invited, typed)
    assert said in client.text
    assert client.page.title == "Error: Invitation – Survey"


def test_a_spent_code_opens_nothing(invited):
    at_check(invited, invited.codes[0]).send()
    assert "opens nothing" in come_in(invited, invited.codes[0]).text


def test_an_invitation_opens_an_open_study_as_well_and_is_spent(site):
    served = site("minimal")
    (code,) = made(served, 1)
    at_check(served, code).send()
    assert (len(served.rows), unspent(served)) == (1, 0)


def test_an_open_study_asks_for_no_code(site):
    served = site("minimal")
    assert "invitation" not in served.client().start().text
    assert served.client().begin().screen == "questions"


def test_the_code_is_in_no_address_and_no_cookie(invited):
    code = invited.codes[0]
    client = at_check(invited, code)
    cookie = client.browser.get_cookie("s").value
    seen = " ".join([*client.visited, cookie])
    assert not any(part in seen for part in (code, code.replace("-", "")))


def test_no_page_answers_the_post_of_a_code(invited):
    for typed in (*invited.codes, "", "0000", "0000-0000-0000"):
        client = invited.client().open("/i/")
        token = client.page.named("csrf_token")[0].value
        answer = client.browser.post("/i/", data={"invitation": typed, "csrf_token": token})
        assert answer.status_code == 303
        assert answer.headers["Location"].partition("?")[2] in {"", "empty", "shape", "unknown"}


def test_an_error_is_tied_to_the_box_and_the_box_is_empty(invited):
    page = come_in(invited, "AAAA-AAAA-AAAB").page
    (box,) = page.named("invitation")
    assert (box.value, box.attributes["aria-invalid"]) == ("", "true")
    assert "invitation-error" in box.attributes["aria-describedby"].split()


def test_the_page_of_the_code_says_nothing_of_any_study(invited):
    page = invited.client().open("/i/")
    assert (page.page.title, "mood" in page.page.html.lower()) == ("Invitation – Survey", False)


def watched(served):
    (code,) = codes = invitations.draw(1)
    desk = served.services
    invitations.watch(desk.stores, desk.keys, served.name, codes, pilot=served.version.pilot)
    return code


def test_a_code_that_nobody_was_given_tells_the_researcher_of_a_leaked_list(invited, signed_in):
    code, page = watched(invited), "/research/minimal/invitations/"
    ada = Worker(None, browser=signed_in(invited.app))
    assert "None of 1 watch codes was typed." in ada.open(page).text
    typed = [come_in(invited, code) for _ in range(2)]
    unknown = come_in(invited, invitations.draw(1)[0])
    assert {one.page.text for one in typed} == {unknown.page.text}
    assert "The list of invitations has leaked. 1 of 1 watch codes" in ada.open(page).text
    for address in ("/research/", "/research/minimal/"):
        assert "The list of invitations has leaked" in ada.open(address).text
        assert code not in ada.page.html
    said = [line["what"] for line in studies.audit(invited.services.stores.office)]
    assert said == [f"minimal: {invitations.LEAKED}"]


def test_taking_codes_back_ends_the_watch_codes_too(invited, signed_in):
    watched(invited)
    invitations.take_back(invited.services.stores, "minimal", pilot=True)
    text = Worker(None, browser=signed_in(invited.app)).open("/research/minimal/invitations/").text
    assert "watch codes" not in text
