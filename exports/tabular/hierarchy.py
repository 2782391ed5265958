"""Generalisation hierarchies of a table, and the table as a problem in whole numbers and back.

A file has CSV lines of value, level 1, level 2, … up to ``*`` (or another label that all lines end
in, which is taken as ``*``), and no header. A label is a node.
Two groups of one column may therefore share a label only where one lies inside the other; they are
then one node, for no reader of the released file could tell them apart. Labels may say a range of
numbers (15-19, [20, 25[, >50, under 18, 50+), which is then held against the values below. The loss
of a node is the normalised certainty penalty (Xu et al. 2006).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import inf
from pathlib import Path

import numpy as np
import polars as pl

from exports.anonymise.problem import (
    Bools,
    Floats,
    GeneralisationHierarchy,
    Ints,
    PrivacyModel,
    Problem,
    Recoding,
)
from exports.errors import ExportRefused
from exports.label_hierarchy import LabelHierarchy, ancestors
from exports.output_files import guarded
from exports.tabular.delimited import Line, dialect_of, lines_of
from exports.tabular.input_table import TableMetadata
from exports.tabular.made_hierarchies import NUMBER, MadeHierarchy
from exports.tabular.policy import Policy
from exports.tabular.quoting import quoted

_PLAIN = re.compile(NUMBER)
_IN_DOUBT = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+")
_BETWEEN = re.compile(rf"({NUMBER})\s*(?:-|–|—|to|\.\.)\s*(<?)\s*({NUMBER})")
_BRACKETS = re.compile(rf"([\[\](])\s*({NUMBER})\s*(?:,|;|-|–|—|to|\.\.)\s*({NUMBER})\s*([\[\])])")
_BEYOND = re.compile(rf"(<=|>=|<|>|≤|≥|under|over)\s*({NUMBER})")
_AND_MORE = re.compile(rf"({NUMBER})\s*\+")
_MONTH = re.compile(r"\d{4}(?:-\d\d)?")


@dataclass(frozen=True, slots=True)
class Band:
    """A range of numbers; an end may be left out of it, or be infinite."""

    low: float
    high: float
    with_low: bool = True
    with_high: bool = True

    def holds(self, number: float) -> bool:
        """Return whether the number lies inside."""
        above = self.low <= number if self.with_low else self.low < number
        below = number <= self.high if self.with_high else number < self.high
        return above and below

    def spans(self, other: Band) -> bool:
        """Return whether the other range lies inside."""
        low = self.holds(other.low) or (self.low == other.low and not other.with_low)
        return low and (self.holds(other.high) or (self.high == other.high and not other.with_high))


def number_of(text: str) -> float | None:
    """The number that a text writes in digits, or None."""
    return _float(text) if _PLAIN.fullmatch(text.strip()) else None


def _float(digits: str) -> float:
    return float(digits.replace(",", "."))


def band_of(label: str) -> Band | None:
    """The range that a label says, or None where it says none that we can read.

    A lone number is none: at a coarser level it is a code as often as a value. Nor is a range
    whose end lies below its start (1990-99).
    """
    label = label.strip()
    if found := _BETWEEN.fullmatch(label):
        band = Band(_float(found[1]), _float(found[3]), with_high=not found[2])
    elif found := _BRACKETS.fullmatch(label):
        low, high = _float(found[2]), _float(found[3])
        # [20, 25[ and [20, 25) say the same.
        band = Band(low, high, with_low=found[1] == "[", with_high=found[4] == "]")
    elif found := _BEYOND.fullmatch(label):
        end, closed = _float(found[2]), found[1] in ("<=", ">=", "≤", "≥")
        under = found[1] in ("<", "<=", "≤", "under")
        band = Band(-inf, end, with_high=closed) if under else Band(end, inf, with_low=closed)
    elif found := _AND_MORE.fullmatch(label):
        band = Band(_float(found[1]), inf)
    else:
        return None
    return band if band.low <= band.high else None


ROOT = "*"
MISSING = ""


def _refuse_misshapen(path: Path, lines: Sequence[Line]) -> None:
    """Raise ExportRefused unless the lines are a rectangle of labels that ends in ``*``."""
    if not lines:
        raise ExportRefused(f"{path} is empty: a hierarchy has a line for each value.")
    width = len(lines[0][1])
    seen: dict[str, int] = {}
    for number, cells in lines:
        at = f"{path}, line {number}"
        if len(cells) != width:
            raise ExportRefused(f"{at}: {len(cells)} cells where the first line has {width}.")
        if cells[-1] != ROOT:
            hint = " A hierarchy has no header." if number == lines[0][0] else ""
            raise ExportRefused(
                f'{at} ends in "{cells[-1]}": the last level must be "{ROOT}".{hint}'
            )
        if MISSING in cells[1:]:
            raise ExportRefused(f"{at}: level {cells[1:].index(MISSING) + 1} is empty.")
        if cells[0] == ROOT and set(cells) != {ROOT}:
            raise ExportRefused(f'{at}: "{ROOT}" is the top and cannot lie below "{cells[1]}".')
        if cells[0] in seen:
            raise ExportRefused(f'{at}: "{cells[0]}" already stands on line {seen[cells[0]]}.')
        seen[cells[0]] = number


def _with_root(lines: Sequence[Line]) -> tuple[list[Line], str]:
    """Return the lines with ``*`` for a label that all end in, and that label; ARX writes *****."""
    top = lines[0][1][-1] if lines else ROOT
    known = top in (ROOT, MISSING) or any(cells[-1] != top for _, cells in lines)
    if known or any(top == cells[0] for _, cells in lines):
        return list(lines), ROOT
    return [(at, [ROOT if cell == top else cell for cell in cells]) for at, cells in lines], top


def _refuse_broken_tree(path: Path, lines: Sequence[Line]) -> None:
    """Raise ExportRefused unless levels nest and every label has one place in the tree."""
    for level in range(len(lines[0][1]) - 1):
        above: dict[str, Line] = {}
        for number, cells in lines:
            first, other = above.setdefault(cells[level], (number, cells))
            if other[level + 1] != cells[level + 1]:
                raise ExportRefused(
                    f'{path}: levels do not nest: "{cells[level]}" lies in'
                    f' "{other[level + 1]}" on line {first} and in "{cells[level + 1]}" on line'
                    f" {number} (level {level + 1})."
                )
    _refuse_two_places(path, lines)


def _refuse_two_places(path: Path, lines: Sequence[Line]) -> None:
    parents: dict[str, tuple[int, str]] = {}
    for number, cells in lines:
        chain = list(_steps(cells))
        if len(set(chain)) < len(chain):
            raise ExportRefused(f"{path}, line {number}: a label comes back above another one.")
        for label, parent in pairwise(chain):
            first, other = parents.setdefault(label, (number, parent))
            if other != parent:
                raise ExportRefused(
                    f'{path}: "{label}" means two groups: one in "{other}" (line {first}), one in'
                    f' "{parent}" (line {number}). Give them labels of their own.'
                )


def _steps(cells: Sequence[str]) -> list[str]:
    """The labels on the way up, each once where it stays for several levels."""
    return [c for at, c in enumerate(cells) if not at or c != cells[at - 1]]


def _refuse_untrue(path: Path, lines: Sequence[Line]) -> None:
    """Raise ExportRefused for a number or range under a range that does not hold it."""
    values = {cells[0] for _, cells in lines}
    holds: dict[str, Band] = {}
    for label in {cell for _, cells in lines for cell in cells[1:]}:
        # A group holds a range, or the one number that is a value of the column itself.
        alone = number_of(label) if label in values else None
        band = band_of(label) if alone is None else Band(alone, alone)
        if band is not None:
            holds[label] = band
    wrong = [
        (number, cells[0], label)
        for number, cells in lines
        if number_of(cells[0]) is not None or _is_closed(cells[0])
        for label in _steps(cells)[1:]
        if label in holds and not _lies_in(cells[0], holds[label])
    ]
    if wrong:
        number, value, label = wrong[0]
        others = len({line for line, _, _ in wrong}) - 1
        more = f" (and so on {others} more line{'s' * (others > 1)})" if others else ""
        raise ExportRefused(
            f"{path}, line {number}: {value} does not lie in {label}{more}. Correct the label, or"
            " say it in words if the value is a code."
        )


def _refuse_named_like_values(path: Path, lines: Sequence[Line]) -> None:
    """Raise ExportRefused for a label that reads like one value and stands for others too.

    A range of numbers, a year or month of dates and the beginning of a code, as in 12**, may:
    whether it holds the others can be seen.
    """
    values = {_as_read(cells[0]) for _, cells in lines}
    for number, cells in lines:
        for label in _steps(cells)[1:]:
            read = _as_read(label)
            if label == ROOT or read not in values or read == _as_read(cells[0]):
                continue
            if not _seen_to_hold(label, cells[0]):
                raise ExportRefused(
                    f'{path}, line {number}: "{cells[0]}" would be shown as "{label}", which is a'
                    " value of its own. Call the group something else."
                )


def _seen_to_hold(label: str, value: str) -> bool:
    """Return whether anybody can see that a group holds a value."""
    if (band := band_of(label)) is not None and _lies_in(value, band):
        return True
    begun = label.rstrip(ROOT)
    masked = 0 < len(begun) < len(label) and value.startswith(begun)
    return masked or bool(_MONTH.fullmatch(label) and value.startswith(f"{label}-"))


def _as_read(label: str) -> float | str:
    """Return what a reader takes a label for: a number, or letters whatever their case and spaces.

    Whoever reads Nurse in one row and nurse in another takes them for the same.
    """
    number = number_of(label)
    if number is not None:
        return number
    return "".join(unicodedata.normalize("NFKC", label).casefold().split())


def _lies_in(value: str, band: Band) -> bool:
    """Return whether a value that is a number or a range lies in a range; any other does not."""
    number, own = number_of(value), band_of(value)
    if number is not None:
        return band.holds(number)
    return own is not None and band.spans(own)


def _is_closed(label: str) -> bool:
    """Return whether a label says a range by its first and last number."""
    band = band_of(label)
    return (
        band is not None and band.with_low and band.with_high and -inf < band.low <= band.high < inf
    )


@dataclass(frozen=True, slots=True)
class TableHierarchy(LabelHierarchy):
    """The hierarchy of one column from its file; the empty value stands for a missing cell.

    ``numeric``: every value is a number and every group a range of numbers. ``top`` is what the
    file calls the root. ``read_as`` says how the file was read, where that was not plain.
    """

    path: Path
    numeric: bool
    top: str = ROOT
    read_as: str = ""


def read_hierarchy(path: Path, column: str) -> TableHierarchy:
    """The hierarchy in a file. Raise ExportRefused for whatever makes it no tree, or an untrue one.

    A missing cell has a place of its own, right below the root, unless the file gives it another;
    a cell that is ``*`` already is the root.
    """
    dialect = dialect_of(path, fits=lambda cells: set(cells[-1]) == {ROOT})
    lines, top = _with_root(list(lines_of(path, dialect)))
    _refuse_misshapen(path, lines)
    _refuse_broken_tree(path, lines)
    _refuse_untrue(path, lines)
    _refuse_named_like_values(path, lines)
    tree = _tree_of([cells for _, cells in lines], column, path)
    return replace(tree, top=top, read_as=dialect.in_words)


def make_hierarchy(path: Path, made: MadeHierarchy, cells: pl.Series) -> TableHierarchy:
    """The hierarchy that a policy's rule makes of the cells. Raise ExportRefused for a misfit."""
    column, values = cells.name, cells.drop_nulls().unique().sort().to_list()
    rows, misfits = made.lines([value for value in values if value not in (MISSING, ROOT)])
    if misfits:
        count = int(cells.is_in(misfits).sum())
        raise ExportRefused(
            f"{column}: {quoted(misfits)} ({count} row{'s' * (count > 1)}) is not"
            f" {made.rule.what}, as hierarchies.{column} in {path} expects. Correct the data, name"
            " such values in apart, or write a hierarchy file for the column."
        )
    lines = list(enumerate(rows, 1))
    _refuse_broken_tree(path, lines)
    return _tree_of(rows or [[ROOT, ROOT]], column, path)


def _tree_of(rows: list[list[str]], column: str, path: Path) -> TableHierarchy:
    levels, leaves = len(rows[0]), {row[0] for row in rows}
    if MISSING not in leaves:
        rows.append([MISSING] * (levels - 1) + [ROOT])
    if ROOT not in leaves:
        rows.append([ROOT] * levels)
    labels = list(dict.fromkeys(cell for row in rows for cell in row))
    values = pl.Series([row[0] for row in rows])
    up = ancestors(rows, labels)
    return TableHierarchy(column, values, pl.Series(labels), up, path, _is_numeric(rows))


def _is_numeric(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether values, missing cells and the root apart, are numbers and groups ranges."""
    filled = [row for row in rows if row[0] not in (MISSING, ROOT)]
    groups = {cell for row in filled for cell in row[1:] if cell not in (ROOT, row[0])}
    return (
        bool(filled)
        and all(number_of(row[0]) is not None for row in filled)
        and all(band_of(label) is not None for label in groups)
    )


def taxonomy_of(hierarchy: TableHierarchy, occurs: Bools) -> GeneralisationHierarchy:
    """The tree with what each node loses, given which values occur in the table, shape (values,).

    A group of numbers loses the range of its values as a share of the range of all; any other
    group (its values - 1) / (all values - 1); the root 1. Only values that occur are counted. So
    measured, the optimum of full-domain recoding of the Adult data equals what ARX reports.
    """
    counted = occurs & (hierarchy.values != ROOT).to_numpy()
    numbers = np.array(
        [number_of(v) if hierarchy.numeric else None for v in hierarchy.values], float
    )
    loss = np.zeros(len(hierarchy.labels))
    for level in hierarchy.up.T:
        if hierarchy.numeric:
            share = _shares_of_range(level, numbers, counted, loss.size)
        else:
            sizes = np.bincount(level, weights=counted, minlength=loss.size)
            share = np.maximum(sizes - 1, 0) / max(int(counted.sum()) - 1, 1)
        # Each level fills in its own nodes; those of other levels have 0 there.
        loss = np.maximum(loss, share)
    loss[hierarchy.up[0, -1]] = 1.0
    return GeneralisationHierarchy(hierarchy.column, hierarchy.up, loss)


def _shares_of_range(level: Ints, numbers: Floats, counted: Bools, nodes: int) -> Floats:
    """Shares of the range; a missing cell is no number and widens nothing."""
    inside = counted & ~np.isnan(numbers)
    low, high = np.full(nodes, np.inf), np.full(nodes, -np.inf)
    np.minimum.at(low, level[inside], numbers[inside])
    np.maximum.at(high, level[inside], numbers[inside])
    whole = np.ptp(numbers[inside]) if inside.any() else 0.0
    held = high >= low
    share = np.zeros(nodes)
    share[held] = (high[held] - low[held]) / (whole or 1.0)
    return share


@dataclass(frozen=True, slots=True)
class EncodedTable:
    """The table without identifiers, in the order of its content, and its hierarchies.

    ``metadata`` is what the input says of its columns, ``notes`` how it was read. ``ids`` are the
    columns that tell people and households apart, row by row, ``people`` the number of each row's
    (None: every row is another's). ``missing`` maps a sensitive column to cells that are no value.
    ``read`` is the table with its numbers as they were before the rules of [numbers], if any.
    """

    table: pl.DataFrame
    trees: tuple[TableHierarchy, ...]
    population: pl.DataFrame | None = None
    metadata: TableMetadata = field(default_factory=TableMetadata)
    notes: tuple[str, ...] = ()
    ids: pl.DataFrame = field(default_factory=pl.DataFrame)
    people: Ints | None = None
    missing: Mapping[str, frozenset[str]] = field(default_factory=dict)
    read: pl.DataFrame | None = None

    @property
    def truth(self) -> pl.DataFrame:
        """The table as it was read."""
        return self.table if self.read is None else self.read


def in_own_order(table: pl.DataFrame) -> pl.DataFrame:
    """The rows sorted by all their cells, first column first, so that arrival decides nothing."""
    return table.sort(table.columns, nulls_last=False)


def problem_of(policy: Policy, sources: EncodedTable) -> Problem:
    """The problem that the policy sets; every cell must have a place in its hierarchy."""
    codes = _codes(sources.table, sources.trees)
    population = None
    if sources.population is not None:
        population = _codes(sources.population, sources.trees)
    taxonomies = tuple(
        taxonomy_of(tree, np.bincount(codes[:, at], minlength=len(tree.values)) > 0)
        for at, tree in enumerate(sources.trees)
    )
    values = {name: values_of(policy, sources, name) for name in policy.sensitive}
    asked = [policy.of_column(name) for name in policy.sensitive]
    return Problem(
        codes=codes,
        hierarchies=taxonomies,
        model=PrivacyModel(
            policy.k,
            distinct_l=tuple(distinct_l for distinct_l, _, _ in asked),
            entropy_l=tuple(entropy_l for _, entropy_l, _ in asked),
            t=tuple(t for _, _, t in asked),
            presence=policy.presence,
        ),
        sensitive=_sensitive(values, sources.table),
        ordered=tuple(name in policy.ordered for name in policy.sensitive),
        missing=tuple(len(values[name]) for name in policy.sensitive),
        people=sources.people,
        population=population,
        suppression_limit=policy.suppression_limit,
        blank_counts=True,
        seed=policy.seed,
    )


def without_formulas(column: pl.Series) -> pl.Series:
    """The column with an apostrophe before what a spreadsheet would run.

    Raise ExportRefused where that makes two different cells alike.
    """
    texts = column.unique().drop_nulls()
    marked = {text: guarded(text) for text in texts if guarded(text) != text}
    if both := sorted(set(marked.values()).intersection(texts)):
        raise ExportRefused(
            f"{column.name} holds {quoted([both[0][1:], both[0]])}: a spreadsheet would run the"
            " first, and with an apostrophe it would be the second. Change one of them."
        )
    return column.replace(marked) if marked else column


def released(sources: EncodedTable, outcome: Recoding) -> tuple[pl.DataFrame, Ints]:
    """The rows to write, sorted by what they hold, and the position of each in the table.

    Withheld rows are left out. Columns keep their order.
    """
    table = sources.table.with_columns(
        tree.decode(outcome.nodes[:, at]).replace(MISSING, None)
        for at, tree in enumerate(sources.trees)
    )
    table = table.with_columns(without_formulas(column) for column in table)
    kept = table.with_row_index("\0row").filter(~outcome.suppressed)
    kept = kept.sort(table.columns, nulls_last=False, maintain_order=True)
    return kept.drop("\0row"), kept["\0row"].to_numpy().astype(np.int32)


def _codes(table: pl.DataFrame, trees: Sequence[TableHierarchy]) -> Ints:
    """Return the value of each cell in its hierarchy, shape (rows, trees)."""
    codes = [tree.encode(table[tree.column].fill_null(MISSING)).to_numpy() for tree in trees]
    return np.stack(codes, axis=1)


def _sensitive(values: Mapping[str, Sequence[str]], table: pl.DataFrame) -> Ints:
    """Return the sensitive columns as ranks, shape (rows, columns), the missing last."""
    codes = np.empty((table.height, len(values)), dtype=np.int32)
    for at, (name, ordered) in enumerate(values.items()):
        ranks = {value: rank for rank, value in enumerate(ordered)}
        coded = table[name].replace_strict(ranks, default=len(ordered), return_dtype=pl.Int32)
        codes[:, at] = coded.to_numpy()
    return codes


def values_of(policy: Policy, sources: EncodedTable, name: str) -> tuple[str, ...]:
    """Return the values of a sensitive column, lowest first where the policy puts them in order.

    What is missing is none. Raise ExportRefused for a value that has no place in that order.
    """
    column, missing = sources.table[name], sources.missing.get(name, frozenset())
    values = [value for value in column.drop_nulls().unique().sort() if value not in missing]
    order = policy.ordered.get(name)
    if order is None:
        return tuple(values)
    if order == "numbers":
        numbers = {value: number_of(value) for value in values}
        if odd := [value for value, number in numbers.items() if number is None]:
            odd_values = quoted(odd)
            cure = ""
            if any(_IN_DOUBT.fullmatch(value) for value in odd):
                cure = " A comma before three digits may set off thousands: write 1.234 or 1234."
            raise ExportRefused(f"{name} is ordered by its numbers, but holds {odd_values}.{cure}")
        # Between 1 and 1.0 the text decides, so that the order of arrival does not.
        return tuple(sorted(values, key=lambda value: (numbers[value], value)))
    if odd := [value for value in values if value not in order]:
        raise ExportRefused(
            f"{policy.path}: [ordered] {name} leaves out {quoted(odd)}, which the data hold."
        )
    return tuple(value for value in order if value not in missing)
