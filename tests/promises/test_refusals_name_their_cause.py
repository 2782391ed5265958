"""A form that is not taken says why and what to do, and says of answers only what is so."""

import re

import pytest

from forms.platform_texts import HAVE_ARRIVED, NONE_UNFINISHED, NOT_TAKEN, STILL_HERE
from survey.error_pages import STAFF_SENTENCES
from survey.security import HEADERS
from survey.storage.drafts import IDLE_SECONDS
from tests.journeys.client import Journey
from tests.journeys.site import Site
from tests.journeys.staff import GOOD, Worker

HOST = "survey.example.org"
TLS, CLEAR = f"https://{HOST}", f"http://{HOST}"
ELSEWHERE = "https://elsewhere.example"
LOST = re.compile(r"\b([Gg]one|[Nn]othing is kept|start again|are deleted|been deleted)\b")
TYPED = "canary in what was typed"

OURS = [
    {"Origin": "{site}"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Referer": "{site}/s/mood/consent"},
    {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "{site}:8443", "Sec-Fetch-Site": "same-origin"},  # behind a proxy that loses a port
    {"Origin": "null", "Referer": "{site}/"},
    {"Origin": "{site}", "Sec-Fetch-Site": "same-origin", "Referer": "{site}/"},
]
FOREIGN = [
    {"Origin": ELSEWHERE},
    {"Origin": "{site}:8443"},
    {"Origin": "https://[half"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Referer": ELSEWHERE + "/page"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site", "Referer": "{site}/"},
    {"Origin": "{site}", "Sec-Fetch-Site": "cross-site"},
]
UNTOLD = [{}, {"Origin": "null"}, {"Referer": ""}, {"Sec-Fetch-Site": "of a later standard"}]
GOOD_HEADERS = {"Sec-Fetch-Site": "same-origin"}


class Browser:
    """A browser at ``site`` that says ``told`` of every form; it may keep no cookies."""

    def __init__(self, app, site=TLS, told=GOOD_HEADERS, *, cookies=True):
        self.app, self.site = app, site
        self.client = app.test_client(use_cookies=cookies)
        self.tell(told)

    def tell(self, told):
        self.told = {name: value.replace("{site}", self.site) for name, value in told.items()}

    def open(self, path, *, method="GET", data=None):
        headers = self.told if method == "POST" else {}
        return self.client.open(path, method=method, data=data, headers=headers, base_url=self.site)


@pytest.fixture
def mood(open_app):
    """A study behind TLS, with what lies in its files."""
    return Site(open_app("minimal", https=True), "minimal")


def client_of(mood, *args, **options):
    return Journey(None, "mood", browser=Browser(mood.app, *args, **options))


def same_page(client, browser):
    """The page that ``client`` has before them, in another browser."""
    other = client.another_tab()
    other.browser = browser
    return other


def said(page, cause):
    return page.status == 400 and all(" ".join(s.split()) in page.text for s in NOT_TAKEN[cause])


def in_clear(open_app):
    return Site(open_app("minimal"), "minimal")


# Whose page a form was on.


@pytest.mark.parametrize("told", OURS, ids=str)
def test_one_sign_that_the_page_was_ours_is_enough_to_answer_and_send(mood, told):
    client = client_of(mood, told=told).begin().answer(mood=2).send(code=True)
    assert (client.screen, len(mood.rows)) == ("done", 1)


@pytest.mark.parametrize("told", [*OURS, *UNTOLD], ids=str)
def test_in_clear_on_this_machine_the_same_is_enough_or_silence(open_app, told):
    client = client_of(in_clear(open_app), CLEAR, told=told).begin().answer(mood=2)
    assert client.screen == "check"


@pytest.mark.parametrize("site", [TLS, CLEAR])
@pytest.mark.parametrize("told", FOREIGN, ids=str)
def test_a_page_of_another_site_is_refused_with_a_good_token_and_named(open_app, told, site):
    served = Site(open_app("minimal", https=site == TLS), "minimal")
    client = client_of(served, site).begin()
    client.browser.tell(told)
    client.answer(mood=2)
    assert said(client, "foreign")
    assert STILL_HERE in client.text


def test_a_page_in_clear_vouches_for_no_form_over_tls(mood):
    client = client_of(mood).begin()
    client.browser.tell({"Origin": CLEAR})
    assert said(client.answer(mood=2), "foreign")


@pytest.mark.parametrize("told", UNTOLD, ids=str)
def test_a_browser_that_says_nothing_is_told_what_to_allow(mood, told):
    client = client_of(mood).begin()
    client.browser.tell(told)
    assert said(client.answer(mood=2), "untold")
    client.browser.tell({"Referer": "{site}/"})
    assert client.press("go", "continue").asked == ["mood"]


# No cookie came.


def test_a_browser_that_keeps_no_cookie_reads_that_one_is_needed(mood):
    client = client_of(mood, cookies=False).start().inform()
    assert said(client.be_eligible(), "no_cookie")
    assert client.open(client.page.link(rel="next")).screen == ""


def test_after_leave_now_a_page_of_before_reads_that_its_cookie_ended(mood):
    client = client_of(mood).begin()
    client.another_tab().open("leave")
    assert said(client.answer(mood=2), "no_cookie")


def test_after_an_ending_too(mood):
    client = client_of(mood).start().inform().be_eligible()
    client.another_tab().press("go", "decline")
    assert said(client.agree(), "no_cookie")


def test_without_its_cookie_nobody_is_told_that_a_draft_is_lost_which_is_there(mood):
    client = client_of(mood).begin()
    reopened = same_page(client, Browser(mood.app)).answer(mood=2)
    assert said(reopened, "no_cookie")
    assert not LOST.search(reopened.text.replace("welcome to start again", ""))
    assert client.next().screen == "check"  # where the cookie is, so is the draft


def test_an_invitation_without_a_cookie_reads_the_same_and_can_be_typed_again(mood):
    client = client_of(mood, cookies=False).open("/i/").press(invitation="x")
    assert said(client, "no_cookie")
    assert client.page.link(text="Open the page anew") == "/i/"


# The cookie came, and the page is older than it.


@pytest.fixture
def old_tab(mood):
    """A page of an earlier visit, in a browser in which somebody has begun anew since."""
    client = client_of(mood).begin()
    tab = client.another_tab()
    client.open("leave").begin().answer(mood=2)
    return client, tab


def test_an_old_page_says_that_the_answers_are_here_and_leads_back_to_them(mood, old_tab):
    client, tab = old_tab
    assert said(tab.answer(mood=3), "old_page")
    assert STILL_HERE in tab.text
    assert not LOST.search(tab.text)
    assert tab.press("go", "continue").screen == "check"
    client.open("check").send()
    assert [row["mood"] for row in mood.rows] == [2]


def test_a_form_without_its_token_is_such_a_page(mood):
    client = client_of(mood).begin()
    client._ask("POST", client.here, data={"shown": "mood", "mood": "1"})
    assert said(client, "old_page")
    assert STILL_HERE in client.text


def test_where_the_answers_were_sent_an_old_page_says_that_they_arrived(old_tab):
    client, tab = old_tab
    client.send(code=True)
    assert said(tab.answer(mood=3), "old_page")
    assert HAVE_ARRIVED in tab.text
    assert tab.open(tab.page.link(rel="next")).code == client.code


def test_where_there_is_no_draft_an_old_page_says_so(old_tab, mood):
    _client, tab = old_tab
    mood.later(IDLE_SECONDS + 1)
    assert said(tab.answer(mood=3), "old_page")
    assert NONE_UNFINISHED in tab.text
    assert (STILL_HERE in tab.text, tab.open(tab.page.link(rel="next")).screen) == (False, "")


def test_an_old_delete_page_leads_to_a_fresh_one(mood):
    client = client_of(mood).open("withdraw")
    tab = client.another_tab()
    client.open("leave").open("eligibility")
    assert said(tab.press(code="AAAA"), "old_page")
    assert tab.open(tab.page.link(rel="next")).press(code="AAAA").status == 200


def test_where_the_store_cannot_be_asked_nothing_is_said_of_answers(old_tab, mood):
    _, tab = old_tab
    conn = mood.services.stores.drafts.conn
    conn.execute("ALTER TABLE drafts RENAME TO away")
    tab.answer(mood=3)
    conn.execute("ALTER TABLE away RENAME TO drafts")
    assert said(tab, "old_page")
    assert (STILL_HERE in tab.text, NONE_UNFINISHED in tab.text) == (False, False)


# A draft that is not there any more.


def test_a_draft_that_ran_out_is_told_as_that(mood):
    client = client_of(mood).begin()
    mood.later(IDLE_SECONDS + 1)
    assert client.answer(mood=2).status == 410
    assert "can be opened for two hours after the last page" in client.text


def test_in_another_browser_nobody_reads_that_anything_was_deleted(mood):
    here = client_of(mood).begin()
    there = client_of(mood).open(here.here)
    assert (there.status, "There are no unfinished answers here" in there.text) == (410, True)
    assert "are gone" not in there.text
    assert "welcome to start again" in there.text
    assert here.answer(mood=2).screen == "check"


def test_stop_says_what_is_so_to_a_browser_without_a_draft(mood):
    client_of(mood).begin()
    assert "This browser has no unfinished answers here" in client_of(mood).open("stop").text


# Any other error in the middle of a survey leads back into it.


@pytest.mark.parametrize("address", ["nowhere", "continue"])
def test_an_error_page_leads_back_into_the_survey(mood, address):
    client = client_of(mood).begin().open(address)
    assert client.status in (404, 405)
    assert client.press("go", "continue").asked == ["mood"]


def test_an_error_page_offers_no_way_back_to_who_has_no_draft_and_begins_no_cookie(mood):
    client = client_of(mood).open("nowhere")
    assert (client.page.named("go"), "Set-Cookie" in client.headers) == ([], False)


# Staff.


@pytest.fixture
def desk(open_app):
    """Somebody at a staff room, over TLS."""
    app = open_app("minimal", https=True)
    return lambda room="research", **told: Worker(None, room, browser=Browser(app, **told))


def reads(worker, cause):
    return worker.status == 400 and all(s in worker.text for s in STAFF_SENTENCES[cause])


@pytest.mark.parametrize("room", ["research", "ethics"])
def test_signing_in_without_cookies_says_that_one_is_needed(desk, room):
    worker = desk(room, cookies=False).sign_in("Anna")
    assert reads(worker, "no_cookie")
    assert worker.page.link(text="Open the page anew") == f"/{room}/sign-in"


def test_a_sign_in_page_of_before_is_out_of_date(desk):
    worker = desk().open("sign-in")
    tab = Worker(None, browser=worker.browser)
    tab.here, tab.page = worker.here, worker.page
    worker.browser.client.delete_cookie("__Secure-staff", path="/research", domain=HOST)
    worker.open("sign-in")
    assert reads(tab.press(name="Anna", password=GOOD), "old_page")


@pytest.mark.parametrize(("told", "cause"), [(FOREIGN[0], "foreign"), ({}, "untold")])
def test_a_staff_form_names_whose_page_it_was_not(desk, told, cause):
    worker = desk().open("sign-in")
    worker.browser.tell(told)
    assert reads(worker.press(name="Anna", password=GOOD), cause)


@pytest.mark.parametrize("told", OURS, ids=str)
def test_staff_sign_in_without_a_referer(desk, told):
    worker = desk(told=told).sign_in("Nobody")
    assert "Name or password is not right" in worker.text


def test_a_form_of_somebody_signed_out_says_so(desk):
    worker = desk(cookies=False)
    worker._ask("POST", "/research/account/everywhere", data={})
    assert (worker.status, "not signed in any more" in worker.text) == (401, True)


# What holds of every refusal.


@pytest.fixture
def refused(mood):
    """``refused(cause)``: a form with something typed in it that is refused for this cause."""

    def refuse(cause, follow=True):
        client = client_of(mood, cookies=cause != "no_cookie").open("withdraw")
        token = "wrong" if cause == "old_page" else client.page.named("csrf_token")[0].value
        client.browser.tell({"foreign": FOREIGN[0], "untold": {}}.get(cause, GOOD_HEADERS))
        data = {"csrf_token": token, "code": TYPED, "shown": TYPED}
        posted = [
            client.browser.open(path, method="POST", data=data)
            for path in ("/s/mood/withdraw", "/s/mood/continue", "/i/", "/research/sign-in")
        ]
        if not follow:
            return posted
        return [
            client.browser.open(a.headers["Location"]) if a.status_code == 303 else a
            for a in posted
        ]

    return refuse


@pytest.mark.parametrize("cause", NOT_TAKEN)
def test_a_refusal_is_kept_by_no_cache_and_begins_no_cookie(refused, cause):
    for answer in refused(cause):
        assert answer.status_code == 400
        assert {n: answer.headers.get(n) for n in HEADERS} == HEADERS
        assert "no-store" in answer.headers["Cache-Control"].split(", ")
        alike_for_all = answer.request.path == "/i/"
        assert alike_for_all or "Cookie" in answer.headers["Vary"]
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("cause", NOT_TAKEN)
def test_no_page_answers_a_clients_form_so_that_no_browser_keeps_what_was_typed(refused, cause):
    *clients, _staff = refused(cause, follow=False)
    assert [answer.status_code for answer in clients] == [303] * 3
    for answer in clients:
        assert TYPED not in answer.headers["Location"]
        assert "Set-Cookie" not in answer.headers


def test_an_address_without_a_cause_leads_to_the_start(mood):
    assert client_of(mood).open("not_taken").here == "/s/mood/"


@pytest.mark.parametrize("cause", NOT_TAKEN)
def test_a_refusal_repeats_nothing_typed_and_stores_nothing(mood, refused, cause):
    stores = mood.services.stores
    files = (stores.responses, stores.pilot, stores.drafts, stores.office)
    before = [db.conn.total_changes for db in files]
    assert not any(TYPED in answer.get_data(as_text=True) for answer in refused(cause))
    assert [db.conn.total_changes for db in files] == before
