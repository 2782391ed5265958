"""A file or a process that is held keeps no page from being served; nobody waits for ever."""

import os
import signal
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from forms.platform_texts import ERROR_PAGES
from survey.errors import StoreUnavailable
from survey.locks import GRACE_SECONDS, TURN_SECONDS
from survey.storage.database import write_transaction
from survey.storage.stores import Stores
from tests.conftest import folder_of
from tests.journeys.client import Journey
from tests.journeys.wire import WireBrowser
from tests.serving import LACRIMA, Server, demo, free_port
from tests.survey.storage.processes import next_line, python
from tests.waiting import until

SENDERS = 40
SLACK = 3.0  # seconds that a busy machine may take for everything around a wait
HOLD = """
import sys; from pathlib import Path
from survey.storage.database import write_transaction; from survey.storage.stores import Stores
stores = Stores(Path(sys.argv[1]))
with write_transaction(stores.pilot):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def held(folder):
    """A process that is stopped in the middle of writing pilot.db, as Ctrl-Z would."""
    process = python("-c", HOLD, str(folder))
    assert next_line(process) == "held\n"
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)
        process.communicate("\n", timeout=20)


@dataclass
class Told:
    """An answer of the server, and how long it took."""

    status: int
    page: str
    seconds: float


def ask(browser, path, **options):
    begun = time.monotonic()
    answer = browser.open(path, **options)
    return Told(answer.status_code, answer.get_data(as_text=True), time.monotonic() - begun)


def send(walk):
    """The post of the check page, from a browser that holds what the client's holds."""
    browser = WireBrowser(walk.browser.site)
    browser.cookies = dict(walk.browser.cookies)
    button = walk.page.button("go", "send")
    fields = {name: [value] for name, value in walk.filled(button.form, {"code": "no"})}
    return ask(browser, walk.here, method="POST", data=fields | {"go": ["send"]})


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """While a file is held forty send at once and somebody opens help pages; then one sends."""
    data = tmp_path_factory.mktemp("held") / "data"
    with demo(data, folder_of("once")) as (_, site):
        walk = Journey(None, "once", browser=WireBrowser(site)).begin()
        walk.answer(first="well").answer(upset=3)
        with held(data), ThreadPoolExecutor(SENDERS) as pool:
            sent = [pool.submit(send, walk) for _ in range(SENDERS)]
            pages = [ask(WireBrowser(site), "/s/once/support") for _ in range(20)]
            sent = [one.result() for one in sent]
        yield sent, pages, walk.send()


def test_the_help_page_answers_while_forty_wait_to_send(told):
    _, pages, _ = told
    assert {page.status for page in pages} == {200}
    assert max(page.seconds for page in pages) < GRACE_SECONDS + SLACK


def test_whoever_sends_is_told_within_five_seconds_that_it_could_not_be_saved(told):
    sent, _, _ = told
    assert {one.status for one in sent} == {503}
    assert all(ERROR_PAGES[503][0] in one.page for one in sent)
    assert max(one.seconds for one in sent) < TURN_SECONDS + SLACK


def test_afterwards_the_answers_are_there_and_can_be_sent(told):
    _, _, walk = told
    assert (walk.status, walk.screen) == (200, "done")


def test_a_command_is_told_which_file_it_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr("survey.locks.TURN_SECONDS", 0.05)
    stores = Stores(tmp_path)
    refused = pytest.raises(StoreUnavailable, match=r"pilot\.db was being written")
    with held(tmp_path), refused, write_transaction(stores.pilot):
        raise AssertionError
    with write_transaction(stores.pilot):
        pass
    stores.close()


def test_who_waits_is_woken_when_the_file_is_free(tmp_path):
    """Both of another thread and of another process, and nobody is left out."""
    stores, done = Stores(tmp_path), []

    def write():
        with write_transaction(stores.pilot):
            done.append(1)

    with ThreadPoolExecutor(2) as pool:
        with held(tmp_path):
            waiting = [pool.submit(write) for _ in range(2)]
        assert [one.result() for one in waiting] == [None, None]
    assert len(done) == 2
    stores.close()


@pytest.fixture
def server_and_workers(tmp_path):
    with demo(tmp_path / "data", folder_of("once")) as (server, site):
        found = workers(server)
        assert len(found) == 2
        yield server, site, found


def workers(server):
    pid = server.process.pid
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_stopped_process_of_the_server_keeps_nobody_from_a_page(server_and_workers):
    _, site, (first, _) = server_and_workers
    os.kill(first, signal.SIGSTOP)
    try:
        pages = [ask(WireBrowser(site), "/s/once/support") for _ in range(12)]
    finally:
        os.kill(first, signal.SIGCONT)
    assert {page.status for page in pages} == {200}
    assert max(page.seconds for page in pages) < SLACK


def test_when_the_first_process_is_killed_none_goes_on_alone(server_and_workers):
    server, _, found = server_and_workers
    server.process.kill()
    assert until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in found))


def test_a_server_that_is_stopped_while_its_processes_start_waits_for_none(tmp_path):
    environ = {"LACRIMA_DATA": str(tmp_path / "data"), "LACRIMA_STUDIES": str(folder_of("once"))}
    command = [str(LACRIMA), "demo", "--empty", "--port", str(free_port())]
    with tempfile.NamedTemporaryFile() as said:
        server = Server(command, environ, said)
        assert until(lambda: len(workers(server)) == 2 and not any(map(catches, workers(server))))
        server.stop()
        assert "refused" not in server.said


def catches(pid):
    """Whether a process handles SIGTERM: at first by what it has from the process before it."""
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    return int(status["SigCgt"], 16) >> (signal.SIGTERM - 1) & 1
