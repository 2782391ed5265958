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


@dataclass
class Direction:
    """Records that went one way: the bytes of content since they were last asked for."""

    content: int = 0
    _rest: bytes = b""

    def saw(self, data: bytes) -> None:
        """Take in what is passed on just now; records may lie across pieces."""
        data = self._rest + data
        while len(data) >= HEADER:
            size = int.from_bytes(data[3:HEADER], "big")
            if len(data) < HEADER + size:
                break
            if data[0] == APPLICATION_DATA:
                self.content += size - PROTECTION
            data = data[HEADER + size :]
        self._rest = data


@dataclass
class Relay:
    """The observer: what went up and down on the connection that is open now."""

    port: int = 0
    _ways: tuple[Direction, Direction] = field(default_factory=lambda: (Direction(), Direction()))

    def taken(self) -> tuple[int, int]:
        """Return the bytes of content up and down since the last call: those of one exchange."""
        seen = self._ways[0].content, self._ways[1].content
        for way in self._ways:
            way.content = 0
        return seen

    def _open(self, client: socket.socket, proxy: int) -> None:
        self._ways = Direction(), Direction()
        server = socket.create_connection(("127.0.0.1", proxy))
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for way, ends in zip(self._ways, ((client, server), (server, client)), strict=True):
            threading.Thread(target=_pump, args=(way, *ends), daemon=True).start()

    def accept(self, door: socket.socket, proxy: int) -> None:
        """Relay one connection after the other until the door is shut."""
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
    """Relay to the proxy on this port, one connection after the other."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        found = Relay(door.getsockname()[1])
        threading.Thread(target=found.accept, args=(door, proxy), daemon=True).start()
        yield found
