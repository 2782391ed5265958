"""Whether an answer costs more the more are stored: seconds an accept, rest and memory.

    python benchmarks/growth.py 0 10000 100000

Fills pilot.db through the store, as clients would, and prints one JSON line for each size.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from benchmarks.process import usage
from benchmarks.product import SIX_PAGES, settings
from survey.config import read_config
from survey.storage import answer_tables
from survey.storage import answers as answer_storage
from survey.storage.answers import Response
from survey.storage.database import Database
from survey.storage.rewriting import tidy
from survey.storage.stores import Stores
from survey.studies.availability import prepare
from survey.studies.catalogue import find_version
from survey.studies.version import StudyVersion
from survey.synthetic.simulate import as_stored, simulate

SAMPLE = 1000  # answers timed at each size, settlings included


@dataclass(frozen=True, slots=True)
class Cost:
    """At ``stored`` answers: microseconds an accept, seconds a laying to rest, MB."""

    stored: int
    mean: float
    p50: float
    p99: float
    worst: float
    rest: float
    memory: float
    file: float


def _responses(version: StudyVersion, table: str) -> Iterator[Response]:
    """Synthetic answers without end."""
    study = version.study
    for client in simulate(study, count=sys.maxsize, seed=1):
        yield as_stored(study, client, table)


def _timed(db: Database, answers: Sequence[Response]) -> list[float]:
    """Microseconds of each accept, rising."""
    times = []
    for answer in answers:
        begun = time.perf_counter()
        answer_storage.accept(db, answer)
        times.append(1e6 * (time.perf_counter() - begun))
    return sorted(times)


def _cost(db: Database, answers: Iterator[Response], stored: int, path: Path) -> Cost:
    times = _timed(db, list(islice(answers, SAMPLE)))
    begun = time.perf_counter()
    tidy(db)
    took = time.perf_counter() - begun
    return Cost(
        stored=stored,
        mean=sum(times) / SAMPLE,
        p50=times[SAMPLE // 2],
        p99=times[SAMPLE * 99 // 100],
        worst=times[-1],
        rest=took,
        memory=usage(os.getpid()).rss,
        file=path.stat().st_size / 1e6,
    )


def measure(sizes: Sequence[int]) -> Iterator[Cost]:
    """A cost for each size, rising; the file grows from one to the next."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data = Path(folder)
        stores = Stores(data)
        version = find_version(read_config(settings(data)), SIX_PAGES)
        answers = _responses(version, prepare(stores, version))
        for size in sizes:
            missing = size - answer_tables.count(stores.pilot, version.study.name)
            for answer in islice(answers, max(missing, 0)):
                answer_storage.accept(stores.pilot, answer)
            # As the keeper does when their drafts have gone and it is quiet.
            answer_storage.forget_accepted(stores.pilot, list)
            tidy(stores.pilot)
            yield _cost(stores.pilot, answers, size, data / "pilot.db")
        stores.close()


if __name__ == "__main__":
    for cost in measure([int(size) for size in sys.argv[1:]]):
        print(json.dumps(asdict(cost)), flush=True)
