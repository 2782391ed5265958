"""Servers started for a measurement, and what the kernel says they use."""

from __future__ import annotations

import http.client
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS, STOP_SECONDS = 30.0, 10.0
FIRST_PORT, PORTS = 20_000, 12_000
_TICKS = os.sysconf("SC_CLK_TCK")


class NotStarted(Exception):
    """A server that did not come up; says what it said."""


@dataclass(frozen=True, slots=True)
class Usage:
    """A process and all below it: CPU seconds so far, memory in MB.

    ``pss`` shares out what processes have in common; ``rss`` counts it once for each.
    """

    cpu: float = 0.0
    rss: float = 0.0
    pss: float = 0.0


def tree(pid: int) -> Iterator[int]:
    """``pid`` and every process below it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            for child in (task / "children").read_text().split():
                yield from tree(int(child))


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS  # utime and stime, proc(5)


def _memory(pid: int) -> tuple[float, float]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines}
    return sizes["Rss"], sizes["Pss"]


def usage(pid: int) -> Usage:
    """What the tree of ``pid`` uses now."""
    pids = list(tree(pid))
    memory = [_memory(p) for p in pids]
    return Usage(sum(map(_cpu, pids)), sum(m[0] for m in memory), sum(m[1] for m in memory))


def busy() -> float:
    """CPU seconds that this machine has worked so far, for whomever (proc(5), /proc/stat)."""
    user, nice, system, _idle, _wait, irq, soft, steal = map(
        int, Path("/proc/stat").read_text().split()[1:9]
    )
    return (user + nice + system + irq + soft + steal) / _TICKS


def free_port() -> int:
    """A port that nobody listens on, outside those that systems give to outgoing connections."""
    while True:
        port = FIRST_PORT + secrets.randbelow(PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("", port))
            return port


def _answers(port: int, health: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", health)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _await(process: subprocess.Popen[bytes], port: int, health: str, said: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while not _answers(port, health):
        if process.poll() is not None or time.monotonic() > until:
            words = said.read_text(errors="replace").strip() or "nothing"
            raise NotStarted(f"{process.args!r} did not start. It said: {words}")
        time.sleep(0.05)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the group to end, then make it."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # workers that outlived it
    process.wait()


@contextmanager
def serving(
    command: Sequence[str], *, port: int, environ: Mapping[str, str], health: str = "/healthz"
) -> Iterator[int]:
    """Run a server until the block ends; gives its process id once ``health`` answers 200.

    ``environ`` is its whole environment.
    """
    with tempfile.NamedTemporaryFile(prefix="bench-") as said:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a group of its own: Ctrl-C reaches us first
        )
        try:
            _await(process, port, health, Path(said.name))
            yield process.pid
        finally:
            _end(process)
