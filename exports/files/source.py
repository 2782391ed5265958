"""The written CSV, read in blocks against its codebook: memory does not grow with its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from exports.errors import ExportRefused
from exports.files.names import Codebook, Entry, bounds_of, is_text

CSV_BYTES_AT_ONCE = 1 << 24  # bytes of the CSV read at once
WHOLE: Mapping[int, type[pl.DataType]] = {8: pl.Int8, 16: pl.Int16, 32: pl.Int32}  # by bits


@dataclass(frozen=True, slots=True)
class TableSource:
    """A CSV that fits its codebook. ``widest``: bytes of each text column's longest cell.

    ``occurring``: which of its missing codes a text column holds.
    """

    csv: Path
    codebook: Codebook
    rows: int
    widest: Mapping[str, int]
    occurring: Mapping[str, tuple[str, ...]]

    @property
    def variables(self) -> tuple[str, ...]:
        """The columns' names, in file order."""
        return tuple(entry["variable"] for entry in self.codebook)

    def blocks(self) -> Iterator[pl.DataFrame]:
        """The rows in their order, some thousands at a time."""
        return _frames(self.csv, self.codebook)


def storage_of(entry: Entry) -> type[pl.DataType]:
    """Smallest storage for every value that the codebook allows in the column.

    It follows from the codebook alone, so that batches with the same codebook have the same types.
    """
    if is_text(entry):
        return pl.String
    if entry["type"] == "decimal":
        return pl.Float64
    bounds = bounds_of(entry)
    if bounds is None:
        return pl.Int32
    bits = max(_bits(bound) for bound in bounds)
    return next((kind for has, kind in WHOLE.items() if bits <= has), pl.Int64)


def _bits(bound: int) -> int:
    """Bits that a signed whole number takes, its sign included."""
    return (bound if bound >= 0 else ~bound).bit_length() + 1


def _last_end(block: bytes) -> int:
    """Where the last whole record of ``block`` ends; 0 if none does.

    A line feed ends a record where the quotes before it are even in number (RFC 4180).
    """
    end = block.rfind(b"\n")
    while end >= 0 and block.count(b'"', 0, end) % 2:
        end = block.rfind(b"\n", 0, end)
    return end + 1


def _pieces(csv: Path) -> Iterator[bytes]:
    """The records of ``csv`` without its header, in pieces that end where a record ends."""
    with csv.open("rb") as file:
        file.readline()
        rest = b""
        while read := file.read(CSV_BYTES_AT_ONCE):
            piece = rest + read
            end = _last_end(piece)
            rest = piece[end:]
            if end:
                yield piece[:end]
        if rest:
            yield rest


def _misfit(csv: Path, where: str) -> ExportRefused:
    """One line that names the column and never the value."""
    at = f"The column {where} of {csv.name}" if where else csv.name
    return ExportRefused(
        f"{at} holds what its codebook does not allow; mend the codebook or the table."
    )


def _frames(csv: Path, codebook: Codebook) -> Iterator[pl.DataFrame]:
    kinds = {entry["variable"]: storage_of(entry) for entry in codebook}
    for piece in _pieces(csv):
        try:
            frame = pl.read_csv(piece, schema=kinds, has_header=False)
        except pl.exceptions.ComputeError as error:
            at = re.search(r"at column '(.*?)'", str(error))
            raise _misfit(csv, at[1] if at else "") from None
        yield frame.with_columns(pl.col(pl.String).fill_null(""))


def _check_header(csv: Path, codebook: Codebook) -> None:
    named = [entry["variable"] for entry in codebook]
    found = pl.read_csv(csv, n_rows=0, infer_schema=False, glob=False).columns
    if found != named:
        odd = sorted(set(found) ^ set(named)) or ["their order"]
        raise ExportRefused(f"{csv.name} and its codebook differ in: {', '.join(odd)}.")


def _one_row(frame: pl.DataFrame, of_each: pl.Expr) -> dict[str, Any]:
    """Variable → its figure; empty where the frame has no such columns."""
    return next(frame.select(of_each).iter_rows(named=True), {})


def _check_numbers(csv: Path, codebook: Codebook, frame: pl.DataFrame) -> None:
    numbers = pl.selectors.numeric()
    low, high = _one_row(frame, numbers.min()), _one_row(frame, numbers.max())
    odd = _one_row(frame, pl.selectors.float().is_nan().any())
    for entry in codebook:
        name, bounds = entry["variable"], bounds_of(entry)
        if odd.get(name) or (
            bounds
            and low.get(name) is not None
            and not bounds[0] <= low[name] <= high[name] <= bounds[1]
        ):
            raise _misfit(csv, name)


def _check_text(csv: Path, texts: pl.Series) -> None:
    """A zero byte ends a text in SPSS and Stata; a form field never lets one in."""
    if texts.str.contains("\0", literal=True).any():
        raise _misfit(csv, texts.name)


def _bytes(texts: pl.Series) -> int:
    return int(texts.str.len_bytes().to_numpy().max(initial=1))


def open_source(csv: Path, codebook: Codebook) -> TableSource:
    """``csv`` looked through once from beginning to end, before anything is written from it.

    Raises Refused where it does not hold what ``codebook`` says: other columns, no number where one
    is due, a number outside the codes and the range, a zero byte in a text.
    """
    _check_header(csv, codebook)
    texts = {entry["variable"]: entry["missing"] for entry in codebook if is_text(entry)}
    rows, widest = 0, dict.fromkeys(texts, 1)
    occurring: dict[str, set[str]] = {name: set() for name in texts}
    for frame in _frames(csv, codebook):
        rows += len(frame)
        _check_numbers(csv, codebook, frame)
        for name, missing in texts.items():
            _check_text(csv, frame[name])
            widest[name] = max(widest[name], _bytes(frame[name]))
            occurring[name] |= {code for code in missing if (frame[name] == code).any()}
    found = {name: tuple(c for c in texts[name] if c in occurring[name]) for name in texts}
    return TableSource(csv, codebook, rows, widest, found)
