"""A real server process for tests: started on a free port, stopped by its own id."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from benchmarks.process import free_port as free_port

ROOT = Path(__file__).parents[1]
LACRIMA = Path(sys.executable).with_name("lacrima")
PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.05


class Server:
    """A process that serves; what it says is kept for whoever asks."""

    def __init__(
        self, command: list[str], environ: Mapping[str, str], said: IO[bytes], folder: Path = ROOT
    ) -> None:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("LACRIMA_")}
        self._said = said
        self.process = subprocess.Popen(
            command, cwd=folder, env={**kept, **environ}, stdout=said, stderr=said
        )

    @property
    def said(self) -> str:
        """Everything it wrote so far."""
        return Path(self._said.name).read_text("utf-8", "replace")

    def wait(self, ready: Callable[[], bool]) -> None:
        """Until ``ready``; says what the process said when it ends first or takes too long."""
        for _ in range(int(PATIENCE_SECONDS / PAUSE_SECONDS)):
            if ready():
                return
            try:
                self.process.wait(PAUSE_SECONDS)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"The server ended: {self.said}")
        raise AssertionError(f"The server did not start: {self.said}")

    def stop(self, how: int = signal.SIGTERM) -> int:
        """End it as a person would, and wait; gives its exit status."""
        self.process.send_signal(how)
        return self.process.wait(PATIENCE_SECONDS)


def answers(url: str) -> bool:
    """Whether ``url`` answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as page:
            return bool(page.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@contextmanager
def started(
    command: list[str],
    environ: Mapping[str, str],
    ready: Callable[[], bool],
    folder: Path = ROOT,
) -> Iterator[Server]:
    """A server that was started in ``folder`` and is ``ready``, stopped at the end."""
    with tempfile.NamedTemporaryFile() as said:
        server = Server(command, environ, said, folder)
        try:
            server.wait(ready)
            yield server
        finally:
            if server.process.poll() is None:
                server.stop()


@contextmanager
def running(
    command: list[str], environ: Mapping[str, str], url: str, folder: Path = ROOT
) -> Iterator[Server]:
    """A server that answers at ``url``, stopped at the end."""
    with started(command, environ, lambda: answers(url), folder) as server:
        yield server


@contextmanager
def demo(data: Path, *studies: Path, folder: Path = ROOT) -> Iterator[tuple[Server, str]]:
    """``lacrima demo --empty`` with these studies, started in ``folder``, and where it is."""
    port = free_port()
    environ = {"LACRIMA_DATA": str(data), "LACRIMA_STUDIES": ":".join(map(str, studies))}
    site = f"http://127.0.0.1:{port}"
    command = [str(LACRIMA), "demo", "--empty", "--port", str(port)]
    with running(command, environ, site + "/healthz", folder) as server:
        yield server, site
