"""Three rooms: what is public, whose the rest is, whose cookie goes where, which are served."""

import re
from dataclasses import replace
from itertools import chain

import pytest
from flask import request

from survey.config import ROLES, ROOMS
from survey.routes.study_status import BOARD_CARDS, RESEARCH_CARDS
from survey.security import room_of
from survey.storage import members
from tests.journeys.client import Journey
from tests.journeys.staff import Worker, services_of

# All that may be seen below /research/ and /ethics/ without an account. A new address that is not
# here is for the room's own role, or this test fails.
PUBLIC = {
    "sign-in", "code", "sign-out", "set-up/<token>",
    *(f"<name>/{page}" for page in (
        "", "flow", "screens", "text", "checklist", "data", "routes", "routes.svg", "stored",
        "versions", "certificate", "certificate.json", "record.json", "dossier.pdf", "dossier.zip",
    )),
}  # fmt: skip
# For whoever is signed in; everything else is for the researcher or for the board, by its room.
OF_BOTH = (
    "account", "<name>/board-dossier", "<name>/comments", "<name>/conditions", "<name>/incidents",
    "<name>/letters", "<name>/report", "<name>/stop-rule", "<name>/submission", "<name>/verdicts",
)  # fmt: skip
# What a card on the study's own page leads to: not its files, nor the pages further in.
OF_A_STUDY = re.compile("<name>/[a-z-]+/?")
OWNER = {"research": "researcher", "ethics": "board"}


def staff_rules(app):
    """(method, rule, room, address within the room) of everything in the two rooms."""
    for rule in app.url_map.iter_rules():
        room, _, inside = rule.rule.removeprefix("/").partition("/")
        if room in OWNER:
            for method in sorted(rule.methods - {"OPTIONS", "HEAD"}):
                yield method, rule, room, inside


def public(room, inside):
    return inside in PUBLIC and (room == "ethics" or not inside.startswith("<name>"))


def owners(room, inside):
    return ROLES if inside.startswith(OF_BOTH) else (OWNER[room],)


def address_of(app, rule):
    """An address that fits, of a study that is there."""
    values = {
        name: "kinds" if name == "name" else 1 if "int:" + name in rule.rule else "A"
        for name in rule.arguments
    }
    return app.url_map.bind("localhost").build(rule.endpoint, values)


def ask(app, browser, method, rule):
    """What an address answers, asked with a right CSRF token."""
    data = None
    if method == "POST":
        data = {"csrf_token": token_of(browser, "/research/account")}
    return browser.open(address_of(app, rule), method=method, data=data)


def token_of(browser, address):
    return Worker(None, browser=browser).open(address).page.named("csrf_token")[0].value


def asked_to_sign_in(answer):
    return answer.status_code == 401 or "/sign-in" in answer.headers.get("Location", "")


def test_whoever_is_not_signed_in_is_asked_to_everywhere_but_on_public_pages(app):
    let_in = [
        (method, rule.rule)
        for method, rule, room, inside in staff_rules(app)
        if not public(room, inside)
        and not asked_to_sign_in(ask(app, app.test_client(), method, rule))
    ]
    assert let_in == []


def test_public_pages_are_public(app):
    closed = [
        rule.rule
        for method, rule, room, inside in staff_rules(app)
        if method == "GET" and public(room, inside)
        for answer in [ask(app, app.test_client(), method, rule)]
        if answer.status_code in (401, 403) or (asked_to_sign_in(answer) and inside != "code")
    ]
    assert closed == []


@pytest.mark.parametrize("role", ROLES)
def test_whoever_has_another_role_is_told_whose_page_it_is(app, signed_in, role):
    browser = signed_in(app, role)
    wrong = [
        (method, rule.rule)
        for method, rule, room, inside in staff_rules(app)
        if not public(room, inside) and role not in owners(room, inside)
        if ask(app, browser, method, rule).status_code != 403
    ]
    assert wrong == []


@pytest.mark.parametrize("role", ROLES)
def test_whoever_has_the_role_comes_in(app, signed_in, role):
    browser = signed_in(app, role)
    turned_away = [
        rule.rule
        for method, rule, room, inside in staff_rules(app)
        if method == "GET" and not public(room, inside) and role in owners(room, inside)
        for answer in [browser.get(address_of(app, rule))]
        if answer.status_code in (403, 500) or asked_to_sign_in(answer)
    ]
    assert turned_away == []


@pytest.mark.parametrize("role", ROLES)
def test_whoever_has_no_right_to_a_study_opens_nothing_of_it(open_app, signed_in, role):
    app = open_app("kinds", demo=False)
    browser = signed_in(app, role)
    office, account = services_of(app).stores.office, browser.account
    members.assign(office, account, [])
    if (held := members.member(office, "kinds", account)) is not None:
        members.appoint(office, replace(held, what="ended"))
    let_in = [
        (method, rule.rule)
        for method, rule, room, inside in staff_rules(app)
        if inside.startswith("<name>/") and not public(room, inside)
        if ask(app, browser, method, rule).status_code != 403
    ]
    assert let_in == []


def test_every_page_of_a_study_that_is_for_staff_has_its_card(app):
    pages = {
        rule.endpoint
        for method, rule, room, inside in staff_rules(app)
        if method == "GET" and not public(room, inside) and OF_A_STUDY.fullmatch(inside)
    }
    assert pages == {card.endpoint for card in chain(BOARD_CARDS, *RESEARCH_CARDS.values())}


def test_nothing_is_changed_without_a_token(app, signed_in):
    taken = []
    for role in ROLES:
        browser = signed_in(app, role)
        taken += [
            rule.rule
            for method, rule, room, inside in staff_rules(app)
            if method not in ("GET", "HEAD") and (room, inside) != ("ethics", "<name>/flow")
            if browser.open(address_of(app, rule), method=method).status_code != 400
        ]
    assert taken == []


# Cookies.


def test_the_staff_cookie_is_sent_to_no_page_of_a_client(app, signed_in):
    browser = signed_in(app)
    for address in ("/", "/s/mood/", "/i/", "/healthz", "/static/x", "/researchers"):
        assert "staff=" not in sent_to(app, browser, address)
    assert "staff=" in sent_to(app, browser, "/research/")
    assert "staff=" in sent_to(app, browser, "/ethics/")


def sent_to(app, browser, address):
    """What the browser sends along, and what of it reaches the application's own code."""
    seen = []

    def look(environ, start_response):
        seen.append(environ.get("HTTP_COOKIE", ""))
        start_response("204 No Content", [])
        return []

    inner, app.wsgi_app = app.wsgi_app, look
    browser.get(address)
    app.wsgi_app = inner
    return seen[0]


def value_of(browser, name, path):
    cookie = browser.get_cookie(name, path=path)
    assert cookie is not None
    return cookie.value


def test_neither_room_reads_the_others_cookie(app, signed_in):
    """Not even one that was copied by hand, or that a proxy sends everywhere."""
    client = Journey(app, "mood").begin()
    mine, theirs = (
        value_of(client.browser, "s", "/"),
        value_of(signed_in(app), "staff", "/research"),
    )
    both = {"Cookie": f"s={mine}; staff={theirs}"}
    swapped = {"Cookie": f"s={theirs}; staff={mine}"}
    plain = app.test_client(use_cookies=False)
    status = [
        plain.get(address, headers=headers).status_code
        for headers in (both, swapped)
        for address in ("/research/", client.here)
    ]
    assert status == [200, 200, 303, 410]


def test_a_page_of_the_staff_leaves_the_clients_cookie_alone(app, signed_in):
    browser = signed_in(app)
    client = Journey(None, "mood", browser=browser)
    client.base = "/s/mood/"
    client.begin()
    before = value_of(browser, "s", "/")
    Worker(None, browser=browser).open("account").sign_out()
    assert value_of(browser, "s", "/") == before
    assert client.answer(mood=1).screen == "check"


def test_the_clients_cookie_does_not_reach_the_code_of_the_rooms(app):
    seen = []

    @app.before_request
    def look():
        seen.append(dict(request.cookies))

    plain = app.test_client(use_cookies=False)
    for address in ("/research/sign-in", "/ethics/kinds/", "/s/mood/"):
        plain.get(address, headers={"Cookie": "a=1; s=client; staff=worker"})
    assert seen == [
        {"a": "1", "staff": "worker"}, {"a": "1", "staff": "worker"}, {"a": "1", "s": "client"},
    ]  # fmt: skip


def test_behind_tls_the_staff_cookie_is_closed_and_bound_to_its_addresses(open_app):
    browser = open_app("minimal", https=True).test_client()
    answer = browser.get("/research/sign-in", base_url="https://survey.example.org")
    cookies = answer.headers.getlist("Set-Cookie")
    assert len(cookies) == 2
    for cookie, path in zip(cookies, ("/research", "/ethics"), strict=True):
        flags = cookie.split("; ")
        assert flags[0].startswith("__Secure-staff=")
        assert set(flags[1:]) == {"Secure", "HttpOnly", f"Path={path}", "SameSite=Lax"}


# Which rooms are served.

OF_ROOM = {
    "respond": ("/", "/s/mood/", "/s/mood/consent", "/i/"),
    "research": ("/research/", "/research/sign-in", "/research/minimal/", "/research/nothing"),
    "ethics": ("/ethics/", "/ethics/sign-in", "/ethics/minimal/", "/ethics/minimal/text"),
}


@pytest.mark.parametrize("rooms", [
    {"respond"}, {"research"}, {"ethics"}, {"research", "ethics"},
])  # fmt: skip
def test_only_the_rooms_of_the_setting_are_served(open_app, rooms):
    browser = open_app("minimal", rooms=frozenset(rooms)).test_client()
    for room in set(ROOMS) - rooms:
        for address in OF_ROOM[room]:
            for method in ("GET", "POST", "PUT", "HEAD"):
                assert browser.open(address, method=method).status_code == 404, address
    served = [browser.get(OF_ROOM[room][1]).status_code for room in sorted(rooms)]
    assert set(served) == {200}


@pytest.mark.parametrize("room", ROOMS)
def test_health_and_static_files_belong_to_every_room(open_app, room):
    from survey.assets import address_of as asset

    browser = open_app("minimal", rooms=frozenset({room})).test_client()
    assert browser.get("/healthz").status_code == 200
    assert browser.get(asset("site.css")).status_code == 200


def test_every_address_is_in_a_room_or_serves_them_all(app):
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    assert {r for r in rules if not room_of(r)} == {"/healthz", "/static/<name>"}


def test_no_password_code_or_address_is_kept_by_the_throttle(app):
    browser = app.test_client()
    token = token_of(browser, "/research/sign-in")
    browser.post(
        "/research/sign-in",
        data={"name": "canary-name", "password": "canary-password", "csrf_token": token},
        environ_base={"REMOTE_ADDR": "203.0.113.77"},
    )
    kept = repr(vars(services_of(app).throttle))
    assert not any(word in kept for word in ("canary", "203.0.113"))
