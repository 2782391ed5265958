"""A table that was written in another format as well, held cell for cell against its CSV.

Each file is read by a library, its stored numbers compared with what the cells of the CSV say: a
number, a day or a time by the column's own display format, or a code that was promised for it.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import polars as pl

from exports.verify.reading import CodedColumn, Table

Codes = Mapping[str, Mapping[str, float | str]]  # column → cell → its code in the file
Stored = Sequence[Any]  # the values of a column: numbers, texts, None where there is nothing
_DAYS = ("DATE", "ADATE", "EDATE", "JDATE", "SDATE", "DATETIME", "YMDHMS")
_TIMES = ("TIME", "DTIME", "MTIME")
_YEAR_PARTS = {"h": 2, "q": 4, "m": 12, "w": 52}


def differing(path: Path, table: Table, names: Mapping[str, str], codes: Codes) -> tuple[str, ...]:
    """Return the columns whose cells in the file are not those of the CSV, in its row order.

    ``names`` maps a column of the CSV to its name in the file.
    """
    stored, shown = _READERS[path.suffix](path)
    wrong = set(stored) ^ {names[name] for name in table}
    for name, column in table.items():
        found = stored.get(names[name])
        if found is None or not _alike(column, found, codes.get(name, {}), shown.get(names[name])):
            wrong.add(name)
    return tuple(sorted(wrong))


def _alike(
    column: CodedColumn,
    stored: Stored,
    codes: Mapping[str, float | str],
    number: Callable[[str], float] | None,
) -> bool:
    """Return whether each row holds what its cell stands for; ``number`` is None for texts."""
    if len(stored) != len(column.codes):
        return False
    expected: list[Any] = [_value(cell, codes, number) for cell in column.cells]
    return all(
        _same(expected[code], value)
        for code, value in zip(column.codes.tolist(), stored, strict=True)
    )


def _value(
    cell: str, codes: Mapping[str, float | str], number: Callable[[str], float] | None
) -> float | str | None:
    if cell in codes:
        return codes[cell]
    if not cell or number is None:
        return cell or None
    try:
        return float(cell)
    except ValueError:
        return number(cell)


def _same(expected: float | str | None, stored: Any) -> bool:
    if isinstance(expected, float | int) and isinstance(stored, float | int):
        near = abs(expected - stored) <= 1e-9 * max(1.0, abs(expected))
        return bool(expected == stored or near)
    if isinstance(stored, float) and np.isnan(stored):
        stored = None
    # A package fills texts up with spaces, so that those at the end are lost.
    return (expected or "") == (stored or "") or str(expected).rstrip(" ") == stored


def _moment(zero: str, ticks: float) -> Callable[[str], float]:
    """Return how a day or moment is counted from ``zero``, so many ticks to a second."""
    start = np.datetime64(zero, "us")

    def counted(cell: str) -> float:
        passed = np.datetime64(cell.replace(" ", "T"), "us") - start
        return float(passed / np.timedelta64(1, "s")) * ticks

    return counted


def _duration(cell: str) -> float:
    """Return seconds of [days] hours:minutes:seconds."""
    days, _, clock = cell.lstrip("-").rpartition(" ")
    seconds = 0.0
    for part in clock.split(":"):
        seconds = seconds * 60 + float(part)
    return (seconds + 86_400 * int(days or 0)) * (-1 if cell.startswith("-") else 1)


def _spss_number(display: str) -> Callable[[str], float]:
    kind = re.sub(r"[\d.]+$", "", display)
    if kind in _DAYS:
        return _moment("1582-10-14", 1)
    return _duration if kind in _TIMES else float


def _stata_number(display: str) -> Callable[[str], float]:
    found = re.match(r"%-?t?([a-z])", display)
    unit = found[1] if found else ""
    if unit in _YEAR_PARTS and "t" in display:
        each = _YEAR_PARTS[unit]

        def part(cell: str) -> float:
            year, at = cell.split(unit)
            return (int(year) - 1960) * each + int(at) - 1

        return part
    return _moment("1960-01-01", 1 / 86_400 if unit == "d" else 1000)


Read = tuple[Mapping[str, Stored], Mapping[str, Callable[[str], float]]]


def _statistical(path: Path) -> Read:
    """Return stored values, and for columns of numbers how other cells are counted."""
    import pyreadstat

    stata = path.suffix == ".dta"
    read: Any = pyreadstat.read_dta if stata else pyreadstat.read_sav
    number = _stata_number if stata else _spss_number
    columns, about = read(
        str(path), user_missing=True, disable_datetime_conversion=True, output_format="dict"
    )
    shown = {
        name: number(display)
        for name, display in about.original_variable_types.items()
        if about.readstat_variable_types[name] != "string"
    }
    return columns, shown


def _parquet(path: Path) -> Read:
    table = pl.read_parquet(path)
    numbers = {c.name: float for c in table if c.dtype.is_numeric()}
    # By way of its digits, as 0.1 in four bytes is 0.10000000149011612 in eight.
    texts = {c.name: c.cast(pl.String) for c in table}
    stored = {n: c.cast(pl.Float64) if n in numbers else c for n, c in texts.items()}
    return {name: column.to_list() for name, column in stored.items()}, numbers


_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_CHARACTER = re.compile("_x([0-9A-Fa-f]{4})_")


def _workbook(path: Path) -> Read:
    with zipfile.ZipFile(path) as archive, archive.open("xl/worksheets/sheet1.xml") as sheet:
        lines = [
            [_sheet_cell(cell) for cell in row]
            for _, row in ET.iterparse(sheet)  # noqa: S314 - written by us a moment ago
            if row.tag == f"{_SHEET}row"
        ]
    names, rows = lines[0], lines[1:]
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    numbers = {n: float for n, cells in columns.items() if all(_is_number(c) for c in cells)}
    return columns, numbers


def _is_number(value: Any) -> bool:
    return value is None or isinstance(value, float)


def _sheet_cell(cell: ET.Element) -> Any:
    if cell.get("t") == "inlineStr":
        text = "".join(cell.itertext())
        return _CHARACTER.sub(lambda found: chr(int(found[1], 16)), text)
    value = cell.findtext(f"{_SHEET}v")
    return None if value is None else float(value)


_READERS: Mapping[str, Callable[[Path], Read]] = {
    ".sav": _statistical,
    ".zsav": _statistical,
    ".dta": _statistical,
    ".parquet": _parquet,
    ".xlsx": _workbook,
}
