"""Tier A from one frozen batch of released rows: counts and means that anybody may read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from exports.refused import Refused
from exports.tables.means import Mean, Scored, mean, scored_of
from exports.tables.one_way import OneWay, count
from exports.tables.plan import Plan, check
from exports.tables.rule import SMALLEST_BASE, rounded
from exports.tables.two_way import TwoWay, cross
from exports.tables.variables import Entry, variables_of


@dataclass(frozen=True, slots=True)
class Tables:
    """Finished tables: nothing in them but what may be read.

    ``rows`` is rounded. ``parts`` counts the batches that were added up; a shown count is at most
    2 from the true one for each of them.
    """

    rows: int
    one_way: tuple[OneWay, ...]
    two_way: tuple[TwoWay, ...] = ()
    means: tuple[Mean, ...] = ()
    parts: int = 1
    scores: tuple[Scored, ...] = ()

    @property
    def unproven(self) -> tuple[TwoWay, ...]:
        """Tables whose search ended before it was sure that nothing less will do."""
        return tuple(t for t in self.two_way if not t.proven)

    def cells(self) -> Iterator[int | None]:
        """Every count, hidden ones as None; a cell of nobody's answer (rest by rest) is none."""
        for one in self.one_way:
            yield from one.counts
        for two in self.two_way:
            for at, line in enumerate(two.counts):
                last = two.row_totals[at] is None and two.column_totals[-1] is None
                yield from line[:-1] if last else line

    @property
    def hidden_share(self) -> float:
        """Share of all counts that are hidden, 0 to 1."""
        cells = list(self.cells())
        return sum(cell is None for cell in cells) / len(cells) if cells else 0.0


def tables(frame: pl.DataFrame, codebook: Sequence[Entry], plan: Plan) -> Tables:
    """The tables of ``plan`` over ``frame``: released rows of one batch, in any order.

    ``codebook`` are its entries (exports/codebook.py). The same people must never be tabulated
    twice: a batch is frozen, and later ones get tables of their own (exports/tables/batches.py).
    Raises Refused on under 20 rows, columns that do not fit, or a ring of tables.
    """
    if len(frame) < SMALLEST_BASE:
        raise Refused(
            f"No tables of {len(frame)} rows: a percentage takes {SMALLEST_BASE} people at least. "
            f"Wait for {SMALLEST_BASE - len(frame)} more."
        )
    check(plan)
    names = dict.fromkeys((*plan.one_way, *(name for pair in plan.pairs for name in pair)))
    variables = variables_of(codebook, tuple(names))
    counted = {n: count(frame, variables[n], plan.sums.get(n, ())) for n in names}
    entries = {entry["variable"]: entry for entry in codebook}
    return Tables(
        rounded(len(frame)),
        tuple(counted[name].published for name in names),
        tuple(cross(counted[a], counted[b]) for a, b in plan.pairs),
        tuple(mean(frame, entries[name]) for name in plan.means),
        scores=tuple(score for n in plan.means if (score := scored_of(entries[n]))),
    )


def one_way(frame: pl.DataFrame, codebook: Sequence[Entry], columns: Iterable[str]) -> Tables:
    """Tables of single columns by the 10-5 rule, as for files too small to have key columns."""
    return tables(frame, codebook, Plan(tuple(columns)))
