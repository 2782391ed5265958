"""Lifted columns: the cells of a key column that holds several levels, brought to one of them.

A release holds them so that no one reads codes of different levels as numbers of one scale. Each is
worked out from the written cell alone, so that it tells nothing that the cell does not: a finer
cell goes up into the group that holds it, a coarser one is -93. They stand at the end of the line,
in the order in which batches brought the levels: a later release continues the lines of an earlier
one and changes none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import polars as pl

from exports.codebook import LIFTED, Entry, blank
from exports.columns import Field, join_data
from exports.files.source import NOMINAL, ORDINAL, pieces
from exports.files.source import level_of as measure_of
from exports.generalise import (
    generalise_cell,
    group_codes,
    hierarchy_of,
    is_missing,
    level_of,
)
from exports.output_files import LINE_END
from exports.report import Counts
from forms.study import WITHHELD, ReleasePolicy, lifted_name

MIXED = "Mixed levels"
_END = LINE_END.encode()


@dataclass(frozen=True, slots=True)
class LiftedColumn:
    """A column of one level, made from the key column ``source``."""

    source: Field
    level: int

    @property
    def name(self) -> str:
        """The name in the file."""
        return lifted_name(self.source.name, self.level)

    def cell(self, policy: ReleasePolicy, written: int) -> int:
        """What a written cell of the source becomes; a missing code stays."""
        if is_missing(written):
            return written
        if level_of(written) > self.level:
            return WITHHELD
        return int(generalise_cell(self.source, policy, written, self.level))


def _lifts(column: LiftedColumn, policy: ReleasePolicy, cells: frozenset[int]) -> bool:
    """Return whether a cell stands at the column's level and a finer one goes up into it."""
    occurs = any(level_of(cell) == column.level for cell in cells)
    return occurs and any(column.cell(policy, c) not in (c, WITHHELD) for c in cells)


def written_keys(fields: Sequence[Field], policy: ReleasePolicy, part: Path) -> pl.DataFrame:
    """The key columns of a written part that have levels between, row by row."""
    names = [f.name for f in fields if f.key and hierarchy_of(f, policy)]
    cells = pl.scan_csv(part, infer_schema=False).select(pl.col(names).cast(pl.Int32))
    return cells.collect(engine="streaming")


def lifted_columns(
    fields: Sequence[Field], policy: ReleasePolicy, keys: Sequence[pl.DataFrame]
) -> tuple[LiftedColumn, ...]:
    """The lifted columns of parts with these keys: of each level that mixes with a finer one.

    Those that the first parts bring come first, whatever comes after.
    """
    by_name = {field.name: field for field in fields}
    seen: dict[str, frozenset[int]] = {}
    found: dict[str, LiftedColumn] = {}
    for part in keys:
        for name in part.columns:
            cells = seen[name] = seen.get(name, frozenset()).union(part[name].unique())
            levels = sorted({level_of(cell) for cell in cells} - {0})
            columns = (LiftedColumn(by_name[name], level) for level in levels)
            # A study that was signed before may call a column of its own so.
            columns = (column for column in columns if column.name not in by_name)
            found |= {c.name: c for c in columns if _lifts(c, policy, cells)}
    return tuple(found.values())


def _behind(
    columns: Sequence[LiftedColumn], policy: ReleasePolicy, keys: pl.DataFrame
) -> Iterator[bytes]:
    """The lifted cells of each row, as they stand at the end of its line."""
    alike = keys.unique()
    ends = {
        row: b"".join(b",%d" % column.cell(policy, cells[column.source.name]) for column in columns)
        for row, cells in zip(alike.iter_rows(), alike.iter_rows(named=True), strict=True)
    }
    # Alike rows have one end: those of a million rows are some thousands.
    return (ends[row] + _END for row in keys.iter_rows())


def _records(piece: bytes) -> Iterator[bytes]:
    """The records of a piece without their line ends; a quoted cell may hold some of its own."""
    lines = piece.removesuffix(_END).split(_END)
    if b'"' not in piece:
        yield from lines
        return
    held: list[bytes] = []
    for line in lines:
        held.append(line)
        if sum(part.count(b'"') for part in held) % 2 == 0:
            yield _END.join(held)
            held.clear()


def join_lifted(
    parts: Sequence[Path],
    path: Path,
    columns: Sequence[LiftedColumn],
    policy: ReleasePolicy,
    keys: Sequence[pl.DataFrame],
) -> None:
    """The parts one after the other under one header, with ``columns`` at the end of each line."""
    if not columns:
        join_data(parts, path)
        return
    sources = list(dict.fromkeys(column.source.name for column in columns))
    with path.open("wb") as file:
        with parts[0].open("rb") as first:
            header = first.readline().removesuffix(_END)
        file.write(b",".join([header, *(column.name.encode() for column in columns)]) + _END)
        for part, cells in zip(parts, keys, strict=True):
            ends = _behind(columns, policy, cells.select(sources))
            for piece in pieces(part):
                file.write(b"".join(record + next(ends) for record in _records(piece)))


COARSER = "Withheld, not answered, or coarser than level {level}"


def _measure(asked: Entry, covers: Mapping[int, Sequence[int]]) -> str:
    """Measurement level of groups: ordinal where their codes have the order of what they cover."""
    covered = [covers[code] for code in sorted(covers)]
    ordered = all(max(low) < min(high) for low, high in pairwise(covered))
    return ORDINAL if ordered and measure_of(asked) != NOMINAL else NOMINAL


def _entry(column: LiftedColumn, asked: Entry, written: Entry, policy: ReleasePolicy) -> Entry:
    """The entry of a lifted column; ``written`` is that of its source, ``asked`` as it was."""
    groups = group_codes(policy.hierarchies[column.source.variable], column.level)
    covers = {code: sorted(group.codes) for code, group in groups.items()}
    name, level = column.source.name, column.level
    return {
        **blank(Field(column.name, LIFTED, items=(name,))),
        "label": f"Level {level}: {asked['label']}",
        "codes": {str(code): written["codes"][str(code)] for code in groups},
        "missing": {**written["missing"], str(WITHHELD): COARSER.format(level=level)},
        "items": [name],
        "level": level,
        "groups": {str(c): codes for c, codes in covers.items() if len(codes) > 1},
        "measure": _measure(asked, covers),
        "rule": f"{name} at level {level}: a finer cell goes up into the group of this level that "
        "holds all it covers; a coarser one is -93",
        "treatment": f"Worked out from the written cell of {name} alone",
    }


def _named(entry: Entry, asked: Entry, cells: Iterable[str], *, mixed: bool) -> Entry:
    """The entry of a written column; groups are no numbers of a scale."""
    if mixed:
        return {**entry, "label": f"{MIXED}: {entry['label']}", "measure": NOMINAL}
    if entry["groups"].keys().isdisjoint(cells):
        return {**entry, "measure": measure_of(entry)}
    values = [cell for cell in cells if cell not in entry["missing"]]
    covers = {int(cell): entry["groups"].get(cell, [int(cell)]) for cell in values}
    return {**entry, "measure": _measure(asked, covers)}


def with_lifted(
    codebook: Sequence[Entry],
    asked: Sequence[Entry],
    columns: Sequence[LiftedColumn],
    policy: ReleasePolicy,
    counts: Counts,
) -> tuple[Entry, ...]:
    """The codebook with an entry for each lifted column, and what has several levels named so.

    ``asked`` describes the columns before anything was coarsened; ``counts`` are the written cells.
    """
    mixed = {column.source.name for column in columns}
    before = {entry["variable"]: entry for entry in asked}
    written = {entry["variable"]: entry for entry in codebook}
    named = (
        _named(entry, before[name], counts[name], mixed=name in mixed)
        for name, entry in written.items()
    )
    lifted = (_entry(c, before[c.source.name], written[c.source.name], policy) for c in columns)
    return (*named, *lifted)
