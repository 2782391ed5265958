"""The data file as text. Nothing here knows the time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from exports.columns import Field
from exports.scores import DECIMALS

CHUNK = 50_000  # rows turned into text at a time
LINE_END = "\r\n"
_STEPS = 10**DECIMALS


def data_name(study_name: str) -> str:
    """File name after Psych-DS: keyword-value, letters and digits only, ending in _data.csv."""
    letters = "".join(c for c in study_name if c.isascii() and c.isalnum())
    return f"study-{letters}_data.csv"


def _as_text(field: Field) -> pl.Expr:
    """A decimal column in its final digits; its missing codes stay whole numbers."""
    column = pl.col(field.name)
    steps = (column.cast(pl.Float64) * _STEPS).round().cast(pl.Int64)
    whole, rest = steps // _STEPS, (steps % _STEPS).cast(pl.String).str.zfill(DECIMALS)
    digits = pl.concat_str(whole.cast(pl.String), pl.lit("."), rest)
    missing = column.cast(pl.Int64).cast(pl.String)
    return pl.when(column < 0).then(missing).otherwise(digits).alias(field.name)


def content_order(table: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """Positions of the rows in the order of their content; equal rows are interchangeable."""
    return table.select(pl.arg_sort_by(list(names))).to_series()


def write_data(
    table: pl.DataFrame, fields: Sequence[Field], path: Path, *, order: pl.Series, after: int = 0
) -> None:
    """The rows in ``order``, numbered from ``after`` + 1 in a first column ``row``.

    RFC 4180: UTF-8, comma, CRLF, header.
    """
    names = [f.name for f in fields]
    texts = [_as_text(f) for f in fields if f.type == "decimal"]
    with path.open("wb") as file:
        for start in range(0, max(len(order), 1), CHUNK):
            part = table.select(names)[order.slice(start, CHUNK)].with_columns(texts)
            part.with_row_index("row", offset=after + start + 1).write_csv(
                file, include_header=start == 0, line_terminator=LINE_END, quote_style="necessary"
            )


def read_data(path: Path, fields: Sequence[Field], types: pl.Schema) -> pl.DataFrame:
    """A data file back as the columns of ``fields``, in the types of ``types``; ``row`` is left."""
    kept = {f.name: types[f.name] for f in fields}
    return pl.read_csv(path, columns=list(kept), schema_overrides=kept)


def join_data(parts: Sequence[Path], path: Path) -> None:
    """The parts one after the other, byte for byte, under the first one's header."""
    with path.open("wb") as file:
        for at, part in enumerate(parts):
            with part.open("rb") as source:
                header = source.readline()
                if at == 0:
                    file.write(header)
                while block := source.read(2**20):
                    file.write(block)
