"""Files of a release as bytes. Nothing here knows the time: same content, same file."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from exports.columns import Field
from exports.scores import DECIMALS

CODEBOOK_COLUMNS = (
    "variable", "label", "question", "part", "kind", "type", "page", "routing", "required", "codes",
    "range", "missing", "may_be_empty", "decimals", "construct", "scales", "rule", "items",
    "reversed", "role", "group", "level", "treatment", "n_valid", "n_missing", "hint", "note",
)  # fmt: skip


def data_name(study_name: str) -> str:
    """File name after Psych-DS: keyword-value, letters and digits only, ending in _data.csv."""
    letters = "".join(c for c in study_name if c.isascii() and c.isalnum())
    return f"study-{letters}_data.csv"


def _as_text(field: Field) -> pl.Expr:
    """A decimal column in its final digits; its missing codes stay whole numbers."""
    column = pl.col(field.name)
    whole = column.cast(pl.Int64).cast(pl.String)
    digits = column.map_elements(lambda x: f"{x:.{DECIMALS}f}", return_dtype=pl.String)
    return pl.when(column < 0).then(whole).otherwise(digits).alias(field.name)


def data_csv(table: pl.DataFrame, fields: Sequence[Field]) -> bytes:
    """The table in the order of its own content, ``row`` first; RFC 4180: UTF-8, CRLF, header.

    Sorting by content makes the order of arrival irrelevant. Lines alike in everything are
    interchangeable, so no tie is left to chance.
    """
    names = [f.name for f in fields]
    ordered = (
        table.select(names)
        .sort(names)
        .with_columns(_as_text(f) for f in fields if f.type == "decimal")
    )
    numbered = ordered.with_row_index("row", offset=1)
    return numbered.write_csv(line_terminator="\r\n", quote_style="necessary").encode()


def pretty_json(content: object) -> bytes:
    """JSON for people and programs: UTF-8, two spaces, keys as given."""
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def _cell(value: Any) -> str:
    """A codebook value in one line of text."""
    if isinstance(value, Mapping):
        return "; ".join(f"{key} = {label}" for key, label in value.items())
    if isinstance(value, (list, tuple)):
        return "; ".join(_cell(v) for v in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def codebook_csv(codebook: Sequence[Mapping[str, Any]]) -> bytes:
    """One line a column of the data file. Cells open with a word or a code, never a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(CODEBOOK_COLUMNS)
    for entry in codebook:
        writer.writerow([_text_guard(_cell(entry[name])) for name in CODEBOOK_COLUMNS])
    return out.getvalue().encode()


def _text_guard(cell: str) -> str:
    """Codes such as -99 open many cells here; a space before them keeps a spreadsheet calm."""
    return " " + cell if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def sha256(content: bytes) -> str:
    """Hex digest."""
    return hashlib.sha256(content).hexdigest()


def sums(files: Mapping[str, bytes], *, mark: str) -> bytes:
    """SHA256SUMS as ``sha256sum --check`` reads it; ``mark`` goes into a comment line on top."""
    lines = [f"# {mark}"] if mark else []
    lines += [f"{sha256(content)}  {name}" for name, content in sorted(files.items())]
    return ("\n".join(lines) + "\n").encode()
