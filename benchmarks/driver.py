"""Clients that walk a survey as fast as its pages come, in one thread, and what they see.

One loop over non-blocking sockets and one generator a client: the driver shares its cores with the
server that it measures, so that it must cost little. Any page that is not 200, asks again for an
answer or shows no way on fails the whole run.
"""

from __future__ import annotations

import gc
import random
import re
import selectors
import socket
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field

from benchmarks.page import END_TITLE, Plans, WalkFailed, fill, title_of
from benchmarks.process import Usage, busy, usage

REDIRECTS = (301, 302, 303, 307, 308)
MOST_STEPS = 60  # pages; a walk that is longer goes in circles
TIMEOUT = 30.0  # seconds without any answer at all
READ_BYTES = 1 << 18

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_COOKIE = re.compile(rb"\r\nset-cookie: *([^=;\s]+)=([^;\r]*)([^\r]*)", re.IGNORECASE)
_LOCATION = re.compile(rb"\r\nlocation: *(?:https?://[^/\r]*)?([^\r]*)", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for; ``body`` None means GET."""

    address: str
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; ``size`` is header and body as they crossed the wire, in bytes."""

    status: int
    head: bytes
    body: bytes
    size: int


Walk = Generator[Request, Reply, None]


def _visit(request: Request) -> Generator[Request, Reply, tuple[str, bytes]]:
    """Follow redirects to a page: its address and body."""
    for _ in range(5):
        reply = yield request
        if reply.status in REDIRECTS:
            found = _LOCATION.search(reply.head)
            request = Request(found[1].decode() if found else "/")
            continue
        if reply.status != 200 or title_of(reply.body).startswith(b"Error"):
            title = title_of(reply.body).decode()
            raise WalkFailed(
                f"{reply.status} {title!r} at {request.address} (sent {request.body!r})"
            )
        return request.address, reply.body
    raise WalkFailed(f"Redirected in circles at {request.address}.")


def walk(start: str, plans: Plans, draw: random.Random) -> Walk:
    """One client from ``start`` to the page that says thank you."""
    address, body = yield from _visit(Request(start))
    for _ in range(MOST_STEPS):
        if END_TITLE in title_of(body):
            return
        plan = plans.of(body)
        posted = fill(plan, body, draw.random) if plan.form else None
        address, body = yield from _visit(Request(plan.action or address, posted))
    raise WalkFailed(f"No end after {MOST_STEPS} pages, at {address}.")


class Connection:
    """One client's connection and cookies."""

    def __init__(
        self, port: int, seed: int, selector: selectors.BaseSelector | None = None
    ) -> None:
        self._port, self._selector = port, selector or selectors.DefaultSelector()
        self.draw = random.Random(seed)
        self.jar: dict[bytes, bytes] = {}
        self._buffer = b""
        self._due = 0
        self.socket: socket.socket | None = None
        self.asked: Request | None = None
        self.asked_at = 0.0

    def _open(self) -> socket.socket:
        """The connection, opened anew when the server has closed it."""
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self._port), timeout=TIMEOUT)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(self.socket, selectors.EVENT_READ, self)
        return self.socket

    def hang_up(self) -> None:
        """Let go; the next request opens another connection."""
        if self.socket is not None:
            self._selector.unregister(self.socket)
            self.socket.close()
            self.socket = None

    def ask(self, request: Request) -> None:
        """Send ``request``."""
        method = "GET" if request.body is None else "POST"
        head = f"{method} {request.address} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n".encode()
        if self.jar:
            head += b"Cookie: " + b"; ".join(n + b"=" + v for n, v in self.jar.items()) + b"\r\n"
        if request.body is not None:
            head += b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n" % (
                len(request.body)
            )
        self.asked, self._buffer, self._due = request, b"", 0
        sock = self._open()
        self.asked_at = time.perf_counter()
        sock.sendall(head + b"\r\n" + (request.body or b""))

    def receive(self) -> Reply | None:
        """Read what is there; the whole reply once it has all come."""
        assert self.socket is not None
        assert self.asked is not None
        more = self.socket.recv(READ_BYTES)
        if not more:
            raise WalkFailed(f"The server hung up at {self.asked.address}.")
        self._buffer += more
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        if not self._due:
            self._due = end + 4 + self._length(self._buffer[: end + 2])
        return self._whole(end) if len(self._buffer) >= self._due else None

    def fetch(self, request: Request) -> Reply:
        """Send ``request`` and wait for its reply."""
        self.ask(request)
        while (reply := self.receive()) is None:
            pass
        return reply

    def _length(self, head: bytes) -> int:
        found = _LENGTH.search(head)
        if found is None:
            raise WalkFailed(f"A reply without a length at {self.asked}.")
        return int(found[1])

    def _whole(self, end: int) -> Reply:
        head, body = self._buffer[: end + 2], self._buffer[end + 4 :]
        for name, value, attributes in _COOKIE.findall(head):
            if b"max-age=0" in attributes.lower() or b"1970" in attributes:
                self.jar.pop(name, None)
            else:
                self.jar[name] = value
        if _CLOSES.search(head):
            self.hang_up()
        return Reply(int(head[9:12]), head, body, len(self._buffer))


@dataclass
class Measured:
    """What a run saw between the end of its warm-up and its own end. Times are in seconds."""

    clients: int
    seconds: float = 0.0
    answers: int = 0
    pages: int = 0
    size: int = 0
    gets: list[float] = field(default_factory=list)
    posts: list[float] = field(default_factory=list)
    driver_cpu: float = 0.0
    server_cpu: float = 0.0
    other_cpu: float = 0.0  # of everything else that ran on this machine
    memory: Usage = field(default_factory=Usage)
    completed: int = 0  # answers of the whole run, warm-up included

    @property
    def requests(self) -> int:
        """Requests of either method."""
        return len(self.gets) + len(self.posts)

    def count(self, asked: Request, reply: Reply, took: float) -> None:
        """One reply more."""
        (self.gets if asked.body is None else self.posts).append(took)
        self.pages += reply.status == 200
        self.size += reply.size


class Load:
    """``clients`` walking the survey at ``start`` on ``port`` without a pause between pages."""

    def __init__(
        self, port: int, start: str, clients: int, *, answers: Mapping[str, str] | None = None
    ) -> None:
        self._start, self._plans = start, Plans(answers)
        self._selector = selectors.DefaultSelector()
        self._connections = [Connection(port, seed, self._selector) for seed in range(clients)]
        self._walks: dict[Connection, Walk] = {}
        self._result = Measured(clients)
        self._counting = False

    def run(self, server: int, *, warm_up: float = 2.0, seconds: float = 10.0) -> Measured:
        """Drive for so many seconds; ``server`` is the process whose tree is watched."""
        gc.disable()  # a pause of ours would be booked as the server's
        try:
            for connection in self._connections:
                self._begin(connection)
            self._drive_until(time.perf_counter() + warm_up)
            begun, cpu, own = time.perf_counter(), usage(server).cpu, time.process_time()
            machine = busy()
            self._counting = True
            self._drive_until(begun + seconds)
            self._result.seconds = time.perf_counter() - begun
            self._result.driver_cpu = time.process_time() - own
            self._result.memory = usage(server)
            self._result.server_cpu = self._result.memory.cpu - cpu
            ours = self._result.server_cpu + self._result.driver_cpu
            self._result.other_cpu = max(0.0, busy() - machine - ours)
        finally:
            gc.enable()
            for connection in self._connections:
                connection.hang_up()
            self._selector.close()
        return self._result

    def _begin(self, connection: Connection) -> None:
        """The next person at this connection, without the last one's cookies."""
        connection.jar.clear()
        self._walks[connection] = walk(self._start, self._plans, connection.draw)
        connection.ask(next(self._walks[connection]))

    def _drive_until(self, end: float) -> None:
        while (now := time.perf_counter()) < end:
            ready = self._selector.select(min(TIMEOUT, end - now) if self._counting else TIMEOUT)
            if not ready and time.perf_counter() - now >= TIMEOUT:
                raise WalkFailed(f"No answer for {TIMEOUT:.0f} seconds.")
            for key, _ in ready:
                self._go_on(key.data)

    def _go_on(self, connection: Connection) -> None:
        reply = connection.receive()
        if reply is None:
            return
        assert connection.asked is not None
        if self._counting:
            took = time.perf_counter() - connection.asked_at
            self._result.count(connection.asked, reply, took)
        try:
            connection.ask(self._walks[connection].send(reply))
        except StopIteration:
            self._result.completed += 1
            self._result.answers += self._counting
            self._begin(connection)
