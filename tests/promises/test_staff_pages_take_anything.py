"""Whatever stands in an address or a header, the rooms answer kindly, and only for themselves."""

import pytest
from flask import request

from tests.journeys.staff import Worker
from tests.promises.test_rooms import address_of, public, staff_rules

HUGE = "9" * 25
STUDY = "/research/kinds/"
NO_SITES = (
    "https://[", "https://a\u2100b.com", "https://" + "a" * 5000, "https://ours.org@theirs.org",
    'https://a"><script>', "https://a,=1+1", "https://a b", "https://a\r\nX-Y: z", "//theirs.org",
    "javascript:alert(1)", "https://", "https://a:123456",
)  # fmt: skip


ODD = (
    STUDY + f"work/{HUGE}", STUDY + f"releases/{HUGE}/", STUDY + f"charts/{HUGE}/",
    STUDY + f"charts/?release={HUGE}", STUDY + "life/%00", "/research/%00/", "/research/%0d%0aX:1/",
    "/research/kinds@nothing/", "/research/sign-in?next=" + "/research/" * 900,
    f"/ethics/audit?page={HUGE}", "/ethics/audit?page=-1", "/ethics/kinds/report?year=%00",
    "/ethics/kinds/versions?old=x&new=%00", "/ethics/kinds/comments?passage=%00",
)  # fmt: skip


@pytest.mark.parametrize("role", ["researcher", "board"])
def test_an_odd_address_is_no_fault_of_ours(app, signed_in, role):
    browser = signed_in(app, role)
    assert [address for address in ODD if browser.get(address).status_code >= 500] == []


@pytest.mark.parametrize("file", ["qr.svg", "qr.png", "leaflet-a4.pdf"])
def test_a_code_or_leaflet_is_made_for_a_site_and_nothing_else(app, signed_in, file):
    browser = signed_in(app)
    made = [
        site
        for site in NO_SITES
        if browser.get(STUDY + file, query_string={"at": site}).status_code != 400
    ]
    assert made == []


def test_the_link_page_says_what_is_no_site(app, signed_in):
    browser = signed_in(app)
    pages = {site: browser.get(STUDY + "link", query_string={"at": site}) for site in NO_SITES}
    assert [s for s, page in pages.items() if "is no address of a site" not in page.text] == []


def test_no_invitation_is_made_for_what_is_no_site(app, signed_in):
    room = Worker(None, browser=signed_in(app)).open(STUDY + "invitations/")
    sent = {"csrf_token": room.page.named("csrf_token")[0].value, "count": "1"}
    answers = [
        room.browser.post(STUDY + "invitations/make", data=sent | {"at": site}) for site in NO_SITES
    ]
    assert {(a.status_code, a.mimetype) for a in answers} == {(400, "text/html")}


@pytest.mark.parametrize("page", ["link", "qr.svg", "leaflet-a4.pdf", "invitations/"])
def test_nothing_to_hand_out_is_made_of_words_that_are_only_proposed(app, signed_in, page):
    assert signed_in(app).get(f"/research/kinds@proposed/{page}").status_code == 404


@pytest.mark.parametrize("host", ["", "a b", 'evil.example"><script>', "[", "evil.example:port"])
def test_a_host_that_is_none_ends_on_no_page(app, signed_in, host):
    browser = signed_in(app)
    for page in ("link", "invitations/"):
        answer = browser.get(STUDY + page, headers={"Host": host}, base_url="http://localhost")
        assert (answer.status_code < 500, "<script>" in answer.text) == (True, False)


def test_two_slashes_are_one_for_cookies_too(app):
    seen = []

    @app.before_request
    def look():
        seen.append(sorted(request.cookies))

    plain = app.test_client(use_cookies=False)
    for path in ("//research/sign-in", "///ethics/kinds/", "//s/kinds/"):
        plain.get("/", environ_overrides={"PATH_INFO": path}, headers={"Cookie": "s=1; staff=2"})
    assert seen == [["staff"], ["staff"], ["s"]]


@pytest.mark.parametrize("role", ["researcher", "board"])
def test_nothing_of_the_rooms_is_kept_by_a_browser_or_a_proxy(app, signed_in, role):
    browser = signed_in(app, role)
    kept = [
        rule.rule
        for method, rule, room, inside in staff_rules(app)
        if method == "GET" and not public(room, inside)
        if browser.get(address_of(app, rule)).headers.get("Cache-Control") != "no-store"
    ]
    assert kept == []
