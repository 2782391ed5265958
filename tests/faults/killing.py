"""People who answer at processes that are killed at random moments, and what is left then."""

from __future__ import annotations

import http.client
import multiprocessing
import os
import random
import secrets
import signal
import socket
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from werkzeug.serving import make_server

from survey.app import create_app
from survey.config import Config
from survey.storage import answer_tables
from survey.storage.stores import Stores
from tests.conftest import folder_of
from tests.journeys.client import Journey
from tests.journeys.wire import WireBrowser
from tests.serving import LACRIMA, PATIENCE_SECONDS, Server, answers, free_port
from tests.waiting import until

STUDY = "once"  # a text kept apart beside each row: half an answer would show
WORKERS = 2
SENDERS = 4
AFTERWARDS = "sent afterwards"
MOST_BETWEEN = 4  # answers confirmed between two kills


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the answers. ``ghosts`` are stored, though nobody was told so."""

    kills: int
    confirmed: int
    lost: int
    doubled: int
    half: int
    ghosts: int
    strangers: int  # stored, and never sent
    sound: bool  # the file passes SQLite's own check


class People:
    """Threads that answer without a pause, each answer with a word of its own."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.sent: set[str] = set()
        self.confirmed: set[str] = set()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._go_on) for _ in range(SENDERS)]

    def __enter__(self) -> People:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _go_on(self) -> None:
        while not self._over.is_set():
            word = secrets.token_hex(12)
            self.sent.add(word)
            if sends(self.site, word):
                self.confirmed.add(word)


def sends(site: str, word: str) -> bool:
    """Answer once; False too where the connection is cut, the draft lost, or a 503 the answer."""
    try:
        return send(site, word)
    except (OSError, http.client.HTTPException, AssertionError, StopIteration, LookupError):
        return False


def send(site: str, word: str) -> bool:
    """Answer once; whether the page said thank you."""
    client = Journey(None, STUDY, browser=WireBrowser(site))
    client.begin().answer(first=word).answer(upset=3).send()
    return client.screen == "done"


class Forked:
    """Processes of this machine's own that share one socket: quick to start again."""

    def __init__(self, folder: Path) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["survey.app"])
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.site = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._config = Config(
            data=folder, studies=(folder_of(STUDY),), site=folder / "site.toml",
            key=folder / "server.key", pilots=frozenset({STUDY}), https=False, proxies=0,
        )  # fmt: skip
        self._running: list[BaseProcess] = []

    def start(self) -> None:
        """Have as many processes as there should be."""
        while len(self._running) < WORKERS:
            process = self._context.Process(
                target=answer_requests, args=(self._config, self._socket)
            )
            process.start()
            self._running.append(process)

    def kill(self, draw: random.Random) -> None:
        """Kill one of them, or one time in five all."""
        every = len(self._running) if draw.random() < 1 / 5 else 1
        for _ in range(every):
            process = self._running.pop(draw.randrange(len(self._running)))
            process.kill()
            process.join(PATIENCE_SECONDS)

    def stop(self) -> None:
        """Kill what is left."""
        for process in self._running:
            process.kill()
            process.join(PATIENCE_SECONDS)
        self._socket.close()


def answer_requests(config: Config, listening: socket.socket) -> None:
    """Serve until killed."""
    handle = listening.fileno()
    app = create_app(config)
    make_server("127.0.0.1", 0, app, threaded=True, fd=handle).serve_forever()


class Served:
    """``lacrima serve``. Granian ends the server where one process dies twice within seconds.

    So each is killed once, and then all of them with the one that started them.
    """

    def __init__(self, folder: Path, *, descriptors: int = 0) -> None:
        self._folder, self._port = folder, free_port()
        self.address = ("127.0.0.1", self._port)
        self.site = f"http://127.0.0.1:{self._port}"
        few = ["prlimit", f"--nofile={descriptors}"] if descriptors else []
        self._command = [*few, str(LACRIMA), "serve"]
        self._said = tempfile.NamedTemporaryFile()  # noqa: SIM115
        self._server: Server | None = None
        self._left: list[int] = []

    def start(self) -> None:
        """Start the server where all of it was killed."""
        if self._server is not None:
            return
        settings = {
            "LACRIMA_DATA": str(self._folder), "LACRIMA_PORT": str(self._port),
            "LACRIMA_STUDIES": str(folder_of(STUDY)), "LACRIMA_PILOTS": STUDY,
            "LACRIMA_HTTPS": "off", "LACRIMA_PROXIES": "0", "LACRIMA_WORKERS": str(WORKERS),
        }  # fmt: skip
        self._server = Server(self._command, settings, self._said)
        self._server.wait(lambda: answers(f"{self.site}/healthz"))
        self._left = children(self._server.process.pid)

    def kill(self, draw: random.Random) -> None:
        """Kill a process that was not killed yet, else all of them."""
        if self._left:
            signal_once(self._left.pop(draw.randrange(len(self._left))))
        else:
            self.stop()

    @property
    def pids(self) -> list[int]:
        """Every process of the server."""
        pid = self._server.process.pid if self._server is not None else 0
        return [pid, *children(pid)] if pid else []

    def stop(self) -> None:
        """Kill all, as a power cut does."""
        if self._server is not None:
            for pid in self.pids:
                signal_once(pid)
            self._server.process.wait(PATIENCE_SECONDS)
            self._server = None

    def close(self) -> None:
        """Stop, for good."""
        self.stop()
        self._said.close()


def children(pid: int) -> list[int]:
    """The processes that this one started."""
    try:
        return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    except FileNotFoundError:
        return []


def signal_once(pid: int) -> None:
    """Kill as the system kills what takes its memory."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def kill_at_random(folder: Path, kills: int, server: Forked | Served, *, seed: int = 0) -> Outcome:
    """Kill processes so many times while people answer; look at what is stored afterwards."""
    draw = random.Random(seed)
    try:
        server.start()
        with People(server.site) as people:
            for _ in range(kills):
                wanted = len(people.confirmed) + draw.randrange(MOST_BETWEEN)
                until(lambda wanted=wanted: len(people.confirmed) >= wanted)  # type: ignore[misc]
                server.kill(draw)
                server.start()
        assert until(lambda: answers(f"{server.site}/healthz"))
        assert send(server.site, AFTERWARDS)  # without anybody's help
    finally:
        server.stop()
    return found(folder, people, kills)


def found(folder: Path, people: People, kills: int) -> Outcome:
    """Compare what is stored with what was sent."""
    stores = Stores(folder)
    try:
        db = stores.pilot
        words = Counter(str(text["text"]) for text in answer_tables.texts(db, STUDY))
        rows = sum(1 for _ in answer_tables.rows(db, STUDY))
        sound = db.conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        stores.close()
    assert words.pop(AFTERWARDS) == 1
    return Outcome(
        kills=kills,
        confirmed=len(people.confirmed),
        lost=len(people.confirmed - words.keys()),
        doubled=sum(1 for count in words.values() if count > 1),
        half=abs(rows - 1 - words.total()),
        ghosts=len(words.keys() - people.confirmed),
        strangers=len(words.keys() - people.sent),
        sound=sound,
    )
