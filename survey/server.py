"""The production server: granian with worker processes and threads (docs/decisions/0004)."""

from __future__ import annotations

import gc
import os
import socket
from typing import TYPE_CHECKING

from survey.config import Config, as_environment
from survey.errors import Refusal

if TYPE_CHECKING:
    from flask import Flask

TARGET = "survey.server:build"
# Seconds that a worker may take to finish what it is doing before it is ended.
SERVER_GRACE_SECONDS = 5
# Only what concerns the operator; a server's own log lines can hold addresses.
LOG_LEVEL = "warning"


def build() -> Flask:
    """Return the application for one worker process; settings come through the environment."""
    from survey.app import create_app

    app = create_app()
    # Templates, studies and classes stay for good: the collector need not walk them each time.
    gc.collect()
    gc.freeze()
    return app


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
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    os.environ.update(as_environment(config))
    Granian(
        TARGET,
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
