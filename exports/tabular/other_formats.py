"""The protected table in the format of the input, made from what data.csv holds.

A column of numbers stays one where every cell can be a number: a group of a coded column gets a
code of its own, level x 100 + position, with the group as its label, and so does ``*``, which is
declared missing. Any other column that shows groups is one of texts. Labels of values that occur
no more are kept only where nothing of the column was withheld: else they would tell what was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from exports.files.formats import Writer
from exports.files.parquet import write_parquet
from exports.files.source import SPSS, STATA, Entry, Rules, from_text, names_in, open_source
from exports.files.spss import MISSING_TEXT_BYTES, MISSING_TEXTS, write_sav, write_zsav
from exports.files.stata import write_dta
from exports.files.xlsx import write_xlsx
from exports.output_files import LINE_END, guarded
from exports.tabular.hierarchy import ROOT, TableHierarchy
from exports.tabular.input_table import TableMetadata, numbers_as_text

Stored = float | str  # a number, or the letter of an extended missing value of Stata
Numbers = Callable[[str], float | None]  # the number that a cell is in a format; None for none


@dataclass(frozen=True, slots=True)
class ProtectedTable:
    """The table as data.csv holds it; ``before`` is the input in the same columns."""

    cells: pl.DataFrame
    before: pl.DataFrame
    metadata: TableMetadata
    trees: Mapping[str, TableHierarchy]


@dataclass(frozen=True, slots=True)
class OtherFile:
    """A written file. ``names``: column → its name there; ``codes``: column → cell → its code."""

    path: Path
    names: Mapping[str, str]
    codes: Mapping[str, Mapping[str, Stored]]


@dataclass(frozen=True, slots=True)
class _OtherColumn:
    """One column of the other file: its entry, and cells that stand there as something else."""

    entry: Entry
    cells: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Stored] = field(default_factory=dict)


_PLAIN = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_LETTER = re.compile(r"\.[a-z]")  # an extended missing value of Stata, as its cell reads
_DAY = 86_400
_SPSS_ZERO, _STATA_ZERO = np.datetime64("1582-10-14", "us"), np.datetime64("1960-01-01", "us")
_CLOCK = re.compile(r"(-?)(?:(\d+) )?(?:(\d+):)?(\d+):(\d\d(?:\.\d+)?)")
_PARTS = {"h": 2, "q": 4, "m": 12, "w": 52}  # Stata's parts of a year


def _plain(cell: str) -> float | None:
    return float(cell) if _PLAIN.fullmatch(cell) else None


def _since(zero: np.datetime64, unit: int) -> Numbers:
    """Return how a day or moment in ISO 8601 is counted from ``zero``, in so many microseconds."""

    def counted(cell: str) -> float | None:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d+)?)?", cell):
            return None
        moment = np.datetime64(cell.replace(" ", "T"), "us")
        return int((moment - zero).astype(np.int64)) / unit

    return counted


def _seconds(cell: str) -> float | None:
    """Return the seconds of days, hours, minutes and seconds."""
    if not (found := _CLOCK.fullmatch(cell)):
        return None
    sign, days, hours, minutes, seconds = found.groups(default="0")
    whole = int(days) * _DAY + int(hours) * 3600 + int(minutes) * 60
    return (whole + float(seconds)) * (-1 if sign == "-" else 1)


def _stata_part(part: str, cell: str) -> float | None:
    found = re.fullmatch(rf"(\d{{4}}){part}(\d+)", cell)
    return (int(found[1]) - 1960) * _PARTS[part] + int(found[2]) - 1 if found else None


def _spss_numbers(display: str) -> Numbers | None:
    """Return how cells of a format of SPSS are numbers; None for texts and for parts of a year."""
    kind = re.sub(r"[\d.]+$", "", display)
    if kind in ("A", "AHEX", "QYR", "MOYR", "WKYR", "WKDAY", "MONTH"):
        return None
    if kind in ("DATE", "ADATE", "EDATE", "JDATE", "SDATE", "DATETIME", "YMDHMS"):
        return _since(_SPSS_ZERO, 1_000_000)
    return _seconds if kind in ("TIME", "DTIME", "MTIME") else _plain


def _stata_numbers(display: str) -> Numbers | None:
    """Return how cells of a format of Stata are numbers; None for texts."""
    if re.fullmatch(r"%[-~]?\d*s", display):
        return None
    if not (found := re.match(r"%-?(?:t([a-zA-Z])|(d))", display)):
        return _plain
    unit = found[1] or found[2]
    if unit in _PARTS:
        return lambda cell: _stata_part(unit, cell)
    return _since(_STATA_ZERO, _DAY * 1_000_000 if unit == "d" else 1_000)


def _number_text(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else repr(float(number))


def _entry(name: str, kind: str, **said: Any) -> dict[str, Any]:
    """Return what the writers of files ask of a column."""
    return {
        "variable": name, "label": "", "part": "answer", "kind": "", "type": kind, "codes": {},
        "range": None, "missing": {}, "may_be_empty": True, "decimals": 0, "scales": [], **said,
    }  # fmt: skip


def _group_codes(
    tree: TableHierarchy, shown: Iterable[str], used: Iterable[float]
) -> dict[str, int]:
    """Return a code for each group of the tree that is shown, by level and position."""
    levels = [tree.labels.gather(nodes).unique(maintain_order=True) for nodes in tree.up.T[1:]]
    step, most = 100, max(map(abs, used), default=0)
    while step <= max(most, *map(len, levels)):
        step *= 10
    codes: dict[str, int] = {}
    for level, labels in enumerate(levels, start=1):
        for at, label in enumerate(map(guarded, labels), start=1):
            if label in shown:
                codes.setdefault(label, level * step + at)
    return codes


class _PackageColumns:
    """The columns of a table in a statistical package, one by one."""

    def __init__(self, table: ProtectedTable, suffix: str) -> None:
        self.table, self.about = table, table.metadata
        self.stata = suffix == ".dta"

    def column(self, name: str) -> _OtherColumn:
        """Return the column as numbers where it can be one, else as texts."""
        cells = self.table.cells[name].unique().drop_nulls().sort().to_list()
        read = _stata_numbers if self.stata else _spss_numbers
        numbers = read(self.about.formats.get(name, "s" if self.stata else "A"))
        return (numbers and self._numbers(name, cells, numbers)) or self._texts(name, cells)

    def _groups(self, name: str, cells: Sequence[str]) -> list[str]:
        """Return the cells that are groups, ``*`` excepted."""
        if (tree := self.table.trees.get(name)) is None:
            return []
        values = set(map(guarded, tree.values))
        return [cell for cell in cells if cell not in values and cell != ROOT]

    def _labels(self, name: str, cells: Sequence[str]) -> dict[str, str]:
        """Return the value labels that may be told: see the module."""
        labels = self.about.value_labels.get(name, {})
        whole = _whole(self.table, name)
        missing = self.about.missing.get(name, frozenset())
        ranges = self.about.missing_ranges.get(name, ())
        return {
            cell: label
            for cell, label in labels.items()
            if label and (whole or cell in cells or cell in missing or _declared(cell, ranges))
        }

    def _numbers(self, name: str, cells: Sequence[str], numbers: Numbers) -> _OtherColumn | None:
        groups, letters = self._groups(name, cells), {}
        labels = self._labels(name, cells)
        measure = self.about.measures.get(name, "")
        coded = bool(self.about.value_labels.get(name)) or measure in ("nominal", "ordinal")
        if groups and not (coded and numbers is _plain):
            return None
        if self.stata:
            letters = {c: c[1:] for c in [*cells, *labels] if _LETTER.fullmatch(c)}
        kept = [c for c in [*cells, *labels] if c not in letters and c not in groups and c != ROOT]
        found = {cell: n if (n := numbers(cell)) is not None else _plain(cell) for cell in kept}
        values = {cell: number for cell, number in found.items() if number is not None}
        if len(values) < len(found):
            return None
        ranges = list(self.about.missing_ranges.get(name, ()))
        used = {*values.values(), *(n for ends in ranges for n in ends if abs(n) < 1e15)}
        codes: dict[str, float] = dict(values)
        if groups:
            codes |= _group_codes(self.table.trees[name], groups, used)
        if ROOT in cells:
            if self.stata:
                free = [c for c in "zyxwvutsrqponmlkjihgfedcba" if c not in letters.values()]
                letters[ROOT] = free[0]
            else:
                codes[ROOT] = next(n for n in range(-93, -9_999, -100) if n not in used)
                ranges.append((codes[ROOT], codes[ROOT]))
                if sum(1 if low == high else 2 for low, high in ranges) > MISSING_TEXTS:
                    return None
        first = int(max([0, *map(abs, codes.values())])) + 1
        of_letter = {letter: first + at for at, letter in enumerate(sorted({*letters.values()}))}
        codes |= {cell: of_letter[letter] for cell, letter in letters.items()}
        labels |= {cell: cell for cell in [*groups, *([ROOT] if ROOT in cells else [])]}
        whole = all(float(n).is_integer() and abs(n) < 2**31 for n in codes.values())
        entry = _entry(
            name,
            "integer" if whole else "decimal",
            label=self.about.labels.get(name, ""),
            codes={_number_text(codes[cell]): label for cell, label in labels.items()},
            range=[min(codes.values(), default=0), max(codes.values(), default=0)],
            measure=_measure(measure, labelled=bool(labels), grouped=bool(groups)),
            declared=ranges,
            letters={code: letter for letter, code in of_letter.items()},
        )
        # A column's own format is too narrow for the codes of groups.
        if not groups:
            entry["format"] = self.about.formats[name]
        shown = {cell: _number_text(codes[cell]) for cell in cells}
        told: dict[str, Stored] = {c: codes[c] for c in (*groups, ROOT) if c in cells}
        told |= {cell: letter for cell, letter in letters.items() if cell in cells}
        return _OtherColumn(entry, shown, told)

    def _texts(self, name: str, cells: Sequence[str]) -> _OtherColumn:
        ranges = self.about.missing_ranges.get(name, ())
        single = (low for low, high in ranges if low == high)
        missing = [low if isinstance(low, str) else _number_text(low) for low in single]
        missing += [cell for cell in cells if cell in self.about.missing.get(name, ())]
        missing += [ROOT] * (ROOT in cells)
        short = [c for c in dict.fromkeys(missing) if len(c.encode()) <= MISSING_TEXT_BYTES]
        entry = _entry(
            name,
            "text",
            label=self.about.labels.get(name, ""),
            codes=self._labels(name, cells),
            declared=[(cell, cell) for cell in short[:MISSING_TEXTS]],
        )
        return _OtherColumn(entry)


def _whole(table: ProtectedTable, name: str) -> bool:
    """Return whether nothing of a column was withheld or made coarser."""
    return table.cells[name].sort().equals(table.before[name].sort())


def _measure(said: str, *, labelled: bool, grouped: bool) -> str:
    """Return the measurement level of numbers: among groups no distance means anything."""
    if said == "scale" and grouped:
        return "ordinal"
    return said or ("nominal" if labelled else "scale")


def _declared(cell: str, ranges: Sequence[tuple[Any, Any]]) -> bool:
    """Return whether a cell lies in one of the ranges of missing values."""
    if _LETTER.fullmatch(cell):
        return True
    number = _plain(cell)
    return any(
        low <= cell <= high
        if isinstance(low, str)
        else number is not None and low <= number <= high
        for low, high in ranges
    )


def _as_stored(table: ProtectedTable, data: Path) -> list[_OtherColumn]:
    """Return the columns of a Parquet file in the types of the input, where their cells have one.

    Others are texts: a column that shows groups, or a type that writes its cells otherwise.
    """
    types = pl.read_parquet_schema(data)
    columns = []
    for column in table.cells:
        wanted = types[column.name]
        # Categories that occur no more would tell what was withheld.
        if isinstance(wanted, pl.Enum) and not _whole(table, column.name):
            wanted = pl.Enum(wanted.categories.filter(wanted.categories.is_in(column.implode())))
        columns.append(_OtherColumn(_entry(column.name, "", storage=_type_of(column, wanted))))
    return columns


def _type_of(column: pl.Series, wanted: pl.DataType) -> pl.DataType:
    try:
        typed = column.to_frame().select(from_text(pl.col(column.name), wanted)).to_series()
    except pl.exceptions.PolarsError:
        return pl.String()
    return wanted if numbers_as_text(typed).equals(column) else pl.String()


def _in_a_sheet(table: ProtectedTable) -> list[_OtherColumn]:
    """Return the columns of a workbook: numbers where every cell is one as it is written."""
    columns = []
    for column in table.cells:
        numbers = [_plain(cell) for cell in column.unique().drop_nulls()]
        known = [number for number in numbers if number is not None]
        texts = {_number_text(number) for number in known}
        plain = known and texts == set(column.drop_nulls()) and max(map(abs, known)) < 1e15
        whole = all(number.is_integer() for number in known)
        kind, storage = (
            ("", pl.Int64() if whole else pl.Float64()) if plain else ("text", pl.String())
        )
        columns.append(_OtherColumn(_entry(column.name, kind, storage=storage)))
    return columns


@dataclass(frozen=True, slots=True)
class _Format:
    write: Writer
    names: Rules | None = None


_FORMATS: Mapping[str, _Format] = {
    ".sav": _Format(write_sav, SPSS),
    ".zsav": _Format(write_zsav, SPSS),
    ".dta": _Format(write_dta, STATA),
    ".parquet": _Format(write_parquet),
    ".xlsx": _Format(write_xlsx),
}


def write_like(data: Path, table: ProtectedTable, folder: Path, work: Path) -> OtherFile | None:
    """Write the table into ``folder`` in the format of ``data``; None for a CSV.

    ``work`` is a folder for what is written on the way.
    """
    suffix = data.suffix.lower()
    if (made := _FORMATS.get(suffix)) is None:
        return None
    if suffix == ".parquet":
        columns = _as_stored(table, data)
    elif suffix == ".xlsx":
        columns = _in_a_sheet(table)
    else:
        columns = [_PackageColumns(table, suffix).column(name) for name in table.cells.columns]
    coded = table.cells.with_columns(
        pl.col(column.entry["variable"]).replace_strict(column.cells, default=None)
        for column in columns
        if column.cells
    )
    source = work / "coded.csv"
    coded.write_csv(source, line_terminator=LINE_END)
    path = folder / f"data{suffix}"
    opened = open_source(source, [column.entry for column in columns])
    made.write(opened, path, title="", notes="")
    source.unlink()
    variables = [column.entry["variable"] for column in columns]
    names = names_in(variables, made.names) if made.names else {name: name for name in variables}
    return OtherFile(path, names, {c.entry["variable"]: c.codes for c in columns})
