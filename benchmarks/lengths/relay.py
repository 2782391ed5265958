"""A relay between a browser and the proxy that ends TLS: it passes on and sees lengths alone."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

APPLICATION_DATA = 23  # type of a TLS record (RFC 8446, section 5.1)
HEADER = 5
PROTECTION = 17  # bytes of a TLS 1.3 record beside its content: the real type, and the tag
CHUNK = 1 << 16


UP, DOWN = 0, 1


@dataclass
class Exchanges:
    """What went to and fro in the order in which it did: bytes up and down of each exchange."""

    seen: list[list[int]] = field(default_factory=list)

    def add(self, way: int, content: int) -> None:
        """Note bytes of content; what goes up after something came down begins an exchange."""
        if not self.seen or (way == UP and self.seen[-1][DOWN]):
            self.seen.append([0, 0])
        self.seen[-1][way] += content


@dataclass
class Connection:
    """One connection: what its ends say to each other once TLS has been agreed on."""

    exchanges: Exchanges
    _sent: int = 0

    def add(self, way: int, content: int) -> None:
        """Note a record, unless it opens the connection: the client's first ends the handshake."""
        self._sent += way == UP
        if self._sent > 1:
            self.exchanges.add(way, content)


@dataclass
class Direction:
    """Records that go one way on a connection."""

    way: int
    connection: Connection
    _rest: bytes = b""

    def saw(self, data: bytes) -> None:
        """Take in what is passed on just now; records may lie across pieces."""
        data = self._rest + data
        while len(data) >= HEADER:
            size = int.from_bytes(data[3:HEADER], "big")
            if len(data) < HEADER + size:
                break
            if data[0] == APPLICATION_DATA:
                self.connection.add(self.way, size - PROTECTION)
            data = data[HEADER + size :]
        self._rest = data


@dataclass
class Relay:
    """The observer: what goes up and down, on whichever connection."""

    port: int = 0
    _exchanges: Exchanges = field(default_factory=Exchanges)

    def taken(self) -> list[tuple[int, int]]:
        """Return the bytes of content up and down of each exchange since the last call."""
        seen, self._exchanges.seen = self._exchanges.seen, []
        return [(up, down) for up, down in seen]

    def _open(self, client: socket.socket, proxy: int) -> None:
        server = socket.create_connection(("127.0.0.1", proxy))
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(self._exchanges)
        for way, ends in ((UP, (client, server)), (DOWN, (server, client))):
            seen = Direction(way, connection)
            threading.Thread(target=_pump, args=(seen, *ends), daemon=True).start()

    def accept(self, door: socket.socket, proxy: int) -> None:
        """Relay every connection until the door is shut."""
        with suppress(OSError):
            while True:
                self._open(door.accept()[0], proxy)


def _pump(way: Direction, source: socket.socket, target: socket.socket) -> None:
    """Note, then pass on: whoever has an answer knows that it was noted."""
    with suppress(OSError):
        while data := source.recv(CHUNK):
            way.saw(data)
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@contextmanager
def relay(proxy: int) -> Iterator[Relay]:
    """Relay to the proxy on this port."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        found = Relay(door.getsockname()[1])
        threading.Thread(target=found.accept, args=(door, proxy), daemon=True).start()
        yield found
