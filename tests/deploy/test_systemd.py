"""The shipped units, and the server as systemd starts, reloads and stops it."""

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from survey.crypto import make_key
from survey.storage import answer_tables
from survey.storage.stores import Stores
from tests.conftest import folder_of
from tests.deploy.proxies import DEPLOY
from tests.journeys.client import Journey
from tests.journeys.wire import WireBrowser
from tests.serving import LACRIMA, PATIENCE_SECONDS, Server
from tests.waiting import until

UNITS = DEPLOY / "systemd"
MOST_EXPOSED = 2.0
NONE: dict[str, str] = {}
pytestmark = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="no systemd-analyze: apt-get install systemd"
)


@pytest.mark.parametrize("unit", ["lacrima.service", "lacrima-backup.service"])
def test_a_unit_gives_the_server_next_to_nothing(unit):
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", UNITS / unit],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    exposure = re.search(r"exposure level for .*: ([\d.]+)", said.stdout)
    assert exposure, said
    assert float(exposure[1]) <= MOST_EXPOSED


def test_systemd_understands_every_unit(tmp_path):
    for file in UNITS.glob("lacrima*.[st]*"):
        text = file.read_text().replace("/opt/lacrima/bin/lacrima", str(LACRIMA))
        (tmp_path / file.name).write_text(text)
    said = subprocess.run(
        ["systemd-analyze", "verify", *tmp_path.iterdir()],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (said.returncode, said.stderr) == (0, "")


def test_user_and_folders_are_made_as_the_server_needs_them(tmp_path):
    for name in ("etc", "var/lib", "var/backups"):
        (tmp_path / name).mkdir(parents=True)
    for program, file in (("sysusers", "sysusers.conf"), ("tmpfiles", "tmpfiles.conf")):
        create = ["--create"] if program == "tmpfiles" else []
        command = [f"systemd-{program}", f"--root={tmp_path}", *create, str(UNITS / file)]
        subprocess.run(command, check=True)
    made = {name: (tmp_path / name).stat() for name in ("etc/lacrima/key", "var/lib/lacrima")}
    users = [line.split(":") for line in (tmp_path / "etc/passwd").read_text().split()]
    (number,) = (int(fields[2]) for fields in users if fields[0] == "lacrima")
    assert [(m.st_uid, oct(m.st_mode)[-3:]) for m in made.values()] == [(number, "700")] * 2


class InTwoParts(http.client.HTTPConnection):
    """A connection that sends the second half of a body once ``between`` is done."""

    def __init__(self, host, *, between):
        super().__init__(host)
        self.between = between

    def request(self, method, url, body=None, headers=NONE, *, encode_chunked=False):
        def parts():
            yield body[: len(body) // 2].encode()
            self.between()
            yield body[len(body) // 2 :].encode()

        if body:
            headers = {**headers, "Content-Length": str(len(body))}
        super().request(method, url, parts() if body else None, headers)


class SocketBrowser(WireBrowser):
    """A browser that speaks to a Unix socket, as the proxy does."""

    def __init__(self, place: Path) -> None:
        self.place = str(place)
        self.in_the_middle: Callable[[], object] = lambda: None  # of a form that is being sent
        super().__init__("http://localhost", {"X-Forwarded-Proto": "https"})
        self.headers["Origin"] = "https://localhost"

    def _connection(self):
        connection = InTwoParts("localhost", between=lambda: self.in_the_middle())
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(PATIENCE_SECONDS)
        try:
            connection.sock.connect(self.place)
        except OSError:
            connection.close()
            raise
        return connection


@dataclass(frozen=True)
class Started:
    """A server as systemd would have started it."""

    server: Server | None
    place: Path
    settings: dict[str, str]

    def client(self):
        found = Journey(None, "once", browser=SocketBrowser(self.place))
        found.base = "/s/once/"
        return found

    def takes_nobody(self):
        """Whether a connection is refused."""
        with closing(socket.socket(socket.AF_UNIX)) as asking:
            return bool(asking.connect_ex(str(self.place)))

    def restricted(self, place, *command, unit="lacrima.service"):
        """The command that runs ``command`` under the unit's restrictions."""
        program = Path(__file__).with_name("as_systemd.py")
        return [sys.executable, str(program), str(UNITS / unit), place, *command]


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    folder = tmp_path_factory.mktemp("systemd")
    make_key(folder / "key" / "server.key")
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(str(folder / "notify"))
        manager.settimeout(PATIENCE_SECONDS)
        settings = {
            "LACRIMA_DATA": str(folder / "data"), "LACRIMA_KEY": str(folder / "key/server.key"),
            "LACRIMA_STUDIES": str(folder_of("once")), "LACRIMA_PILOTS": "once",
            "LACRIMA_WORKERS": "1", "NOTIFY_SOCKET": str(folder / "notify"),
        }  # fmt: skip
        begun = Started(None, folder / "s", settings)
        with (folder / "said").open("wb") as said:
            command = begun.restricted(str(begun.place), str(LACRIMA), "serve")
            server = Server(command, settings, said)
            try:
                assert manager.recv(100) == b"READY=1", server.said
                yield Started(server, begun.place, settings)
            finally:
                if server.process.poll() is None:
                    server.stop()


def processes(server):
    """The processes that answer."""
    pid = server.process.pid
    return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def test_it_says_that_it_is_ready_where_and_which_build_it_is(started):
    build = subprocess.run([LACRIMA, "--version"], capture_output=True, text=True, check=True)
    expected = f"{build.stdout.strip()} serves at unix:{started.place}\n"
    assert (started.server.said, "build" in build.stdout) == (expected, True)


def test_under_the_restrictions_a_client_answers_to_the_end(started):
    client = started.client().begin().answer(first="a word").answer(upset=3).send()
    assert client.screen == "done"


def test_under_the_restrictions_commands_work(started, tmp_path):
    for command in (
        ["doctor"], ["simulate", "once", "--count", "100"],
        ["release", "once", "--tier", "C", "--pilot", "--out", str(tmp_path / "out")],
    ):  # fmt: skip
        done = subprocess.run(
            started.restricted("", str(LACRIMA), *command),
            env={**os.environ, **started.settings}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (command[0], done.returncode, done.stderr) == (command[0], 0, "")


def test_under_the_restrictions_of_its_unit_a_backup_is_made(started, tmp_path):
    def run(*command):
        environ = {**os.environ, **started.settings}
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=True)

    made = run(LACRIMA, "backup", "--new-key", tmp_path / "secret").stdout.split()
    (tmp_path / "backup.pub").write_text(next(word for word in made if word.startswith("age1")))
    (tmp_path / "backups").mkdir()
    to = (str(tmp_path / "backups"), "--to", str(tmp_path / "backup.pub"))
    run(*started.restricted("", str(LACRIMA), "backup", *to, unit="lacrima-backup.service"))
    assert len(list((tmp_path / "backups").iterdir())) == 1


def test_a_reload_brings_new_processes_and_loses_nobody(started):
    before, asked = processes(started.server), []
    started.server.process.send_signal(signal.SIGHUP)

    def replaced():
        asked.append(started.client().open("").status)
        return not processes(started.server) & before

    assert until(replaced, PATIENCE_SECONDS)
    client = started.client().begin().answer(first="a word").answer(upset=3).send()
    assert (client.screen, set(asked)) == ("done", {200})


def test_what_is_being_sent_when_the_server_is_stopped_is_stored(started):
    def stop():
        started.server.process.send_signal(signal.SIGTERM)
        assert until(started.takes_nobody, PATIENCE_SECONDS)

    client = started.client().begin().answer(first="a word").answer(upset=3)
    with closing(Stores(Path(started.settings["LACRIMA_DATA"]))) as stores:
        before = answer_tables.count(stores.pilot, "once")
        client.browser.in_the_middle = stop
        with pytest.raises(OSError, match="refused"):  # the page behind it, of nobody
            client.send()
        assert answer_tables.count(stores.pilot, "once") == before + 1
