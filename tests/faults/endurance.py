"""Many idle connections at once, and whatever comes over the wire for as long as one likes."""

from __future__ import annotations

import re
import socket
import time
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

from tests.attacks.outcome import Trial
from tests.conftest import folder_of
from tests.faults.killing import STUDY, send
from tests.promises.test_a_real_server_takes_anything import (
    REQUESTS,
    SECONDS,
    address_of,
    ask,
    memory_kb,
)
from tests.serving import demo

HALF = b"GET /s/once/ HTTP/1.1\r\nHost: a\r\nX-Slow: "
P99_SECONDS = 2.0  # that honest people may wait beside so many idle connections
GROWTH_KB = 30_000  # of both processes, from the end of the first fifth on
PAGES = 100


def half_open(folder: Path, count: int) -> list[Trial]:
    """Hold so many connections that say nothing, or half a request; ask for pages meanwhile."""
    with demo(folder / "half-open", folder_of(STUDY)) as (server, site), ExitStack() as held:
        for number in range(count):
            one = held.enter_context(socket.create_connection(address_of(site), SECONDS))
            if number % 2:
                one.sendall(HALF)
        waited, failed = [], 0
        for _ in range(PAGES):
            begun = time.perf_counter()
            said = ask(site, b"GET /s/once/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            waited.append(time.perf_counter() - begun)
            failed += not said.startswith(b"HTTP/1.1 200")
        failed += not send(site, "beside them")
        failed += "Traceback" in server.said
        p99 = sorted(waited)[int(0.99 * PAGES) - 1]
    return [
        Trial(
            "connections held open that say nothing or half a request, while honest people answer",
            count,
            f"{failed} of {PAGES} pages and a walk failed; p99 of a page {1000 * p99:.0f} ms",
            failed + (p99 > P99_SECONDS),
            0,
            f"none, p99 {P99_SECONDS:.0f} s",
        )
    ]


def memory(folder: Path, minutes: float) -> list[Trial]:
    """Send every odd request over and over, people answering in between; watch the memory."""
    with demo(folder / "memory", folder_of(STUDY)) as (server, site):
        begun, sent, faults, after = time.monotonic(), 0, 0, 0
        for request in cycle(REQUESTS.values()):
            past = (time.monotonic() - begun) / (60 * minutes)
            if past >= 1 and sent >= 2 * len(REQUESTS):
                break
            if not after and past >= 1 / 5 and sent >= len(REQUESTS):
                after = memory_kb(server)
            said, sent = ask(site, request), sent + 1
            faults += any(
                state >= b"500"
                for state in re.findall(rb"^HTTP/1\.[01] (\d\d\d)", said, re.MULTILINE)
            )
            if sent % len(REQUESTS) == 0:
                faults += not send(site, f"after {sent}")
        grown = memory_kb(server) - after
        faults += "Traceback" in server.said
    return [
        Trial(
            f"odd requests ({len(REQUESTS)} kinds) for {minutes:g} minutes, people in between",
            sent,
            f"{faults} faults; memory grew by {grown / 1000:.1f} MB from {after / 1000:.0f} MB",
            faults + (grown > GROWTH_KB),
            0,
            f"no fault, {GROWTH_KB / 1000:.0f} MB",
        )
    ]
