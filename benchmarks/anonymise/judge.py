"""One measuring rod for the files that any tool wrote: NCP, overlap of intervals, rows lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.anonymise.cells import ALL, Attribute, attributes_of, ncp
from benchmarks.anonymise.regression import Fit, fit, overlaps
from benchmarks.anonymise.spec import Spec, read_cells


@dataclass(frozen=True, slots=True)
class Judged:
    """``overlap`` is the mean over the terms, ``worst`` the least; None without an outcome.

    ``withheld`` counts people who are not in the file or of whom it says nothing but ``*``.
    """

    ncp: float
    overlap: float | None
    worst: float | None
    withheld: int
    classes: int


def _overlap(spec: Spec, true: pl.DataFrame, released: pl.DataFrame) -> list[float]:
    """Empty where the file has no outcome, or the data themselves have no estimate."""
    if spec.outcome not in released.columns:
        return []
    attributes = attributes_of(spec, true)
    before = _fitted(spec, attributes, true)
    after = _fitted(spec, attributes, released)
    if not before.slopes:
        return []
    return list(overlaps(before, after).values())


def _fitted(spec: Spec, attributes: Mapping[str, Attribute], table: pl.DataFrame) -> Fit:
    """The regression; of nothing where it has no solution, as with perfectly parted groups."""
    try:
        return fit(spec, attributes, table)
    except np.linalg.LinAlgError:
        return Fit({})


def judge(spec: Spec, written: Path) -> Judged:
    """What ``written`` keeps of the data of ``spec``. Raises Unreadable."""
    true, released = read_cells(spec.data), read_cells(written)
    found = _overlap(spec, true, released)
    silent = released.filter(pl.all_horizontal(pl.col(name) == ALL for name in spec.qi))
    return Judged(
        ncp=ncp(attributes_of(spec, true), released, len(true)),
        overlap=sum(found) / len(found) if found else None,
        worst=min(found) if found else None,
        withheld=len(true) - len(released) + len(silent),
        classes=released.select(spec.qi).n_unique(),
    )
