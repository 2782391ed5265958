"""The public data sets that anonymisers are compared on, as their spec files describe them.

They are for measuring only and lie outside the project, in the folder that the setting PUBLIC_DATA
names (default ``../shared/data``, relative to the project).
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from benchmarks.process import ROOT
from benchmarks.series import LeftOut

DEFAULT = "../shared/data"
SPECS = {
    "Adult-8": "adult/adult8.json",
    "Adult-4": "adult/adult4.json",
    "bfi3": "bfi/bfi3.json",
}


class NoData(LeftOut):
    """The data sets are not there; says where they were looked for."""


@dataclass(frozen=True, slots=True)
class Term:
    """A predictor: ``values`` maps a value of column ``column`` to a number; None reads it."""

    name: str
    column: str
    values: Mapping[str, float] | None

    def of(self, value: str) -> float:
        """The number that stands for ``value``."""
        return float(value) if self.values is None else self.values.get(value, 0.0)


@dataclass(frozen=True, slots=True)
class Spec:
    """A data set, what in it identifies, and the regression that must survive.

    ``hierarchies`` maps a quasi-identifier to its CSV file; ``one`` is the value of ``outcome``
    that counts 1 in a logistic regression, empty for a number in a linear one.
    """

    name: str
    data: Path
    identifiers: tuple[str, ...]
    qi: tuple[str, ...]
    numeric: frozenset[str]
    hierarchies: Mapping[str, Path]
    sensitive: str
    outcome: str
    one: str
    terms: tuple[Term, ...]


def data_folder() -> Path:
    """The folder of the data sets. Raises NoData."""
    folder = (ROOT / os.environ.get("PUBLIC_DATA", DEFAULT)).resolve()
    if not folder.is_dir():
        raise NoData("no data sets: PUBLIC_DATA names no folder")
    return folder


def read_spec(name: str) -> Spec:
    """One of SPECS. Raises NoData."""
    path = data_folder() / SPECS[name]
    if not path.is_file():
        raise NoData(f"no data set {name}: the folder PUBLIC_DATA names holds no {SPECS[name]}")
    told = json.loads(path.read_text("utf-8"))
    return Spec(
        name=name,
        data=path.parent / told["data"],
        identifiers=(told["rid"],),
        qi=tuple(told["qi"]),
        numeric=frozenset(told["numeric"]),
        hierarchies={column: path.parent / file for column, file in told["hierarchies"].items()},
        sensitive=told["sensitive"],
        outcome=told["outcome"]["column"],
        one=told["outcome"].get("one", ""),
        terms=tuple(_term(term) for term in told["terms"]),
    )


def _term(told: Mapping[str, object]) -> Term:
    ones, numbers = told.get("ones"), told.get("map")
    values: dict[str, float] | None = None
    if isinstance(ones, list):
        values = dict.fromkeys(ones, 1.0)
    elif isinstance(numbers, dict):
        values = {value: float(number) for value, number in numbers.items()}
    return Term(str(told["name"]), str(told["attr"]), values)


def read_cells(path: Path) -> pl.DataFrame:
    """A CSV file, every cell as the text that stands there."""
    return pl.read_csv(path, infer_schema=False, empty_string_is_null=False)


def read_hierarchy(path: Path) -> list[list[str]]:
    """Lines of a hierarchy: value, its group at level 1, level 2, …, ``*``."""
    with path.open(encoding="utf-8", newline="") as file:
        return [line for line in csv.reader(file) if line]


def write_hierarchy(path: Path, lines: Sequence[Sequence[str]]) -> None:
    """The counterpart of ``read_hierarchy``."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
