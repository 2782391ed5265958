"""Reads a finished data file back and says what holds in it.

Shares nothing with the stages that made the file: it starts from the bytes of the CSV, the codebook
and the names of the key columns, and trusts no step before it.
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Codebook = Sequence[Mapping[str, Any]]

# INSTRUMENT.md section 3, said again on purpose: this module takes nothing from the exporter.
_LOWEST_MISSING, _HIGHEST_MISSING, _WITHHELD = -99, -90, "-93"
_MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Measured:
    """What a data file turned out to be. Counts are rows unless said otherwise.

    ``class_sizes`` maps a size to the number of core classes of that size; ``withheld`` a column
    to its -93 cells; ``unique_insider`` counts rows alone in their insider key; ``distinct`` maps
    a sensitive column to the smallest number of its values inside one core class, all missing
    codes together being one value.
    """

    columns: tuple[str, ...]
    rows: int
    smallest_class: int
    class_sizes: Mapping[int, int]
    withheld: Mapping[str, int]
    unique_insider: int
    distinct: Mapping[str, int]
    counts: Mapping[str, Mapping[str, int]]  # column → cell → rows, as written


def _category(cell: str) -> str:
    """The cell as a key: every missing code is one and the same category."""
    try:
        code = int(cell)
    except ValueError:
        return cell
    return _MISSING if _LOWEST_MISSING <= code <= _HIGHEST_MISSING else cell


def _classes(rows: Sequence[Mapping[str, str]], key: Sequence[str]) -> list[list[int]]:
    """Positions of the rows that are alike in ``key``, class by class."""
    classes: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        classes[tuple(_category(row[name]) for name in key)].append(at)
    return list(classes.values())


def _fewest(rows: Sequence[Mapping[str, str]], classes: Sequence[Sequence[int]], name: str) -> int:
    """Smallest number of values of ``name`` in a class (distinct l-diversity).

    Source: Machanavajjhala et al. 2007, l-diversity.
    """
    return min((len({_category(rows[at][name]) for at in group}) for group in classes), default=0)


def measure(
    data: bytes, *, core: Sequence[str], insider: Sequence[str], distinct: Sequence[str]
) -> Measured:
    """Measure the CSV in ``data``. Names that the file does not have are passed over."""
    reader = csv.DictReader(io.StringIO(data.decode("utf-8"), newline=""))
    rows, columns = list(reader), tuple(reader.fieldnames or ())
    classes = _classes(rows, [n for n in core if n in columns])
    witnesses = _classes(rows, [n for n in insider if n in columns])
    return Measured(
        columns=columns,
        rows=len(rows),
        smallest_class=min(map(len, classes), default=0),
        class_sizes=dict(sorted(Counter(map(len, classes)).items())),
        withheld={n: sum(row[n] == _WITHHELD for row in rows) for n in columns},
        unique_insider=sum(len(group) == 1 for group in witnesses),
        distinct={n: _fewest(rows, classes, n) for n in distinct if n in columns},
        counts={n: dict(Counter(row[n] for row in rows)) for n in columns},
    )


def _explained(cell: str, entry: Mapping[str, Any]) -> bool:
    """Whether the codebook says what this cell means."""
    if cell in entry["codes"] or cell in entry["missing"]:
        return True
    if entry["type"] == "text":
        return bool(cell)
    if cell == "":
        return bool(entry["may_be_empty"])
    low, high = entry["range"] or (1, 0)
    try:
        value = float(cell)
    except ValueError:
        return False
    return bool(low <= value <= high) and (entry["type"] == "decimal" or "." not in cell)


def faults_in(measured: Measured, codebook: Codebook, *, k: int) -> tuple[str, ...]:
    """Why this file may not leave the house; nothing when it may."""
    described = tuple(entry["variable"] for entry in codebook)
    found = []
    if measured.smallest_class < k:
        found.append(f"the smallest core class has {measured.smallest_class} rows, not {k}")
    if measured.columns != described:
        odd = sorted({*measured.columns} ^ {*described}) or ["their order"]
        found.append("the columns differ from the codebook in " + ", ".join(odd))
        return tuple(found)
    for entry in codebook:
        name = entry["variable"]
        unknown = sum(n for c, n in measured.counts[name].items() if not _explained(c, entry))
        if unknown:
            found.append(f"{name} holds {unknown} cells that the codebook does not explain")
    return tuple(found)
