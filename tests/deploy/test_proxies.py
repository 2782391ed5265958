"""The shipped nginx and Caddy configurations in front of the server, over TLS."""

import re
import socket
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from survey.checks.finding import Asked
from survey.checks.site import site as look_at_site
from survey.config import Config
from survey.crypto import make_key
from tests.certificates import HOST
from tests.conftest import folder_of
from tests.deploy.observatory import BEST, points, score
from tests.deploy.proxies import DEPLOY, Proxy, crooked, proxy
from tests.journeys.client import Journey
from tests.journeys.wire import WireBrowser, any_certificate
from tests.serving import LACRIMA, PATIENCE_SECONDS, Server
from tests.waiting import until

pytestmark = pytest.mark.proxy
PROXIES = ("nginx", "caddy")
SLOW = 40
HEAD = "POST /i/ HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
SLOW_BODIES = ("Content-Length: 5000\r\n\r\ni", "Transfer-Encoding: chunked\r\n\r\n5\r\ni")
MARK = "walker-of-this-test"


@dataclass(frozen=True)
class Site:
    """Both proxies in front of one server; ``before`` is what they answered without it."""

    upstream: Path
    proxies: dict[str, Proxy]
    before: dict[str, Any]
    old: Server
    start: Callable[[], Server]  # another server at the same socket


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("proxies")
    upstream = folder / "s"
    make_key(folder / "data" / "server.key")
    settings = {
        "LACRIMA_DATA": str(folder / "data"), "LACRIMA_SOCKET": str(upstream),
        "LACRIMA_STUDIES": str(folder_of("once")), "LACRIMA_PILOTS": "once",
    }  # fmt: skip
    with ExitStack() as stack:
        running = {n: stack.enter_context(proxy(n, folder / n, upstream)) for n in PROXIES}
        before = {name: one.ask("/s/once/", User_Agent=MARK) for name, one in running.items()}
        said = stack.enter_context((folder / "said").open("wb"))

        def start():
            server = Server([str(LACRIMA), "serve"], settings, said)
            stack.callback(stopped, server)
            return server

        old = start()
        old.wait(upstream.exists)
        yield Site(upstream, running, before, old, start)


def workers_of(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def stopped(server):
    if server.process.poll() is None:
        server.stop()


@pytest.fixture(params=PROXIES)
def through(site, request):
    return site.proxies[request.param]


def walker(one):
    browser = WireBrowser(one.site, {"Origin": one.site, "User-Agent": MARK})
    client = Journey(None, "once", browser=browser)
    client.base = "/s/once/"
    return client


def test_a_client_answers_to_the_end(through):
    client = walker(through).begin().answer(first="a word").answer(upset=3).send()
    assert client.screen == "done"


@pytest.mark.parametrize("body", SLOW_BODIES, ids=["length", "chunked"])
def test_slow_bodies_keep_nobody_waiting(through, body):
    with ExitStack() as stack:
        for _ in range(SLOW):
            slow = stack.enter_context(closing(through.connect()))
            slow.sendall((HEAD.format(through.site) + body).encode())
        assert walker(through).begin().answer(first="a word").screen == "questions"


def sent_to_the_server_itself(stack, site, text):
    """A connection past the proxies, at which so much was sent."""
    direct = stack.enter_context(socket.socket(socket.AF_UNIX))
    direct.settimeout(PATIENCE_SECONDS)
    direct.connect(str(site.upstream))
    direct.sendall((HEAD.format("localhost") + text).encode())
    return direct


def test_without_a_proxy_slow_bodies_keep_no_page_waiting(site):
    with ExitStack() as stack:
        for _ in range(SLOW):
            sent_to_the_server_itself(stack, site, SLOW_BODIES[0])
        whole = sent_to_the_server_itself(stack, site, "Content-Length: 12\r\n\r\ninvitation=x")
        statuses = [whole.recv(12), *(one.ask("/s/once/").status for one in site.proxies.values())]
    assert (statuses[0] in (b"HTTP/1.1 503", b"HTTP/1.1 303"), statuses[1:]) == (True, [200, 200])


@pytest.mark.parametrize("text", [
    "Transfer-Encoding: chunked\r\n\r\n", "Content-Length: 50\r\n\r\ninvitation=x",
])  # fmt: skip
def test_a_form_that_is_not_whole_is_not_taken(site, text):
    with ExitStack() as stack:
        sent = sent_to_the_server_itself(stack, site, text)
        sent.shutdown(socket.SHUT_WR)
        assert sent.recv(12) in (b"HTTP/1.1 400", b"")


def test_without_the_server_a_page_says_so_and_leads_away(site, through):
    page = site.before[through.name]
    assert (page.status, page.text) == (503, (DEPLOY / "wait.html").read_text())
    assert page.headers["Cache-Control"] == "no-store"


def test_nothing_about_a_request_is_written_anywhere(through):
    walker(through).begin()
    through.ask("/s/once/%00", User_Agent=MARK)
    with closing(through.connect()) as broken:
        broken.sendall(b"GET /s/once/ HTTP/9.9\r\n\r\n")
        broken.recv(1)
    written = through.written()
    assert not [w for w in (MARK, "/s/once", "/i/", "127.0.0.1:") if w in written], written


def test_every_page_has_its_own_length_and_no_shortened_form(through):
    answer = through.ask("/s/once/", Accept_Encoding="gzip, br, zstd")
    plain = through.ask("/i/", Accept_Encoding="gzip, br, zstd")
    assert [a.headers["Content-Encoding"] for a in (answer, plain)] == [None, None]


def test_browsers_are_spoken_to_in_http_1_over_a_sound_tls(through):
    context = any_certificate()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with closing(through.connect(context)) as spoken:
        assert (spoken.selected_alpn_protocol() or "http/1.1", spoken.version()) == (
            "http/1.1", "TLSv1.3",
        )  # fmt: skip


def test_the_proxy_does_not_name_its_version(through):
    assert "/" not in (through.ask("/").headers["Server"] or "")


def test_health_is_told_to_this_machine_alone(through):
    assert through.ask("/healthz").status == 404


@pytest.mark.parametrize("name", ["X-Forwarded-Proto", "X_Forwarded_Proto"])
def test_a_client_cannot_say_that_tls_is_off(through, name):
    browser = WireBrowser(through.site, {name: "http"})
    assert browser.open("/i/").headers["Strict-Transport-Security"]


def found_at(address, pem, monkeypatch):
    """Name of a check → what it found of the site there, whose certificate is ``pem``."""
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    return {found.name: found.verdict for found in look_at_site(Asked(Config(), site=address))}


def test_nothing_is_wrong_with_what_is_shipped(through, monkeypatch):
    found = found_at(through.site, through.folder / "certificate.pem", monkeypatch)
    assert [name for name in found if found[name] != "safe"] == ["certificate"]  # for a day


def test_what_is_wrong_in_a_proxy_is_named(site, tmp_path, monkeypatch):
    pem = tmp_path / "crooked" / "certificate.pem"
    with crooked(tmp_path / "crooked", site.upstream) as sites:
        all_found = {name: found_at(at, pem, monkeypatch) for name, at in sites.items()}
    found = {n: {c for c in all_found[n] if all_found[n][c] == "unsafe"} for n in sites}
    both = {"X-Forwarded-Host", "X-Forwarded-Proto"}  # a proxy that believes one believes the other
    assert found == {name: {name} for name in sites} | {"X-Forwarded-Host": both}


@pytest.mark.parametrize("page", ["/", "/i/", "/s/once/eligibility", "/ethics/once/", "/nowhere"])
def test_every_kind_of_page_has_the_best_grade_of_the_observatory(through, page):
    headers = through.ask(page).headers
    assert [rule for rule in points(headers) if rule[1] < 0] == []
    assert score(headers) >= BEST


def test_pages_without_their_headers_have_not():
    bare, cookie = Message(), Message()
    cookie["Set-Cookie"] = "s=1; HttpOnly"
    assert (score(bare), dict(points(cookie))["cookies"]) == (30, -40)


# A request within another: what the proxy takes for one and the server for two, or the other way.
INNER = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
SMUGGLED = {
    "a length and chunks": "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "two lengths": "Content-Length: 0\r\nContent-Length: 45\r\n\r\n",
    "chunks by another name": "Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n\r\n",
    "chunks behind a blank": "Transfer-Encoding : chunked\r\nContent-Length: 0\r\n\r\n",
    "chunks twice": "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
    "a line feed alone": "Content-Length: 0\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a folded line": "X: 1\r\n Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
    "a length of words": "Content-Length: 0x2d\r\n\r\n",
    "a size that is none": "Transfer-Encoding: chunked\r\n\r\n0;\n\r\n\r\n",
}


# Its own word for a coding that it does not know, and its page for a body that it cannot read.
OF_A_PROXY = {501, 503}


@pytest.mark.parametrize("body", SMUGGLED.values(), ids=SMUGGLED)
def test_no_request_is_smuggled_into_another(through, body):
    """Each answer belongs to a request that the proxy saw: a hidden one would be a third."""
    with closing(through.connect()) as sent:
        sent.settimeout(PATIENCE_SECONDS)
        sent.sendall((HEAD.format(HOST) + body + INNER.replace("x", HOST, 1)).encode())
        sent.sendall(f"GET /i/ HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
        said = b"".join(iter(lambda: received(sent), b""))
    statuses = [int(found) for found in re.findall(rb"^HTTP/1\.1 (\d{3})", said, re.MULTILINE)]
    assert len(statuses) <= 3
    assert {s for s in statuses if s >= 500} <= OF_A_PROXY, statuses
    assert through.ask("/i/").status == 200  # nobody else gets what was left over


def received(sent):
    """What comes next; nothing where the other side has hung up."""
    try:
        return sent.recv(65_536)
    except OSError:
        return b""


HOSTILE = {
    "an oversized cookie": {"Cookie": "s=" + "a" * 70_000},
    "a foreign host for the server": {"X-Forwarded-Host": "evil.example"},
    "a forwarded address": {"Forwarded": "for=1.2.3.4;host=evil.example;proto=http"},
    "another address for the server": {
        "X-Original-URL": "/research/",
        "X-Rewrite-URL": "/research/",
    },
    "another method for the server": {"X-HTTP-Method-Override": "DELETE"},
}


@pytest.mark.parametrize("headers", HOSTILE.values(), ids=HOSTILE)
def test_a_header_changes_neither_host_nor_address_nor_method(through, headers):
    said = WireBrowser(through.site, headers).open("/s/once")
    assert said.status_code in (308, 400, 431)
    assert "evil" not in f"{said.headers.get('Location')}{said.get_data()!r}"


def test_a_new_server_takes_over_while_people_are_answering_and_ends_whole(site):
    clients = [walker(one).begin().answer(first="a word") for one in site.proxies.values()]
    first = site.upstream.stat().st_ino
    new = site.start()
    new.wait(lambda: site.upstream.stat().st_ino != first)
    site.old.stop()
    screens = [client.answer(upset=3).send().screen for client in clients]
    assert (screens, site.upstream.exists()) == (["done", "done"], True)
    workers = workers_of(new.process.pid)
    new.process.kill()
    assert until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


def test_the_waiting_page_leads_where_leave_now_leads(study):
    assert f'href="{study("therapist-tears").exit_url}"' in (DEPLOY / "wait.html").read_text()
