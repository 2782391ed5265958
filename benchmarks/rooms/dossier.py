"""Seconds until a dossier is there: made for the first time since the server began, and again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.report import percentile
from benchmarks.rooms.fill import grow
from benchmarks.rooms.pages import REQUESTS, address_of
from benchmarks.rooms.site import Person, begin, served

TIMES = 3  # servers started for each
FILES = ("dossier.pdf", "dossier.zip")
ANSWERS = 600

Row = dict[str, Any]


def _once(data: Path, file: str) -> tuple[float, list[float], int]:
    """Seconds of the first request and of later ones, and bytes."""
    address = address_of(f"ethics/N/{file}")
    with served(data) as server:
        person = Person(server.port)
        reply, first = person.get(address)
        again = [person.get(address)[1] for _ in range(REQUESTS)]
        person.leave()
    return first, again, len(reply.body)


def dossiers() -> Iterator[Row]:
    """Both files."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data = Path(folder) / "data"
        begin(data)
        grow(data, ANSWERS)
        for file in FILES:
            runs = [_once(data, file) for _ in range(TIMES)]
            again = [time for _, times, _ in runs for time in times]
            yield {
                "file": file, "kilobytes": runs[0][2] / 1e3, "cold": [run[0] for run in runs],
                "p50": percentile(again, 0.5), "p99": percentile(again, 0.99),
            }  # fmt: skip
