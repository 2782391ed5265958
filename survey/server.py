"""The production server: granian with worker processes and threads (docs/decisions/0004)."""

from __future__ import annotations

import gc
import os
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from survey.config import Config, as_environment, read_config
from survey.errors import Refusal
from survey.memory import close_memory, overwrite_freed_memory

if TYPE_CHECKING:
    from flask import Flask

TARGET, DEMO_TARGET = "survey.server:build", "survey.server:build_demo"
# Seconds that a worker may take to finish what it is doing before it is ended.
SERVER_GRACE_SECONDS = 5
# Only what concerns the operator; a server's own log lines can hold addresses.
LOG_LEVEL = "warning"


def build(*, demo: bool = False) -> Flask:
    """Return the application for one worker process; settings come through the environment."""
    from survey.app import create_app

    close_memory()
    overwrite_freed_memory()
    app = create_app(replace(read_config(), demo=demo))
    # Templates, studies and classes stay for good: the collector need not walk them each time.
    gc.collect()
    gc.freeze()
    return app


def build_demo() -> Flask:
    """Return the demo's application: no setting makes a demo of an installation."""
    return build(demo=True)


def check_port(host: str, port: int) -> None:
    """Raise Refusal when another process listens there already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Refusal(
                f"Cannot listen on {host}:{port}: {error.strerror}. "
                "Stop what runs there, or choose another port."
            ) from None


def run(config: Config) -> None:
    """Serve until interrupted."""
    from granian.constants import Interfaces
    from granian.log import LogLevels

    close_memory()
    os.environ.update(as_environment(config))
    _server_class()(
        DEMO_TARGET if config.demo else TARGET,
        lifetime=config.lifetime,
        address=config.host,
        port=config.port,
        interface=Interfaces.WSGI,
        workers=config.workers,
        blocking_threads=config.threads,
        websockets=False,
        factory=True,
        log_access=False,  # nothing about anybody (docs/decisions/0004-server.md)
        log_level=LogLevels(LOG_LEVEL),
        workers_kill_timeout=SERVER_GRACE_SECONDS,
        respawn_failed_workers=True,
    ).serve()


def _server_class() -> type[Any]:
    """Return granian's server, with processes that are replaced while connections wait."""
    from granian import Granian
    from granian.net import SocketSpec  # type: ignore[attr-defined]

    base: Any = Granian

    class Server(base):  # type: ignore[misc]  # granian leaves it untyped
        """One socket for all processes, each replaced after ``lifetime`` seconds."""

        def __init__(self, *args: Any, lifetime: int, **options: Any) -> None:
            super().__init__(*args, **options)
            self.lifetime = lifetime

        def _init_shared_socket(self) -> None:
            """Listen here: connections that wait at a process's own socket end with it."""
            self._shd = SocketSpec(self.bind_addr, self.bind_port, self.backlog).build()
            self._sfd = self._shd.get_fd()
            self._sso = socket.socket(fileno=self._sfd)
            self._sso.set_inheritable(True)

        def startup(self, *args: Any) -> None:
            """Start; granian, told before, warns of sockets of which each process has its own."""
            self.workers_lifetime = self.lifetime
            super().startup(*args)

    return Server
