"""No address, browser name, code or answer reaches a log or a file; words only their own table."""

import signal

import pytest

from tests.conftest import folder_of
from tests.journeys.client import Journey
from tests.journeys.wire import WireBrowser
from tests.serving import demo

AGENT = "Canary/5.0 (agent-7781)"
FORWARDED = "203.0.113.77"
REFERER = "http://canary-referer.example/topic"
QUERY = "canary-query-4410"
WROTE = "A canary wrote these words 9902"
HALF_WRITTEN = "A canary began these words 3303"
SENT = {
    "User-Agent": AGENT, "X-Forwarded-For": FORWARDED, "Referer": REFERER,
    "Sec-Fetch-Site": "same-origin",  # or a form with such a Referer would be refused
}  # fmt: skip


class Installation:
    """A real server, and everything it leaves behind."""

    def __init__(self, server, site, data):
        self.server, self.data = server, data
        self.browser = WireBrowser(site, SENT)

    def client(self):
        browser = WireBrowser(self.browser.site, SENT)
        return Journey(None, "once", browser=browser)

    def files_with(self, words):
        """Names of the files that hold these bytes; "said" is what was printed."""
        held = {p.name: p.read_bytes() for p in self.data.rglob("*") if p.is_file()}
        held["said"] = self.server.said.encode()
        return {name for name, content in held.items() if words.encode() in content}


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    data = tmp_path_factory.mktemp("canary") / "data"
    with demo(data, folder_of("once")) as (server, site):
        yield Installation(server, site, data)


@pytest.fixture(scope="module")
def used(installation):
    """Somebody sent, somebody stopped half-way, and all sorts of requests failed."""
    done = installation.client().begin().answer(first=WROTE).answer(upset=3).send(code=True)
    assert done.screen == "done"
    installation.client().begin().stop(first=HALF_WRITTEN)
    for path in (f"/nowhere?{QUERY}", f"/s/once/check?{QUERY}", f"/s/once/?{QUERY}", "/s/%ff%00"):
        installation.browser.open(path)
    for data in ({"code": [WROTE]}, {"csrf_token": [QUERY]}, {"first": ["x" * 300_000]}):
        installation.browser.open("/s/once/withdraw", method="POST", data=data)
    installation.browser.open("/", method="BREW")
    return installation, done


def lies_at_rest(installation, words, files):
    """Wait until only these files hold the words; the log is laid to rest within two seconds."""
    installation.server.wait(lambda: installation.files_with(words) == files)


@pytest.mark.parametrize("canary", [
    "agent-7781", FORWARDED, "127.0.0.1 ", "canary-referer", QUERY, HALF_WRITTEN,
])  # fmt: skip
def test_nothing_about_the_person_is_written_anywhere(used, canary):
    installation, _ = used
    assert installation.files_with(canary) == set()


def test_the_own_words_lie_in_the_file_of_answers_alone(used):
    installation, _ = used
    lies_at_rest(installation, WROTE, {"pilot.db"})


def test_the_code_is_written_nowhere(used):
    installation, client = used
    for code in (client.code, client.code.replace("-", "")):
        assert installation.files_with(code) == set()


def test_the_secret_of_the_browser_is_written_nowhere(used):
    installation, client = used
    cookie = client.browser.cookies["s"]
    assert installation.files_with(cookie) == set()


def test_requests_are_not_logged_at_all(used):
    installation, _ = used
    said = installation.server.said
    assert not any(word in said for word in ("GET", "POST", "BREW", "/s/once/c", " 200", " 404"))


def test_after_deletion_by_code_the_words_are_nowhere(used):
    installation, client = used
    installation.client().open("withdraw").press(code=client.code)
    lies_at_rest(installation, WROTE, set())


def test_interrupting_the_server_ends_it_cleanly(tmp_path):
    with demo(tmp_path / "data", folder_of("minimal")) as (server, _):
        assert server.stop(signal.SIGINT) == 0
        assert "Traceback" not in server.said
    logs = {p.name for p in (tmp_path / "data").glob("*-wal") if p.stat().st_size}
    assert logs <= {"office.db-wal"}  # holds nothing of a client
