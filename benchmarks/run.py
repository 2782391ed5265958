"""Measure everything again and write the tables beside this file: what ``make bench`` calls.

    python benchmarks/run.py [WHAT …] [--seconds 10] [--warm-up 2] [--out FILE]

*serving* writes results.md in about five minutes, *anonymise* results-anonymise.md in about half an
hour, *rooms* results-rooms.md in about six minutes (parts of these two alone:
benchmarks/…/run.py), *house* results-house.md in one, *lengths* results-lengths.md in five,
*floods* results-floods.md in three, *stalls* results-stalls.md in ten.
Wants the machine to itself: every figure falls with what else runs.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from benchmarks.bare import bare
from benchmarks.driver import Load, Measured
from benchmarks.first import first_visit, pages_of_walk, shape_of
from benchmarks.growth import Cost
from benchmarks.page import WalkFailed
from benchmarks.process import ROOT, NotStarted
from benchmarks.product import (
    ANSWERS,
    FLAGSHIP,
    SIX_PAGES,
    START,
    Server,
    product,
    stored,
    without_settings,
)
from benchmarks.report import AIM_CLIENTS, Results, page

CLIENTS = (1, 4, 16, 64)
FLAGSHIP_CLIENTS = (1, 16)
SIZES = (0, 10_000, 100_000)
SERVERS = {
    "granian": "granian, 2 workers × 4 threads",
    "gunicorn": "gunicorn, 2 sync workers",
    "gunicorn-threads": "gunicorn, 2 workers × 4 threads",
}


class CountsDiffer(Exception):
    """Answers were confirmed that are not stored, or stored that nobody sent."""


class Bench:
    """Runs of one length, told on standard error as they go."""

    def __init__(self, *, seconds: float, warm_up: float) -> None:
        self._seconds, self._warm_up = seconds, warm_up

    def run(self, server: Server, start: str, clients: int, name: str) -> Measured:
        """One run of ``clients`` from ``start``."""
        load = Load(server.port, start, clients, answers=ANSWERS)
        measured = load.run(server.pid, warm_up=self._warm_up, seconds=self._seconds)
        say(f"{name}, {clients} clients: {measured.answers / measured.seconds:.1f} walks/s")
        return measured


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


@contextmanager
def data_folder() -> Iterator[Path]:
    """A data folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        yield Path(folder)


def check_stored(data: Path, study: str, runs: Sequence[Measured], *, before: int = 1) -> None:
    """Every confirmed answer is in the file, once.

    Each run breaks off its clients in the middle: an answer that was sent then may be stored
    without having been confirmed. ``before`` walks were taken before the runs.
    """
    rows, confirmed = stored(data, study), before + sum(m.completed for m in runs)
    unconfirmed = sum(m.clients for m in runs)
    if not confirmed <= rows <= confirmed + unconfirmed:
        raise CountsDiffer(
            f"{confirmed} answers to {study} were confirmed and at most {unconfirmed} more sent, "
            f"but {rows} are stored."
        )


def compare_servers(bench: Bench) -> Iterator[tuple[str, Measured]]:
    """Each server under the same load, one right after the other."""
    for kind, name in SERVERS.items():
        with data_folder() as data:
            with product(data, kind) as server:
                measured = bench.run(server, START[SIX_PAGES], AIM_CLIENTS, name)
            check_stored(data, SIX_PAGES, [measured], before=0)
            yield name, measured


def grow() -> list[Cost]:
    """The cost of an answer at each size, from a process of its own, so that memory is its own."""
    command = [sys.executable, "-m", "benchmarks.growth", *map(str, SIZES)]
    said = subprocess.run(
        command, cwd=ROOT, env=without_settings(), check=True, stdout=subprocess.PIPE
    )
    say("Filled the store.")
    return [Cost(**json.loads(line)) for line in said.stdout.splitlines()]


def measure(bench: Bench) -> Results:
    """All runs, the product and the limit in turn so that both meet the same machine."""
    load = os.getloadavg()[0]
    ours, limit = [], []
    with data_folder() as data:
        with product(data) as server:
            shape = shape_of(list(pages_of_walk(server.port, START[SIX_PAGES], ANSWERS)))
            visits = {name: first_visit(server.port, START[name]) for name in START}
            with bare(shape) as other:
                for clients in CLIENTS:
                    ours.append(bench.run(server, START[SIX_PAGES], clients, "six pages"))
                    limit.append(bench.run(other, "/0", clients, "the limit"))
            flagship = [
                bench.run(server, START[FLAGSHIP], clients, "flagship")
                for clients in FLAGSHIP_CLIENTS
            ]
        check_stored(data, SIX_PAGES, ours)
        check_stored(data, FLAGSHIP, flagship, before=0)
    return Results(
        ours=ours,
        limit=limit,
        flagship=flagship,
        servers=list(compare_servers(bench)),
        growth=grow(),
        shape=shape,
        visits=visits,
        load=(load, os.getloadavg()[0]),
    )


def _stop(number: int, frame: FrameType | None) -> None:
    """So that servers are ended and folders removed when we are."""
    del number, frame
    sys.exit(1)


def serving(asked: argparse.Namespace) -> int:
    """Measure the server and write its page."""
    begun = time.monotonic()
    try:
        results = measure(Bench(seconds=asked.seconds, warm_up=asked.warm_up))
    except (WalkFailed, NotStarted, CountsDiffer, OSError, subprocess.SubprocessError) as error:
        say(f"The benchmark failed: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    asked.out.write_text(page(results), "utf-8")
    say(f"Wrote {asked.out} after {time.monotonic() - begun:.0f} s.")
    return 0


def anonymise(_: argparse.Namespace) -> int:
    """Measure the export engine and write its page."""
    from benchmarks.anonymise.run import SERIES

    return SERIES.measure_all()


def rooms(_: argparse.Namespace) -> int:
    """Measure the staff's rooms and write their page."""
    from benchmarks.rooms.run import SERIES

    return SERIES.measure_all()


def stalls(_: argparse.Namespace) -> int:
    """Measure what keeps senders waiting in large files and write its page."""
    from benchmarks.stalls import SERIES

    return SERIES.measure_all()


def house(_: argparse.Namespace) -> int:
    """Count what makes the code easy to read and write its page."""
    from benchmarks.house import write

    return write()


def lengths(_: argparse.Namespace) -> int:
    """Measure what an observer of encrypted lengths is told and write its page."""
    from benchmarks.lengths.run import OUT, WALKS
    from benchmarks.lengths.run import measure as observe

    return observe(WALKS, OUT)


def floods(_: argparse.Namespace) -> int:
    """Measure what the flags find of answers made by programs and write its page."""
    from benchmarks.floods import OUT, PEOPLE
    from benchmarks.floods import page as measured

    OUT.write_text(measured(PEOPLE), "utf-8")
    return 0


WHAT = {
    "serving": serving,
    "anonymise": anonymise,
    "rooms": rooms,
    "house": house,
    "lengths": lengths,
    "stalls": stalls,
    "floods": floods,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", nargs="*", metavar="WHAT", help=f"{', '.join(WHAT)}; none is all")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--warm-up", type=float, default=2.0)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results.md")
    asked = parser.parse_args()
    if not WHAT.keys() >= {*asked.what}:
        parser.error(f"there is only {', '.join(WHAT)} to measure")
    signal.signal(signal.SIGTERM, _stop)
    return max(WHAT[name](asked) for name in asked.what or WHAT)


if __name__ == "__main__":
    sys.exit(main())
