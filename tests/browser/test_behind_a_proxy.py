"""A whole walk over TLS, through a real proxy, in a real browser."""

import pytest

from survey.crypto import make_key
from tests.browser.visitor import Visitor
from tests.conftest import folder_of
from tests.deploy.proxies import proxy
from tests.serving import LACRIMA, started

pytestmark = pytest.mark.proxy


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Address of `lacrima serve` behind Caddy, as both are shipped."""
    folder = tmp_path_factory.mktemp("proxy")
    upstream = folder / "s"
    settings = {
        "LACRIMA_DATA": str(folder / "data"), "LACRIMA_SOCKET": str(upstream),
        "LACRIMA_WORKERS": "1", "LACRIMA_STUDIES": str(folder_of("once")), "LACRIMA_PILOTS": "once",
    }  # fmt: skip
    make_key(folder / "data" / "server.key")
    with (
        started([str(LACRIMA), "serve"], settings, upstream.exists),
        proxy("caddy", folder / "caddy", upstream) as caddy,
    ):
        yield caddy.site


@pytest.fixture
def visitor(browser, site):
    context = browser.new_context(ignore_https_errors=True)
    yield Visitor(context, f"{site}/s/once/")
    context.close()


def test_a_client_answers_to_the_end(visitor):
    visitor.begin().press().tick_first(upset=3).press()
    visitor.tick("code", "yes").press("go", "send")
    assert visitor.page.locator("#thecode").inner_text().count("-") == 5


def test_the_cookie_belongs_to_this_host_over_tls_alone(visitor):
    (cookie,) = visitor.begin().context.cookies()
    kept = {n: cookie[n] for n in ("name", "secure", "httpOnly", "sameSite", "path", "expires")}
    assert kept == {
        "name": "__Host-s", "secure": True, "httpOnly": True, "sameSite": "Lax", "path": "/",
        "expires": -1,
    }  # fmt: skip


def test_the_browser_is_told_to_stay_with_tls(visitor):
    answer = visitor.page.goto(visitor.start)
    assert answer.header_value("strict-transport-security").startswith("max-age=31536000")


def test_a_form_posted_from_another_site_is_refused(visitor):
    visitor.begin()
    token = visitor.page.locator("input[name=csrf_token]").first.get_attribute("value")
    form = {"csrf_token": token, "shown": "first"}
    there = {"Referer": "https://elsewhere.example/", "Origin": "https://elsewhere.example"}
    statuses = [
        visitor.context.request.post(visitor.page.url, form=form, headers=headers).status
        for headers in (there, {"Referer": visitor.page.url})
    ]
    assert statuses == [400, 200]


def test_leaving_forgets_the_cookie_and_what_the_browser_kept(visitor):
    visitor.begin()
    answer = visitor.context.request.get(visitor.start + "leave", max_redirects=0)
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert visitor.context.cookies() == []
