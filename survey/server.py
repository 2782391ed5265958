"""The production server: granian with worker processes and threads (docs/decisions/0004)."""

from __future__ import annotations

import gc
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from survey.config import Config, as_environment, read_config
from survey.ethics.dossier.reader import KEPT_IN
from survey.listening import BACKLOG, Listener
from survey.memory import close_memory, end_with_parent, overwrite_freed_memory

if TYPE_CHECKING:
    from flask import Flask

# Seconds that a worker may take to finish what it is doing before it is ended.
SERVER_GRACE_SECONDS = 5
# Only what concerns the operator; a server's own log lines can hold addresses.
LOG_LEVEL = "warning"
HEADER_MILLISECONDS = 10_000
HEADER_BYTES = 64 * 1024
LEAST_THREADS = 2  # half of them may wait for the bodies of requests (survey.bodies)


def build(*, demo: bool = False) -> Flask:
    """Return the application for one worker process; settings come through the environment."""
    end_with_parent()  # before anything that takes a while: a stop may come meanwhile
    from survey.app import create_app
    from survey.bodies import WholeBodies

    close_memory()
    overwrite_freed_memory()
    config = replace(read_config(), demo=demo)
    app = create_app(config)
    places = _threads(config) // 2
    app.wsgi_app = WholeBodies(app.wsgi_app, places=places)  # type: ignore[method-assign]
    # Templates, studies and classes stay for good: the collector need not walk them each time.
    gc.collect()
    gc.freeze()
    return app


def _threads(config: Config) -> int:
    return max(LEAST_THREADS, config.threads)


def run(
    config: Config,
    listener: Listener,
    ready: Callable[[], object] = lambda: None,
    load: Callable[[], Flask] | None = None,
) -> None:
    """Serve at ``listener`` until interrupted; ``ready`` is called when it answers.

    Each worker process calls ``load``, a function of a module, for its application.
    """
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    close_memory()
    # Another version of the program may have made them.
    shutil.rmtree(config.data / KEPT_IN, ignore_errors=True)
    # A worker is a Python of its own, which would take modules from the folder it is started in.
    os.environ.update({**as_environment(config), "PYTHONSAFEPATH": "1"})
    _server_class()(
        f"{__name__}:{build.__name__}",
        listener=listener,
        ready=ready,
        lifetime=config.lifetime,
        backlog=BACKLOG,
        interface=Interfaces.WSGI,
        workers=config.workers,
        blocking_threads=_threads(config),
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_MILLISECONDS, max_buffer_size=HEADER_BYTES
        ),
        websockets=False,
        factory=True,
        log_access=False,  # nothing about anybody (docs/decisions/0004-server.md)
        log_level=LogLevels(LOG_LEVEL),
        workers_kill_timeout=SERVER_GRACE_SECONDS,
        respawn_failed_workers=True,
    ).serve(target_loader=load or partial(build, demo=config.demo), wrap_loader=False)


def _server_class() -> type[Any]:
    """Return granian's server, with processes that are replaced while connections wait."""
    from granian import Granian
    from granian.net import SocketHolder  # type: ignore[attr-defined]

    base: Any = Granian
    holder: Any = SocketHolder  # granian describes another platform's

    class Server(base):  # type: ignore[misc]  # granian leaves it untyped
        """One socket for all processes, each replaced after ``lifetime`` seconds."""

        def __init__(
            self,
            *args: Any,
            listener: Listener,
            ready: Callable[[], object],
            lifetime: int,
            **options: Any,
        ) -> None:
            super().__init__(*args, **options)
            self.listener, self.ready, self.lifetime = listener, ready, lifetime

        def _init_shared_socket(self) -> None:
            """Listen here: connections that wait at a process's own socket end with it."""
            self._sso, self._sfd = self.listener.socket, self.listener.socket.fileno()
            self._sso.set_inheritable(True)
            self._shd = holder(self._sfd, self.listener.is_unix, self.backlog)

        def startup(self, *args: Any) -> None:
            """Start; granian, told before, warns of sockets of which each process has its own."""
            self.workers_lifetime = self.lifetime
            super().startup(*args)
            threading.Thread(target=self._tell_when_ready, daemon=True).start()

        def _tell_when_ready(self) -> None:
            if self.listener.wait_for_an_answer():
                self.listener.take_place()
                self.ready()

    return Server
