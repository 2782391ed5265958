"""How losses, seconds and memory grow with rows and with quasi-identifiers.

The exponent of a figure is the slope of its logarithm over that of the size, fitted over the
larger sizes alone: below them the process itself is what costs.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.anonymise import keys, ours
from benchmarks.anonymise.judge import judge
from benchmarks.anonymise.measured import Failed
from benchmarks.anonymise.ours import Asked
from benchmarks.anonymise.spec import Spec

ROWS = (50, 300, 1_000, 10_000, 100_000, 1_000_000)
COLUMNS = (2, 3, 4, 6, 8, 10, 12, 15)
FIXED = 10_000  # rows while the columns grow
ASKED = Asked(5, limit=0.05)

Row = dict[str, Any]


def _row(make: Callable[[Path], Spec]) -> Row:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        work = Path(folder)
        spec, policy, out = make(work), work / "policy.toml", work / "out"
        ours.write_policy(spec, ASKED, "local", policy)
        try:
            ran = ours.inside(spec, policy, out)
        except Failed as failed:
            return {"failed": str(failed)}
        judged = judge(spec, out / "data.csv")
        return {
            "ncp": judged.ncp,
            "overlap": judged.overlap,
            "withheld": judged.withheld,
            "classes": judged.classes,
            **ran.told(),
            "memory": ran.memory,
        }


def with_rows(kind: str, sizes: Sequence[int] = ROWS) -> Iterator[Row]:
    """``kind`` is ``adult`` or ``study``. Raises NoData."""
    make = {"adult": keys.adult, "study": keys.study_like}[kind]
    for size in sizes:
        yield {"size": size} | _row(partial(make, size))


def with_columns(sizes: Sequence[int] = COLUMNS) -> Iterator[Row]:
    """Synthetic quasi-identifiers."""
    for size in sizes:
        yield {"size": size} | _row(partial(keys.synthetic, size, FIXED))


def exponent(rows: Sequence[Row], figure: str, least: float) -> float | None:
    """Slope of log figure over log size, from ``least`` on; None without two such sizes."""
    points = [
        (math.log(row["size"]), math.log(row[figure]))
        for row in rows
        if row["size"] >= least and row.get(figure)
    ]
    if len(points) < 2:
        return None
    x, y = (sum(values) / len(points) for values in zip(*points, strict=True))
    slope: float = sum((a - x) * (b - y) for a, b in points)
    slope /= sum((a - x) * (a - x) for a, _ in points)
    return slope
