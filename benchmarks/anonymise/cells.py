"""What a released cell says: the values it covers, and what of the true one is lost by that.

Written for measuring, from the definitions alone: it shares no code with what it measures, and
reads the labels of every tool alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from benchmarks.anonymise.spec import Spec, read_hierarchy

ALL = "*"


class Unreadable(Exception):
    """A released cell that covers no value of the data."""


@dataclass(frozen=True)
class Attribute:
    """One quasi-identifier: how often each value occurs in the data, and the groups of values."""

    name: str
    counts: Mapping[str, int]
    groups: Mapping[str, frozenset[str]]
    numeric: bool

    def covers(self, cell: str) -> frozenset[str]:
        """The values of the data that ``cell`` may stand for. Raises Unreadable.

        A value or group of the hierarchy, ``*``, several of them with commas between, or two
        numbers with a dash between, both included.
        """
        if cell == ALL:
            return frozenset(self.counts)
        found = self.groups.get(cell) or self._listed(cell) or self._between(cell)
        if not found:
            raise Unreadable(f"{self.name}: {cell!r} covers no value of the data")
        return found

    def _listed(self, cell: str) -> frozenset[str]:
        if "," not in cell:
            return frozenset()
        return frozenset().union(*(self.groups.get(part, frozenset()) for part in cell.split(",")))

    def _between(self, cell: str) -> frozenset[str]:
        low, dash, high = cell.partition("-")
        if not (self.numeric and dash):
            return frozenset()
        return frozenset(v for v in self.counts if float(low) <= float(v) <= float(high))

    def loss(self, cell: str) -> float:
        """Normalised certainty penalty of a cell, 0 to 1 (Xu et al. 2006), ``*`` being 1.

        A number: the range of the values covered over the range of all. Anything else: (values
        covered - 1) / (values - 1). Only values that occur in the data are counted.
        """
        if cell == ALL:
            return 1.0
        covered, every = self.covers(cell), self.counts
        if not self.numeric:
            return (len(covered) - 1) / max(len(every) - 1, 1)
        return _range(covered) / (_range(every) or 1.0)

    def mean(self, cell: str, number: Mapping[str, float]) -> float:
        """Mean of a number over the values covered, as often as each occurs in the data."""
        covered = self.covers(cell)
        weight = sum(self.counts[v] for v in covered)
        return sum(self.counts[v] * number[v] for v in covered) / weight


def _range(values: Iterable[str]) -> float:
    numbers = [float(v) for v in values]
    return max(numbers) - min(numbers)


def counts_of(column: pl.Series) -> dict[str, int]:
    """Cell → how often it stands in the column."""
    found = column.value_counts()
    return dict(zip(found[column.name].to_list(), found["count"].to_list(), strict=True))


def _groups(lines: Sequence[Sequence[str]], counts: Mapping[str, int]) -> dict[str, frozenset[str]]:
    members: dict[str, set[str]] = {value: {value} for value in counts}
    for value, *labels in lines:
        if value in counts:
            for label in labels:
                members.setdefault(label, set()).add(value)
    return {label: frozenset(values) for label, values in members.items()}


def attributes_of(spec: Spec, true: pl.DataFrame) -> dict[str, Attribute]:
    """Every quasi-identifier of ``true``, the data before anything was done to them."""
    found = {}
    for name in spec.qi:
        counts = counts_of(true[name])
        groups = _groups(read_hierarchy(spec.hierarchies[name]), counts)
        found[name] = Attribute(name, counts, groups, name in spec.numeric)
    return found


def ncp(attributes: Mapping[str, Attribute], released: pl.DataFrame, rows: int) -> float:
    """Mean loss over the cells of all ``rows`` people; whoever is not in ``released`` lost all."""
    lost = 0.0
    for name, attribute in attributes.items():
        counts = counts_of(released[name])
        lost += sum(times * attribute.loss(cell) for cell, times in counts.items())
        lost += rows - len(released)
    return lost / (rows * len(attributes))
