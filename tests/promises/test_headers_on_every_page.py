"""Every page says no-store and carries the whole set of headers, errors included."""

import sqlite3

import pytest

from survey.assets import ASSETS
from survey.padding import KEPT_AS_SENT
from survey.security import CONTENT_SECURITY_POLICY, HEADERS, NO_STORE
from survey.storage import answers as answer_storage
from tests.journeys.client import Journey

VALUES = {"address": "kinds", "name": "kinds", "token": "AAAAAAAAAAAA"}
STATIC = "assets.send"


@pytest.fixture
def answers(open_app):
    """What every address answers to every method, with and without a draft under way."""
    app = open_app("kinds")
    stranger, client = Journey(app, "kinds"), Journey(app, "kinds").begin()
    found = []
    for browser in (stranger.browser, client.browser):
        for rule in app.url_map.iter_rules():
            if rule.endpoint != STATIC:
                path = app.url_map.bind("localhost").build(
                    rule.endpoint, {n: VALUES.get(n, "1") for n in rule.arguments}
                )
                found += [
                    (f"{m} {path}", browser.open(path, method=m))
                    for m in ("GET", "POST", "HEAD", "PUT")
                ]
    found.append(("GET /nowhere", stranger.browser.get("/nowhere")))
    found.append(("GET /static/nothing", stranger.browser.get("/static/nothing")))
    return found


def lacking(answers, wanted):
    return [
        (where, name)
        for where, answer in answers
        for name, value in wanted.items()
        if answer.headers.get(name) != value
    ]


def test_every_page_says_no_store(answers):
    assert len(answers) > 100
    kept = {answer.headers["Cache-Control"] for _, answer in answers}
    assert kept == {NO_STORE, KEPT_AS_SENT}
    assert KEPT_AS_SENT.split(", ")[0] == NO_STORE


def test_every_page_carries_all_protections(answers):
    assert lacking(answers, HEADERS) == []


def test_the_policy_allows_no_inline_code_and_nobody_else():
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
    assert not any(word in CONTENT_SECURITY_POLICY for word in ("http", "*", "data:"))


def test_no_page_has_inline_style_or_script(answers):
    for where, answer in answers:
        page = answer.get_data(as_text=True) if answer.mimetype == "text/html" else ""
        assert not any(bad in page for bad in ("style=", "<style", "onclick", "<script>")), where


def test_pages_of_failures_carry_them_too(open_app, monkeypatch):
    client = Journey(open_app("minimal"), "mood").begin().answer(mood=1)
    found = []
    for failure in (RuntimeError("canary"), sqlite3.OperationalError("disk full")):

        def broken(*args, failure=failure, **kwargs):
            raise failure

        monkeypatch.setattr(answer_storage, "accept", broken)
        data = {c.name: c.value for c in client.page.controls if c.kind == "hidden"}
        found.append(("check", client.browser.post(client.here, data={**data, "code": "no"})))
    large = client.browser.post("/s/mood/withdraw", data={"code": "x" * 400_000})
    found.append(("large", large))
    assert [answer.status_code for _, answer in found] == [500, 503, 413]
    assert lacking(found, {**HEADERS, "Cache-Control": KEPT_AS_SENT}) == []
    assert not any("canary" in answer.get_data(as_text=True) for _, answer in found)


def test_static_files_may_be_kept_and_carry_the_protections(client):
    for asset in ASSETS.values():
        answer = client.get(asset.address)
        assert "immutable" in answer.headers["Cache-Control"]
        assert lacking([("static", answer)], HEADERS) == []


def test_the_cookie_is_closed_to_scripts_and_other_sites(open_app):
    answer = open_app("minimal").test_client().get("/s/mood/eligibility")
    cookie = answer.headers["Set-Cookie"]
    assert all(flag in cookie for flag in ("HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Expires" not in cookie


def test_behind_tls_the_cookie_is_bound_to_this_host_and_the_browser_told_to_stay(open_app):
    browser = open_app("minimal", https=True).test_client()
    answer = browser.get("/s/mood/eligibility", base_url="https://survey.example.org")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-s=")
    assert "Secure" in cookie
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_there_is_no_cookie_before_the_first_form(client):
    for address in ("/", "/s/mood/", "/s/mood/information", "/s/mood/support", "/ethics/kinds/"):
        assert "Set-Cookie" not in client.get(address).headers


def test_an_address_without_its_slash_leads_to_no_other_host(client):
    answer = client.get("/s/once?a=b", headers={"Host": "elsewhere.example"})
    assert (answer.status_code, answer.headers["Location"]) == (308, "/s/once/?a=b")
