"""The table as a workbook for spreadsheets (.xlsx): one sheet, texts as texts, numbers as numbers.

Texts stand in their cells, so that a block of rows is written and forgotten. No time, no name and
no formula is in it. Source: ECMA-376, part 1, 18.3 "Worksheets" and 18.18.11 "ST_CellType".
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import polars as pl

from exports.errors import ExportRefused
from exports.files.source import TableSource, is_text
from exports.output_files import zip_entry

MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 1_048_576, 16_384, 32_767
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
PARTS: Mapping[str, str] = {
    "[Content_Types].xml": f"""<Types xmlns="{PACKAGE}/content-types">\
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>\
<Override PartName="/xl/workbook.xml" ContentType="{SHEET_TYPE}.sheet.main+xml"/>\
<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{SHEET_TYPE}.worksheet+xml"/>\
</Types>""",
    "_rels/.rels": f"""<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" \
Type="{RELATED}/officeDocument" Target="xl/workbook.xml"/></Relationships>""",
    "xl/workbook.xml": f"""<workbook xmlns="{MAIN}" xmlns:r="{RELATED}"><sheets>\
<sheet name="data" sheetId="1" r:id="r1"/></sheets></workbook>""",
    "xl/_rels/workbook.xml.rels": f"""<Relationships xmlns="{PACKAGE}/relationships">\
<Relationship Id="r1" Type="{RELATED}/worksheet" Target="worksheets/sheet1.xml"/>\
</Relationships>""",
}
# What XML 1.0 cannot hold, and what reads like our way to write it: _x0000_ (ECMA-376, 22.4.2.4).
_ESCAPED = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


RETURN = {"\r": "&#13;"}  # else a reader takes it for the end of a line


def _text(text: str) -> str:
    held = _ESCAPED.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(held, RETURN)}</t></is></c>'


def _cells(column: pl.Series, *, texts: bool) -> list[str]:
    """Return the cells of one column; an empty one stands there empty."""
    written: dict[object, str] = {None: "<c/>", "": "<c/>"}
    for value in column.unique().drop_nulls():
        written.setdefault(value, _text(value) if texts else f"<c><v>{value}</v></c>")
    return [written[value] for value in column]


def _rows(source: TableSource) -> Iterator[str]:
    yield f"{HEAD}<worksheet xmlns={quoteattr(MAIN)}><sheetData>"
    yield f"<row>{''.join(map(_text, source.variables))}</row>"
    for block in source.blocks():
        columns = [
            _cells(block[entry["variable"]], texts=is_text(entry)) for entry in source.codebook
        ]
        yield from (f"<row>{''.join(cells)}</row>" for cells in zip(*columns, strict=True))
    yield "</sheetData></worksheet>"


def write_xlsx(source: TableSource, path: Path, *, title: str = "", notes: str = "") -> None:
    """Write ``path``, byte for byte the same for the same rows and codebook.

    Raise ExportRefused where a workbook cannot hold the table. ``title`` and ``notes`` have no
    place in it.
    """
    del title, notes
    longest = max(source.widest.values(), default=0)
    if source.rows >= MOST_ROWS or len(source.variables) > MOST_COLUMNS or longest > LONGEST_CELL:
        raise ExportRefused(
            f"A workbook holds {MOST_ROWS - 1:,} rows, {MOST_COLUMNS:,} columns and"
            f" {LONGEST_CELL:,} letters in a cell: save the table as CSV and anonymise that."
        )
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in PARTS.items():
            archive.writestr(zip_entry(name), HEAD + content)
        with archive.open(zip_entry("xl/worksheets/sheet1.xml"), "w", force_zip64=True) as sheet:
            for line in _rows(source):
                sheet.write(line.encode())
