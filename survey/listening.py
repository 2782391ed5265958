"""The socket that the server listens at: made here, or handed over by systemd."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path

from survey.config import Config
from survey.errors import Refusal

BACKLOG = 1024  # connections that may wait for a process to take them
HANDED_OVER = 3  # the first descriptor that systemd hands over (sd_listen_fds(3))
UNIX_MODE = 0o660
# A phone that went out of reach in the middle of a form is noticed after a minute.
_ALIVE = ((socket.TCP_KEEPIDLE, 30), (socket.TCP_KEEPINTVL, 10), (socket.TCP_KEEPCNT, 3))
ANSWER_WITHIN_SECONDS = 5.0
_HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Listener:
    """A listening socket. One at a ``path`` lies beside it until the server answers."""

    def __init__(self, listening: socket.socket, path: Path | None = None) -> None:
        self.socket, self.path = listening, path
        self._inode = _beside(path).stat().st_ino if path else 0

    @property
    def is_unix(self) -> bool:
        """Whether it is a Unix socket."""
        return self.socket.family == socket.AF_UNIX

    @property
    def address(self) -> str:
        """Where it is reached, for people."""
        if self.is_unix:
            return f"unix:{self.path or self.socket.getsockname()}"
        host, port = self.socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def wait_for_an_answer(self) -> bool:
        """Return True when the server here has answered; False when it ended before."""
        return bool(self._ask_health(None))

    def is_healthy(self) -> bool:
        """Return whether the server says, within ANSWER_WITHIN_SECONDS, that all is well."""
        return b" 200 " in self._ask_health(ANSWER_WITHIN_SECONDS)

    def _ask_health(self, patience: float | None) -> bytes:
        with suppress(OSError), socket.socket(self.socket.family, socket.SOCK_STREAM) as asking:
            asking.settimeout(patience)
            moved = self.path and not _beside(self.path).exists()
            asking.connect(str(self.path) if moved else self.socket.getsockname())
            asking.sendall(_HEALTH)
            return asking.recv(64)
        return b""

    def take_place(self) -> None:
        """Move to ``path``; a server that was there goes on with the connections that it has."""
        if self.path:
            _beside(self.path).replace(self.path)

    def close(self) -> None:
        """Listen no more, and leave ``path`` unless another server has taken the place."""
        self.socket.close()
        if self.path:
            with suppress(OSError):
                _beside(self.path).unlink(missing_ok=True)
                if self.path.stat().st_ino == self._inode:
                    self.path.unlink()


def listen(config: Config) -> Listener:
    """Listen at systemd's socket, at the Unix socket of the settings, or at host and port.

    Raises Refusal where that cannot be had.
    """
    if (given := _handed_over()) is not None:
        return Listener(given)
    if config.socket:
        path = Path(config.socket)
        return Listener(_unix(path), path)
    return Listener(_at_port(config.host, config.port))


def _handed_over() -> socket.socket | None:
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    if os.environ.get("LISTEN_FDS") != "1":
        raise Refusal("systemd hands over several sockets. Name one in lacrima.socket.")
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)
    return socket.socket(fileno=HANDED_OVER)


def _at_port(host: str, port: int) -> socket.socket:
    made = None
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in ((socket.TCP_NODELAY, 1), *_ALIVE):
            made.setsockopt(socket.IPPROTO_TCP, option, value)
        made.bind(address)
        made.listen(BACKLOG)
    except OSError as error:
        if made:
            made.close()
        raise Refusal(
            f"Cannot listen on {host}:{port}: {error.strerror}. "
            "Stop what runs there, or choose another port."
        ) from None
    return made


def _unix(path: Path) -> socket.socket:
    made, beside = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), _beside(path)
    try:
        beside.unlink(missing_ok=True)
        made.bind(str(beside))
        beside.chmod(UNIX_MODE)
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        raise Refusal(
            f"LACRIMA_SOCKET: cannot listen at {path}: {error.strerror or error}. Name a file with "
            "a short path, in a folder that this user may write."
        ) from None
    return made


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")


def tell_service_manager(state: str) -> None:
    """Tell systemd ``state``, such as READY=1, where it asked for that (sd_notify(3))."""
    if address := os.environ.get("NOTIFY_SOCKET"):
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as teller:
            teller.sendto(state.encode(), address.replace("@", "\0", 1))
