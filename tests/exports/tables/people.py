"""Small tables of people, and a reader who works out what counts can be from the files alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import polars as pl
from hypothesis import settings

few = settings(deadline=None, max_examples=40)  # each tries every possible table

MISSING = {
    -99: "Prefer not to answer", -98: "Cannot say", -96: "Not shown", -95: "Left blank",
    -94: "Not reached",
}  # fmt: skip


def entry(name: str, codes: Mapping[int, str] | int, limits: Sequence[float] | None = None):
    """A codebook entry, as far as tables need it."""
    labels = {c: f"{name} {c}" for c in range(1, codes + 1)} if isinstance(codes, int) else codes
    return {
        "variable": name,
        "label": f"Which {name}?",
        "codes": {str(code): label for code, label in labels.items()},
        "range": None if limits is None else list(limits),
        "missing": {str(code): label for code, label in MISSING.items()},
    }


def people(counts: Mapping[Any, int], *names: str) -> pl.DataFrame:
    """A frame with so many rows of each combination of codes."""
    rows = [
        code if isinstance(code, tuple) else (code,) for code, n in counts.items() for _ in range(n)
    ]
    return pl.DataFrame(rows, schema=list(names), orient="row")


def crossed(matrix: Sequence[Sequence[int]], *names: str) -> pl.DataFrame:
    """A frame of two columns with these counts; codes from 1."""
    cells = product(range(len(matrix)), range(len(matrix[0])))
    return people({(i + 1, j + 1): matrix[i][j] for i, j in cells}, *(names or ("a", "b")))


def lines(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def fillings(rows: Sequence[int], columns: Sequence[int], limits) -> Iterator[list[list[int]]]:
    """Every table of whole numbers with these totals and each cell within its limits."""
    if not rows:
        if not any(columns):
            yield []
        return
    for line in _lines(rows[0], columns, limits[0]):
        left = [c - n for c, n in zip(columns, line, strict=True)]
        for rest in fillings(rows[1:], left, limits[1:]):
            yield [line, *rest]


def _lines(total: int, columns: Sequence[int], limits) -> Iterator[list[int]]:
    if not columns:
        if not total:
            yield []
        return
    low, high = limits[0]
    for n in range(low, min(high, total, columns[0]) + 1):
        for rest in _lines(total - n, columns[1:], limits[1:]):
            yield [n, *rest]


Interval = tuple[int, int]


def _tightened(cells: list[Any], total: Interval, known: dict[Any, Interval]) -> bool:
    """One sum of cells, which lies within ``total``: narrow each by what the others leave it."""
    lows, highs = sum(known[c][0] for c in cells), sum(known[c][1] for c in cells)
    changed = False
    for cell in cells:
        low, high = known[cell]
        new = (
            max(low, total[0] - (highs - high)),
            min(high, total[1] - (lows - low)),
        )
        if new != (low, high):
            known[cell], changed = new, True
            lows, highs = lows + new[0] - low, highs + new[1] - high
    return changed


def attack(
    files: Mapping[str, bytes], people: int, facts: Mapping[tuple[str, ...], int] | None = None
) -> dict[tuple[str, ...], Interval]:
    """What every count can be, by narrowing all tables of one batch against each other at once.

    The attacker has the files, knows how many people there are, and some ``facts``. Cells of single
    tables are named (variable, code), of crossed ones (row variable, row code, column variable,
    column code).
    """
    known: dict[tuple[str, ...], Interval] = {}
    sums: list[tuple[list[tuple[str, ...]], tuple[str, ...] | None]] = []
    single: dict[str, list[tuple[str, ...]]] = {}
    for line in lines(files["tables/one-way.csv"]):
        cell = (line["table"], line["code"])
        known[cell] = _read(line, people)
        single.setdefault(line["table"], []).append(cell)
    known |= {cell: (count, count) for cell, count in (facts or {}).items()}
    sums += [(cells, None) for cells in single.values()]
    by_row: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for line in lines(files["tables/two-way.csv"]):
        row = (line["row_variable"], line["row_code"])
        column = (line["column_variable"], line["column_code"])
        known[*row, *column] = _read(line, people)
        by_row.setdefault((*row, column[0]), []).append((*row, *column))
        by_row.setdefault((*column, row[0]), []).append((*row, *column))
    sums += [(cells, total[:2]) for total, cells in by_row.items() if total[1] != "rest"]
    while sum(_narrow(cells, total, people, known) for cells, total in sums):
        pass  # until a whole round changes nothing
    return known


def _read(line: Mapping[str, str], people: int) -> Interval:
    return (int(line["lowest"]), int(line["highest"])) if line["lowest"] else (0, people)


def _narrow(cells, total, people: int, known) -> bool:
    limits = (people, people) if total is None else known[total]
    changed = _tightened(cells, limits, known)
    if total is not None:
        low, high = known[total]
        own = (sum(known[c][0] for c in cells), sum(known[c][1] for c in cells))
        new = (max(low, own[0]), min(high, own[1]))
        if new != (low, high):
            known[total], changed = new, True
    return changed
