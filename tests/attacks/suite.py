"""Every attack, by what it needs; each part yields steps, and each step gives rows of a table.

A new attack: a function that returns ``Outcome``s, yielded from one of these parts. A step that
raises costs its own rows and fails the run; what else was tried stands.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tests.attacks import (
    backups,
    bare_machines,
    canaries,
    deletion,
    device,
    invitations,
    memory,
    order,
    program,
    record,
    releases,
    scanners,
    studies,
    tables,
    traffic,
)
from tests.attacks.attacked import Installation, attacked, fill
from tests.attacks.outcome import Outcome, Row, Trial, Unfinished
from tests.browser.conftest import chromium
from tests.faults import copying, endurance

Step = partial[list[Row]] | partial[list[Outcome]] | partial[list[Trial]]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How often each attack is tried."""

    people: int
    weakened: int  # people at the weakened copy: its failures show soon
    codes: int
    both: int
    hits: int
    at_once: int
    forgeries: int
    targets: int
    walks: int
    tables: int
    # Of the long form alone; nothing of it is done where they are 0.
    backups: int = 0  # a run of them
    kills: int = 0
    copies: int = 0
    half_open: int = 0
    minutes: float = 0
    scans: int = 0  # minutes of each scanner


Part = Callable[[Path, Sizes], Iterator[Step]]
TESTS = Sizes(48, 20, 8, 10, 16, 6, 1, 0, 0, 24, backups=3)
SHORT = Sizes(60, 30, 20, 20, 30, 12, 3, 2, 24, 100, backups=4)
LONG = Sizes(
    2500, 200, 100, 200, 2500, 100, 20, 12, 160, 2000,
    backups=40, kills=1000, copies=40, half_open=10_000, minutes=60, scans=20,
)  # fmt: skip
REHEARSAL = replace(SHORT, kills=4, copies=3, half_open=1000, minutes=0.2, scans=1)


def served(folder: Path, sizes: Sizes, *, slow: bool = True) -> Iterator[Step]:
    """What is tried at a server: as it is, and with its protections taken out."""
    both = sizes.both, sizes.both // 2
    with (
        attacked(folder, sound=True, limit=both[0]) as sound,
        attacked(folder, sound=False, limit=both[1]) as weak,
    ):
        fill(sound, sizes.people, sizes.codes, both[0])
        fill(weak, sizes.weakened, sizes.codes // 2, both[1])
        yield partial(order.rows, sound, weak)
        yield partial(studies.rows, sound, weak)
        yield partial(canaries.rows, sound, weak)
        yield partial(canaries.draft_rows, sound, weak)
        yield partial(invitations.rows, sound, weak, at_once=sizes.at_once)
        yield partial(program.rows, sound, weak)
        if slow and chromium():
            yield partial(device.rows, folder, sound, weak)
        if slow:
            yield partial(deletion.full_rows, sound, weak)
        yield partial(deletion.rows, sound, weak, hits=sizes.hits)
        yield partial(_ended, sound)


def _ended(attacked: Installation) -> list[Row]:
    """Interrupt the server: it ends cleanly, with every log of answers empty."""
    assert attacked.server.stop(signal.SIGINT) == 0
    assert "Traceback" not in attacked.server.said
    logs = {path.name for path in attacked.data.glob("*-wal") if path.stat().st_size}
    assert logs <= {"office.db-wal"}, logs  # holds nothing of a client
    return []


def released(folder: Path, sizes: Sizes) -> Iterator[Step]:
    """What is tried at released rows."""
    files = releases.Files(folder)
    yield partial(releases.rows, files)
    if sizes.targets:
        yield partial(releases.more_rows, files, targets=sizes.targets)


def tabulated(folder: Path, sizes: Sizes) -> Iterator[Step]:
    """What is tried at tables."""
    yield partial(tables.rows, folder, trials=sizes.tables)


def recorded(folder: Path, sizes: Sizes) -> Iterator[Step]:
    """What is tried at the record of staff and board."""
    yield partial(record.rows, folder, times=sizes.forgeries)


def backed_up(folder: Path, sizes: Sizes) -> Iterator[Step]:
    """What is tried at backups."""
    yield partial(backups.rows, folder)
    yield partial(backups.series_rows, folder, backups=sizes.backups)


def watched(_: Path, sizes: Sizes) -> Iterator[Step]:
    """What is tried on the network; left out where the proxy of the tests is missing."""
    if shutil.which("caddy", path=str(Path(sys.executable).parent)):
        yield partial(traffic.rows, walks=sizes.walks)


def remembered(folder: Path, _: Sizes) -> Iterator[Step]:
    """What is tried at the memory, which root alone may read."""
    if os.geteuid() == 0:
        yield partial(memory.rows, folder)


def killed(folder: Path, sizes: Sizes) -> Iterator[Step]:
    """Processes killed, files copied meanwhile, disks that take nothing."""
    if sizes.kills:
        yield partial(copying.kills, folder, sizes.kills)
        yield partial(copying.copied, folder, sizes.copies)
        yield partial(copying.unwritable, folder, sizes.copies)
        yield partial(copying.read_only, folder)


def endured(folder: Path, sizes: Sizes) -> Iterator[Step]:
    """Idle connections without number, odd requests without end."""
    if sizes.half_open:
        yield partial(endurance.half_open, folder, sizes.half_open)
        yield partial(endurance.memory, folder, sizes.minutes)


def scanned(folder: Path, sizes: Sizes) -> Iterator[Step]:
    """Scanners that others wrote, at a server with real files."""
    if sizes.scans:
        yield partial(scanners.rows, folder, minutes=sizes.scans)


def installed(folder: Path, sizes: Sizes) -> Iterator[Step]:
    """The pages on installing, followed to the letter; as root, where their tools are there."""
    if sizes.scans:
        yield partial(bare_machines.rows, folder)


# The server's part has the machine to itself: it listens to how long answers take.
ALONE: tuple[Part, ...] = (served, endured)
BESIDE: tuple[Part, ...] = (
    watched, released, tabulated, remembered, recorded, backed_up, killed, scanned, installed,
)  # fmt: skip
PARTS = [part.__name__ for part in (*ALONE, *BESIDE)]
AT_ONCE = 2


def steps(part: Part, folder: Path, sizes: Sizes) -> Iterator[Row]:
    """Carry out a part; what does not finish is a row of its own."""
    here, begun = folder / part.__name__, time.monotonic()
    here.mkdir(mode=0o700)
    name = part.__name__
    try:
        for step in part(here, sizes):
            try:
                yield from step()
            except Exception as error:
                yield _unfinished(f"{name}: {step.func.__module__}.{step.func.__name__}", error)
    except Exception as error:
        yield _unfinished(name, error)
    print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)


def _unfinished(where: str, error: BaseException) -> Unfinished:
    traceback.print_exception(error)
    said = str(error).strip() or "it said nothing"
    return Unfinished(where, f"{type(error).__name__}: {said.splitlines()[-1][:200]}")


def _whole(part: Part, folder: Path, sizes: Sizes) -> list[Row]:
    return [*steps(part, folder, sizes)]


def everything(folder: Path, sizes: Sizes, only: Sequence[str] | None = None) -> Iterator[Row]:
    """Carry out every part, or those named; yield their rows as they come."""
    wanted = PARTS if only is None else only
    for part in ALONE:
        if part.__name__ in wanted:
            yield from steps(part, folder, sizes)
    with ProcessPoolExecutor(AT_ONCE, mp_context=get_context("spawn")) as pool:
        beside = [part for part in BESIDE if part.__name__ in wanted]
        running = {pool.submit(_whole, part, folder, sizes): part for part in beside}
        for done in as_completed(running):
            try:
                yield from done.result()
            except Exception as error:
                yield _unfinished(running[done].__name__, error)
