"""Every attack, by what it needs; each part returns rows of the table.

A new attack: a function that returns ``Outcome``s, called from one of these parts.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from tests.attacks import (
    backups,
    canaries,
    deletion,
    device,
    invitations,
    memory,
    order,
    program,
    record,
    releases,
    studies,
    tables,
    traffic,
)
from tests.attacks.attacked import Installation, attacked, fill
from tests.attacks.outcome import Outcome
from tests.browser.conftest import chromium


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


TESTS = Sizes(48, 20, 8, 10, 16, 6, 1, 0, 0, 24)
SHORT = Sizes(60, 30, 20, 20, 30, 12, 3, 2, 24, 100)
LONG = Sizes(1000, 200, 100, 200, 300, 100, 20, 12, 160, 2000)


def served(folder: Path, sizes: Sizes, *, slow: bool = True) -> Iterator[list[Outcome]]:
    """What is tried at a server: as it is, and with its protections taken out."""
    both = sizes.both, sizes.both // 2
    with (
        attacked(folder, sound=True, limit=both[0]) as sound,
        attacked(folder, sound=False, limit=both[1]) as weak,
    ):
        fill(sound, sizes.people, sizes.codes, both[0])
        fill(weak, sizes.weakened, sizes.codes // 2, both[1])
        yield order.rows(sound, weak)
        yield studies.rows(sound, weak)
        yield canaries.rows(sound, weak)
        yield canaries.draft_rows(sound, weak)
        yield invitations.rows(sound, weak, at_once=sizes.at_once)
        yield program.rows(sound, weak)
        if slow and chromium():
            yield device.rows(folder, sound, weak)
        if slow:
            yield deletion.full_rows(sound, weak)
        yield deletion.rows(sound, weak, hits=sizes.hits)
        _end(sound)


def _end(attacked: Installation) -> None:
    """Interrupt the server: it ends cleanly, with every log of answers empty."""
    assert attacked.server.stop(signal.SIGINT) == 0
    assert "Traceback" not in attacked.server.said
    logs = {path.name for path in attacked.data.glob("*-wal") if path.stat().st_size}
    assert logs <= {"office.db-wal"}, logs  # holds nothing of a client


def released(folder: Path, sizes: Sizes) -> Iterator[list[Outcome]]:
    """What is tried at released rows."""
    files = releases.Files(folder)
    yield releases.rows(files)
    if sizes.targets:
        yield releases.more_rows(files, targets=sizes.targets)


def tabulated(folder: Path, sizes: Sizes) -> Iterator[list[Outcome]]:
    """What is tried at tables."""
    yield tables.rows(folder, trials=sizes.tables)


def recorded(folder: Path, sizes: Sizes) -> Iterator[list[Outcome]]:
    """What is tried at the record of staff and board."""
    yield record.rows(folder, times=sizes.forgeries)


def backed_up(folder: Path, _: Sizes) -> Iterator[list[Outcome]]:
    """What is tried at backups."""
    yield backups.rows(folder)


def watched(_: Path, sizes: Sizes) -> Iterator[list[Outcome]]:
    """What is tried on the network; left out where the proxy of the tests is missing."""
    if shutil.which("caddy", path=str(Path(sys.executable).parent)):
        yield traffic.rows(walks=sizes.walks)


def remembered(folder: Path, _: Sizes) -> Iterator[list[Outcome]]:
    """What is tried at the memory, which root alone may read."""
    if os.geteuid() == 0:
        yield memory.rows(folder)


Part = Callable[[Path, Sizes], Iterator[list[Outcome]]]
# The server's part has the machine to itself: it listens to how long answers take.
ALONE: Part = served
BESIDE: tuple[Part, ...] = (watched, released, tabulated, remembered, recorded, backed_up)
AT_ONCE = 2


def _whole(part: Part, folder: Path, sizes: Sizes) -> list[Outcome]:
    here, begun = folder / part.__name__, time.monotonic()
    here.mkdir(mode=0o700)
    found = [row for rows in part(here, sizes) for row in rows]
    print(f"{part.__name__}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    return found


def everything(folder: Path, sizes: Sizes) -> Iterator[Outcome]:
    """Carry out every part; yield its rows."""
    yield from _whole(ALONE, folder, sizes)
    with ProcessPoolExecutor(AT_ONCE, mp_context=get_context("spawn")) as pool:
        parts = [pool.submit(_whole, part, folder, sizes) for part in BESIDE]
        for part in parts:
            yield from part.result()
