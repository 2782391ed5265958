"""Tables of Excel files (.xlsx): the values that Excel last computed, as it shows them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import dropwhile
from pathlib import Path, PurePosixPath
from typing import Any
from zipfile import BadZipFile, ZipFile

import polars as pl

from exports.errors import ExportRefused
from exports.tabular.date_formats import clock
from exports.tabular.delimited import HEADER_LINES, further_headers, headers_in_words
from exports.tabular.input_table import InputTable, ReadOptions, table_of

OLD_OFFICE = b"\xd0\xcf\x11\xe0"  # an old .xls, and every Office file with a password
CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*)(?<!/)>(.*?)</(?:\w+:)?c>", re.DOTALL)
VALUE = re.compile(rb"<(?:\w+:)?v>([^<]+)<")
FORMULA = re.compile(rb"<(?:\w+:)?f\b")
PLACE = re.compile(rb'\br="([A-Z]+[0-9]+)"')
EXAMPLES = 3
MOST_UNPACKED = 2**30  # bytes


def read_xlsx(path: Path, how: ReadOptions) -> InputTable:
    """Return the table of one sheet, whose first line names the columns.

    Raise ExportRefused for several sheets without a choice and for cells that hold no value.
    """
    import python_calamine

    try:
        with path.open("rb") as file:
            if file.read(4) == OLD_OFFICE:
                raise ExportRefused(
                    f"{path} is protected by a password, or an old .xls: save it as .xlsx without."
                )
        _refuse_too_large(path)
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        sheet = _chosen(path, book, how)
        _refuse_no_values(path, sheet.name)
    except (python_calamine.CalamineError, BadZipFile, KeyError) as fault:
        raise ExportRefused(f"{path} cannot be read as an Excel file: {fault}.") from None
    lines = list(dropwhile(lambda line: not any(cell != "" for cell in line), sheet.iter_rows()))
    columns = list(zip(*lines, strict=True))
    # What was formatted once and never filled has neither a name nor a value.
    filled = [column for column in columns if any(cell != "" for cell in column)]
    texts = [_texts(column) for column in filled]
    names = [column[0] or "" for column in texts]
    heads = list(zip(*(column[1 : 1 + HEADER_LINES] for column in texts), strict=True))
    headers = further_headers(heads)
    cells = [
        pl.Series(name, column[1 + headers :], dtype=pl.String)
        for name, column in zip(names, texts, strict=True)
    ]
    notes = (*headers_in_words(headers), *_merged(sheet))
    return InputTable(table_of(path, cells), notes=notes)


def _refuse_too_large(path: Path) -> None:
    """Refuse what would fill the memory: a few kilobytes can unpack to any size."""
    with ZipFile(path) as book:
        unpacked = sum(part.file_size for part in book.infolist())
    if unpacked > MOST_UNPACKED:
        raise ExportRefused(
            f"{path} unpacks to {unpacked // 2**20:,} MB, and more than {MOST_UNPACKED // 2**20:,} "
            "are not read. Save the sheet as CSV."
        )


def _chosen(path: Path, book: Any, how: ReadOptions) -> Any:
    """Return the sheet of a name, or the only one that is not empty."""
    kind = type(book.sheets_metadata[0].typ).WorkSheet
    names = [about.name for about in book.sheets_metadata if about.typ == kind]
    if how.sheet:
        if how.sheet not in names:
            raise ExportRefused(f"{path} has no sheet {how.sheet}. It has: {', '.join(names)}.")
        return book.get_sheet_by_name(how.sheet)
    filled = [s for s in map(book.get_sheet_by_name, names) if s.start is not None]
    if len(filled) > 1:
        several = ", ".join(sheet.name for sheet in filled)
        cure = how.cure("Say which: --sheet NAME.", "Save the one alone.")
        raise ExportRefused(f"{path} has several sheets: {several}. {cure}")
    if not filled:
        raise ExportRefused(f"{path} is empty: its first line must name the columns.")
    return filled[0]


def _texts(column: Sequence[Any]) -> list[str | None]:
    """Return the cells of a column as text; where one has a time of day, every date has."""
    timed = any(hasattr(cell, "date") for cell in column)
    return [_text(cell, timed=timed) for cell in column]


def _text(cell: Any, *, timed: bool) -> str | None:
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (int, float)):
        if float(cell).is_integer() and abs(cell) < 2**53:
            return str(int(cell))
        # Excel shows and compares 15 digits: 0.1 + 0.2 is 0.3 there.
        return str(float(f"{cell:.15g}"))
    if hasattr(cell, "total_seconds"):
        return clock(round(Decimal(repr(cell.total_seconds())), 5))
    text = cell.isoformat().replace("T", " ")
    if "." in text:
        text = text.rstrip("0")
    return f"{text} 00:00:00" if timed and len(text) == len("2024-03-01") else text


def _merged(sheet: Any) -> Iterator[str]:
    """Yield the remark on merged cells, all but the first of which are empty."""
    if found := sheet.merged_cell_ranges:
        places = ", ".join(f"{_place(*first)}:{_place(*last)}" for first, last in found[:EXAMPLES])
        more = ", …" * (len(found) > EXAMPLES)
        are = "Merged cells hold" if len(found) > 1 else "A group of merged cells holds"
        yield f"{are} a value in the first cell alone, the others are missing: {places}{more}."


def _place(row: int, column: int) -> str:
    letters, column = "", column + 1
    while column:
        column, at = divmod(column - 1, 26)
        letters = chr(ord("A") + at) + letters
    return f"{letters}{row + 1}"


def _refuse_no_values(path: Path, sheet: str) -> None:
    """Raise ExportRefused for errors, and for formulas that were never computed.

    The reader shows both as empty cells.
    """
    content = _part(path, sheet)
    errors, never = [], []
    for attributes, inner in CELL.findall(content):
        place = PLACE.search(attributes)
        where = place[1].decode() if place else "?"
        kind, value = _attribute(attributes, "t"), VALUE.search(inner)
        if kind == "e":
            errors.append((where, value[1].decode() if value else "an error"))
        elif kind != "str" and not value and FORMULA.search(inner):
            never.append(where)
    if errors:
        where, error = errors[0]
        raise ExportRefused(
            f"{path}, cell {where} of {sheet}: {error} ({len(errors)} such in all) is no value."
            " Mend its formula, or empty the cell."
        )
    if never:
        raise ExportRefused(
            f"{path}, cell {never[0]} of {sheet}: a formula without a value ({len(never)} in all)."
            " Open the file in Excel and save it, so that it is computed."
        )


def _part(path: Path, sheet: str) -> bytes:
    """Return the XML of a sheet."""
    with ZipFile(path) as book:
        listed = re.findall(rb"<(?:\w+:)?sheet\b([^>]*)>", book.read("xl/workbook.xml"))
        relations = re.findall(rb"<Relationship\b([^>]*)>", book.read(RELATIONS))
        marks = {_attribute(one, "name"): _attribute(one, "id") for one in listed}
        targets = {_attribute(one, "Id"): _attribute(one, "Target") for one in relations}
        target = PurePosixPath("/xl") / targets[marks[sheet]]
        return book.read(str(target)[1:])


RELATIONS = "xl/_rels/workbook.xml.rels"


def _attribute(attributes: bytes, name: str) -> str:
    found = re.search(rf'(?:^|[\s:]){name}="([^"]*)"'.encode(), attributes)
    return html.unescape(found[1].decode()) if found else ""
