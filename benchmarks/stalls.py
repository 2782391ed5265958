"""How long somebody who sends is kept waiting while a large file is tidied, and what that takes.

    python -m benchmarks.stalls [--most 1000000] [--page]

Fills the flagship's pilot with synthetic answers, sends more all the while through the store, and
has a process of its own delete by code, freeze and purge drafts, as the server's keeper and
``lacrima study freeze`` do. Ten minutes at a million answers, most of them filling and rests.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

from benchmarks.process import ROOT
from benchmarks.product import FLAGSHIP, settings, without_settings
from benchmarks.report import table
from benchmarks.rooms.fill import _clients, grow
from benchmarks.series import Found, Row, Section, Series, written
from survey.config import read_config
from survey.storage import answers as answer_storage
from survey.storage import batches, drafts
from survey.storage.answers import Response
from survey.storage.stores import Stores
from survey.studies.availability import prepare
from survey.studies.catalogue import find_version

SIZES = (100_000, 1_000_000)
PAUSE_SECONDS = 0.005  # between one answer and the next
QUIET_SECONDS = 5.0  # for which answers are sent while nothing else happens
DRAFTS = 5  # one expired draft for so many answers


# In a process of its own: what the keeper and the command do.


def _peak() -> float:
    """MB of memory that this process used at most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def work(what: str, data: Path) -> None:
    """Do what the table names; say how much memory it took."""
    stores = Stores(data)
    db = stores.pilot
    if what == "withdraw":
        batches.ask_deletion(db, [os.urandom(32)])
        batches.carry_out_deletions(db)
    elif what == "freeze":
        batches.freeze(db, FLAGSHIP, minimum=1, closing=False)
    else:
        drafts.purge(stores.drafts, time.time())
    print(_peak(), flush=True)  # the parent reads it
    os._exit(0)


# The measurement.


class Sender:
    """Somebody who sends all the while: how long each answer, or draft, took to be stored."""

    def __init__(self, data: Path, one: Callable[[Stores], None]) -> None:
        self._stores, self._one = Stores(data), one
        self.times: list[float] = []
        self.log = 0
        self._data, self._stop = data, threading.Event()

    def run(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            begun = time.monotonic()
            self._one(self._stores)
            self.times.append(time.monotonic() - begun)
            self.log = max(self.log, *(p.stat().st_size for p in self._data.glob("*-wal")))

    @contextmanager
    def sending(self) -> Iterator[None]:
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()
            self._stores.close()


def _send(answers: Iterator[Response]) -> Callable[[Stores], None]:
    def one(stores: Stores) -> None:
        answer = next(answers)
        own = replace(answer, submit=os.urandom(32), deletion=os.urandom(32))
        answer_storage.accept(stores.pilot, own)

    return one


def _begin(stores: Stores) -> None:
    later = drafts.rounded_expiry(time.time())
    drafts.create(stores.drafts, id=os.urandom(32), sealed=os.urandom(4124), expires=later)


def _measured(what: str, data: Path, size: int, one: Callable[[Stores], None]) -> Row:
    sender, begun, peak = Sender(data, one), time.monotonic(), 0.0
    with sender.sending():
        if what == "nothing":
            time.sleep(QUIET_SECONDS)
        else:
            command = [sys.executable, "-m", "benchmarks.stalls", "--work", what, str(data)]
            environ = {**without_settings(), **settings(data)}
            done = subprocess.run(
                command, cwd=ROOT, env=environ, check=True, stdout=subprocess.PIPE, text=True
            )
            peak = float(done.stdout)
    times = sorted(sender.times)
    return {
        "stored": size,
        "what": what,
        "seconds": time.monotonic() - begun,
        "sent": len(times),
        "p99": 1000 * times[len(times) * 99 // 100],
        "worst": 1000 * times[-1],
        "memory": peak,
        "log": sender.log / 1e6,
        "file": sum(p.stat().st_size for p in data.glob("*.db")) / 1e6,
    }


def _fill_drafts(data: Path, count: int) -> None:
    stores, draw = Stores(data), random.Random(1)
    rows = ((draw.randbytes(32), draw.randbytes(4124), 1800 * 3) for _ in range(count))
    while some := list(islice(rows, 10_000)):
        stores.drafts.conn.execute("BEGIN IMMEDIATE")
        stores.drafts.conn.executemany("INSERT INTO drafts VALUES (?, ?, ?)", some)
        stores.drafts.conn.execute("COMMIT")
    stores.close()


def stalls(sizes: Sequence[int]) -> Iterator[Row]:
    """Yield what each kind of tidying does to whoever sends, at each size."""
    before = 0
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data = Path(folder)
        for size in sizes:
            grow(data, size, before)
            before = size
            version = find_version(read_config(settings(data)), FLAGSHIP, pilot=True)
            stores = Stores(data)
            answers = cycle(list(_clients(version, prepare(stores, version), 500)))
            stores.close()
            for what in ("nothing", "withdraw", "freeze"):
                yield _measured(what, data, size, _send(answers))
            _fill_drafts(data, size // DRAFTS)
            yield _measured("purge", data, size, _begin)


NAMES = {
    "nothing": "nothing else",
    "withdraw": "a deletion by code, and the rewriting after it",
    "freeze": "a freeze of all answers",
    "purge": "drafts that ran out, one for five answers",
}


def _table(found: Found) -> Iterator[str]:
    yield from table(
        ("answers stored", "meanwhile", "seconds in all", "p99 ms", "worst ms", "MB of memory",
         "MB of log", "MB of files after"),
        [
            (
                f"{row['stored']:,}", NAMES[row["what"]], f"{row['seconds']:.0f}",
                f"{row['p99']:.0f}", f"{row['worst']:.0f}",
                f"{row['memory']:.0f}" if row["memory"] else "–",
                f"{row['log']:.0f}", f"{row['file']:.0f}",
            )
            for row in found["rows"]
        ],
    )  # fmt: skip


SECTIONS: dict[str, Section] = {
    "stalls": (
        "## What whoever sends waits for",
        """\
Times of single answers (of drafts begun, in the last lines) that are sent one after the other while
the named work is done by another process without a rest, whose memory this is at its peak. Aims: at
a million answers 500 ms at worst, 200 MB.""",
        _table,
    )
}

SERIES = Series(
    name="stalls",
    parts={"stalls": lambda most: stalls([size for size in SIZES if size <= most])},
    page=lambda found: written(
        "what large files keep waiting", "`make bench PARTS=stalls` measures it again.",
        SECTIONS, found,
    ),
    packages=("granian",),
    most=SIZES[-1],
    faults=(subprocess.SubprocessError, OSError),
    code=("survey",),
)  # fmt: skip

if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(sys.argv[2], Path(sys.argv[3]))
    sys.exit(SERIES.main(__doc__ or ""))
