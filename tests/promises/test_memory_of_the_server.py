"""What the server's memory holds of people who answered: nothing once its processes were replaced.

Root reads it here, as a crash dump or a snapshot of the machine would be read.
"""

import os
import secrets
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from survey.crypto import make_key
from tests.conftest import folder_of
from tests.journeys.client import Journey
from tests.journeys.wire import WireBrowser
from tests.serving import LACRIMA, ROOT, answers, free_port, running

SENDERS = 10
LIFETIME = 15  # seconds: enough to walk, and to look before the first replacement

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is closed on Linux alone")

# Run as a program: like this one, but without root's right to read other processes.
AS_A_USER = """
import ctypes, os, sys
PR_CAPBSET_DROP, CAP_SYS_PTRACE = 24, 19
if os.geteuid() == 0:
    assert ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE, 0, 0, 0) == 0
os.execv(sys.argv[1], sys.argv[1:])
"""
READ = """
import sys
try:
    open(f"/proc/{sys.argv[1]}/mem", "rb")
except PermissionError:
    print("refused")
else:
    print("open")
"""


def as_a_user(*command):
    return [sys.executable, "-c", AS_A_USER, *command]


@contextmanager
def serving(folder, lifetime):
    """``lacrima serve`` with a study that asks for words, and where it is."""
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    settings = {
        "LACRIMA_DATA": str(folder), "LACRIMA_PORT": str(port), "LACRIMA_HTTPS": "off",
        "LACRIMA_STUDIES": str(folder_of("once")), "LACRIMA_PILOTS": "once",
        "LACRIMA_PROXIES": "0", "LACRIMA_LIFETIME": str(lifetime),
    }  # fmt: skip
    make_key(folder / "server.key")
    with running(as_a_user(str(LACRIMA), "serve"), settings, f"{site}/healthz") as server:
        yield server, site


def read_by_a_user(pid):
    """What a process of the same user is told that opens the memory of this one."""
    done = subprocess.run(
        as_a_user(sys.executable, "-c", READ, str(pid)), capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def at_rest(folder):
    """Whether what arrived has been laid down with the rest, for which every page is read."""
    with closing(sqlite3.connect(f"file:{folder}/pilot.db?mode=ro", uri=True)) as conn:
        (arrived,) = conn.execute("SELECT count(*) FROM arriving_accepted").fetchone()
    return arrived == 0 and (folder / "pilot.db-wal").stat().st_size == 0


def processes(server):
    """The process that was started and those that it started."""
    pid = server.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {pid, *map(int, children)}


def memory_of(pid):
    """Everything that is mapped into a process and can be read."""
    maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in maps:
            addresses, rights, *_ = line.split()
            first, end = (int(at, 16) for at in addresses.split("-"))
            if rights.startswith("r") and "[v" not in line:
                memory.seek(first)
                yield memory.read(end - first)


def seen(pids, words):
    """Those of ``words`` that stand in the memory of these processes."""
    wanted = {word.encode() for word in words}
    found: set[bytes] = set()
    for pid in pids:
        for part in memory_of(pid):
            found |= {word for word in wanted - found if word in part}
    return found


def send(site, word):
    client = Journey(None, "once", browser=WireBrowser(site))
    client.base = "/s/once/"
    client.begin().answer(first=word).answer(upset=3).send()
    assert client.screen == "done"


@dataclass
class Seen:
    """What was found in a server's memory, and who was let in to read it."""

    sent: int
    before: int  # of the texts sent, those in memory when all were sent
    after: int  # the same once each process had been replaced
    readers: list[str]  # what another process of the same user was told, one for each process
    unanswered: int  # of the pages asked for meanwhile, those that a second try did not get either


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    if os.geteuid() != 0:
        pytest.skip("only root may read another process's memory")
    return measure(tmp_path_factory.mktemp("memory") / "data")


def measure(folder: Path) -> Seen:
    """Send, read every process, and read again once each was replaced."""
    words = [f"canary{secrets.token_hex(8)}" for _ in range(SENDERS)]
    with serving(folder, LIFETIME) as (server, site):
        for word in words:
            send(site, word)
        first = processes(server)
        before, workers = len(seen(first, words)), first - {server.process.pid}
        asked: list[bool] = []

        def replaced():
            asked.append(answers(f"{site}/s/once/") or answers(f"{site}/s/once/"))
            return not processes(server) & workers

        server.wait(replaced)
        send(site, "somebody else")
        server.wait(lambda: at_rest(folder))
        now = processes(server)
        readers, after = [read_by_a_user(pid) for pid in now], len(seen(now, words))
        return Seen(len(words), before, after, readers, asked.count(False))


def test_a_process_holds_the_words_of_people_who_have_sent_them(measured):
    """What docs/host.md says of memory; the reason for replacing processes."""
    assert measured.before > measured.sent / 2  # some is overwritten by the next sender


def test_once_every_process_was_replaced_none_holds_a_word_of_anybody(measured):
    assert measured.after == 0


def test_no_other_process_of_the_same_user_reads_the_memory(measured):
    assert measured.readers == ["refused"] * 3


def test_a_page_that_is_asked_for_while_processes_are_replaced_is_answered(measured):
    assert measured.unanswered == 0


WAITS = "import sys; print(flush=True); sys.stdin.read()"


@contextmanager
def waiting(program):
    """A process that runs ``program`` and waits; its id."""
    command = as_a_user(sys.executable, "-c", program)
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()


@pytest.mark.parametrize(("before", "told"), [
    ("", "open"),
    ("import wsgi;", "refused"),
    ("from survey.memory import close_memory; close_memory();", "refused"),
])  # fmt: skip
def test_whatever_serves_the_wsgi_file_is_closed_too(tmp_path, monkeypatch, before, told):
    make_key(tmp_path / "server.key")
    monkeypatch.setenv("LACRIMA_DATA", str(tmp_path))
    monkeypatch.setenv("LACRIMA_STUDIES", str(folder_of("once")))
    with waiting(before + WAITS) as pid:
        assert read_by_a_user(pid) == told
