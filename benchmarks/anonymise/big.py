"""A release of very many answers, with every file, by the command that a person gives.

The pilot's file is filled with simulated clients drawn with replacement, half of the answers on
scales exchanged between two who were asked alike, so that hardly any two rows are the same.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.anonymise.measured import Failed, run
from benchmarks.product import BIN, FLAGSHIP, settings
from forms.kinds import columns_of_study
from forms.simulation import load_recipe
from forms.study import Study
from survey.collection.figures import SIMULATED
from survey.config import read_config
from survey.storage import answer_tables
from survey.storage.counters import EventCounters
from survey.storage.database import Database, quoted, write_transaction
from survey.storage.reordering import merged_tables
from survey.storage.stores import Stores
from survey.studies.availability import prepare
from survey.studies.catalogue import find_version
from survey.studies.version import StudyVersion
from survey.synthetic.simulate import SimulatedResponse, simulate

PEOPLE = 3000  # simulated
BLOCK = 50_000  # rows drawn at a time
ROWS = (10_000, 100_000, 1_000_000)
TABLE_ROWS = (600, 10_000, 1_000_000)
SCALES = ("view_", "int_", "own_", "hyp_")
LIMIT = 3600.0
AIM_COLUMNS = 107

Row = dict[str, Any]
Cells = NDArray[np.object_]


def _mixed(
    base: Cells, scales: Sequence[int], count: int, draw: np.random.Generator
) -> list[list[Any]]:
    """``count`` rows of two donors each."""
    rows = base[draw.integers(0, len(base), count)]
    other = base[draw.integers(0, len(base), count)]
    for at in scales:
        mine, theirs = rows[:, at].astype(int), other[:, at].astype(int)
        taken = (mine > 0) & (theirs > 0) & (draw.random(count) < 0.5)
        rows[taken, at] = other[taken, at]
    found: list[list[Any]] = rows.tolist()
    return found


def _keys(first: int, count: int) -> Iterator[bytes]:
    """Rising, as a file at rest holds them."""
    for number in range(first, first + count):
        yield number.to_bytes(8, "big") + os.urandom(8)


def _stored(client: SimulatedResponse, names: Sequence[str]) -> list[Any]:
    row = (client.lang, client.c_open, client.completion, client.dur_band)
    return [*row, *(client.values[name] for name in names)]


def fill(db: Database, study: Study, folder: Path, table: str, rows: int) -> None:
    """Lay ``rows`` synthetic answers down in the settled table."""
    names = [column.name for column in columns_of_study(study)]
    recipe = load_recipe(study, folder)
    clients = simulate(study, count=PEOPLE, seed=1, recipe=recipe)
    base = np.array([_stored(client, names) for client in clients], dtype=object)
    scales = [at for at, name in enumerate(names, 4) if name.startswith(SCALES)]
    own = ("key", "fingerprint", "deletion", "lang", "c_open", "completion", "dur_band")
    columns = ", ".join(map(quoted, (*own, *names)))
    marks = ", ".join("?" * (len(own) + len(names)))
    insert = f"INSERT INTO {quoted(table)} ({columns}) VALUES ({marks})"
    words = bytes.fromhex(study.fingerprints.words)
    draw = np.random.default_rng(1)
    for first in range(0, rows, BLOCK):
        block = _mixed(base, scales, min(BLOCK, rows - first), draw)
        keys = _keys(first, len(block))
        with write_transaction(db):
            db.conn.executemany(
                insert,
                ((key, words, os.urandom(32), *row) for key, row in zip(keys, block, strict=True)),
            )


def _mark(db: Database, study: Study) -> None:
    """As every file of simulated answers is marked."""
    tallies = EventCounters()
    tallies.add(study.name, SIMULATED, pilot=True)
    tallies.flush(db, pilot=True)


def filled(data: Path, rows: int) -> StudyVersion:
    """An installation in ``data`` whose pilot holds so many synthetic answers."""
    stores = Stores(data)
    try:
        version = find_version(read_config(settings(data)), FLAGSHIP, pilot=True)
        table = prepare(stores, version)
        _mark(stores.pilot, version.study)
        fill(stores.pilot, version.study, version.folder, table, rows)
        with write_transaction(stores.pilot):
            answer_tables.recount(stores.pilot, merged_tables(stores.pilot))
    finally:
        stores.close()
    return version


def _written(out: Path) -> Row:
    """Columns and files of a release."""
    files = [path for path in out.rglob("*") if path.is_file()]
    if not (out / "data").exists():
        return {"files": len(files)}  # tables
    [data] = (out / "data").glob("*_data.csv")
    with data.open(encoding="utf-8", newline="") as file:
        columns = len(next(csv.reader(file)))
    kinds = {path.suffix: path.stat().st_size / 1e6 for path in (out / "data").iterdir()}
    return {"columns": columns, "files": len(files), "megabytes": kinds}


def release(rows: int, tier: str) -> Row:
    """``lacrima release`` of so many answers: seconds, CPU, memory, and what was written."""
    about: Row = {"size": rows, "tier": tier}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data, out = Path(folder) / "data", Path(folder) / "out"
        filled(data, rows)
        environ = [f"{name}={value}" for name, value in settings(data).items()]
        command = [BIN / "lacrima", "release", FLAGSHIP, "--tier", tier, "--pilot", "--out", out]
        try:
            ran = run(["env", *environ, *map(str, command)], limit=LIMIT)
        except Failed as failed:
            return about | {"failed": str(failed)}
        done = {"seconds": ran.seconds, "cpu": ran.cpu, "memory": ran.memory}
        return about | done | _written(out)


def releases(sizes: Sequence[int] = ROWS) -> Iterator[Row]:
    """Tier C at every size; tier B, which is coarsened from it, too."""
    for size in sizes:
        for tier in ("C", "B"):
            yield release(size, tier)


def tables(sizes: Sequence[int] = TABLE_ROWS) -> Iterator[Row]:
    """Tier A at every size: counted, measured, made consistent, written."""
    for size in sizes:
        yield release(size, "A")
