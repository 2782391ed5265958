"""Whether the bytes of a CSV make a table at all, before any parser is trusted with them.

RFC 4180: cells parted by commas, records by LF or CRLF, a cell in double quotes where it holds
either, a quote inside it doubled; here always UTF-8.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exports.verify.coded import Bools, Ints

Bytes = NDArray[np.uint8]

LF, CR, COMMA, QUOTE = b"\n"[0], b"\r"[0], b","[0], b'"'[0]
_BEFORE_OPENING = np.array([LF, COMMA, QUOTE], dtype=np.uint8)
_AFTER_CLOSING = np.array([LF, CR, COMMA, QUOTE], dtype=np.uint8)


class Broken(Exception):
    """The file is no table; the message says where, for a person."""


def outside_quotes(data: Bytes) -> Bools | None:
    """Whether each byte stands outside a quoted cell; None where there is no quote at all."""
    quotes = data == QUOTE
    return np.bitwise_xor.accumulate(quotes) == 0 if quotes.any() else None


def whole_records(block: bytes) -> int:
    """Bytes up to the end of the last whole record: 0 where none ends in ``block``."""
    cut = block.rfind(b"\n") + 1
    if b'"' not in block or block.count(b'"', 0, cut) % 2 == 0:
        return cut
    data = np.frombuffer(block, dtype=np.uint8)
    outside = outside_quotes(data)
    ends = np.flatnonzero((data == LF) & outside)
    return int(ends[-1]) + 1 if len(ends) else 0


def _line(block: bytes, at: int, first: int) -> str:
    return "line " + str(first + block.count(b"\n", 0, at))


def _check_text(block: bytes, first: int) -> None:
    try:
        block.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Broken(f"{_line(block, error.start, first)} is not UTF-8 text") from None
    if (at := block.find(b"\0")) >= 0:
        raise Broken(f"{_line(block, at, first)} holds a null byte")


def _check_quotes(block: bytes, data: Bytes, first: int) -> None:
    """A quote opens a cell at its beginning and closes it at its end, nowhere else."""
    at = np.flatnonzero(data == QUOTE)
    if len(at) % 2:
        raise Broken(f"{_line(block, int(at[-1]), first)} opens a quote that nothing closes")
    padded = np.concatenate(([LF], data, [LF])).astype(np.uint8)
    opening, closing = at[::2], at[1::2]
    wrong = np.concatenate((
        opening[~np.isin(padded[opening], _BEFORE_OPENING)],
        closing[~np.isin(padded[closing + 2], _AFTER_CLOSING)],
    ))  # fmt: skip
    if len(wrong):
        where = _line(block, int(wrong.min()), first)
        raise Broken(f"{where} has a quote inside a cell that is not quoted as a whole")


def _check_returns(block: bytes, data: Bytes, outside: Bools | None, first: int) -> None:
    """A carriage return outside quotes belongs to the end of a line."""
    if block.count(b"\r") == block.count(b"\r\n"):
        return
    lone = (data == CR) & (np.append(data[1:], LF) != LF)
    if outside is not None:
        lone &= outside
    if lone.any():
        where = _line(block, int(np.flatnonzero(lone)[0]), first)
        raise Broken(f"{where} holds a carriage return in the middle")


def _positions(data: Bytes, byte: int, outside: Bools | None) -> Ints:
    found = data == byte
    return np.flatnonzero(found if outside is None else found & outside)


def check_records(block: bytes, columns: int, *, first: int) -> int:
    """Records in ``block``, which ends with its last record and begins at line ``first``.

    Raises Broken unless it is UTF-8, its quotes are in order and every record has ``columns``
    cells.
    """
    _check_text(block, first)
    data = np.frombuffer(block, dtype=np.uint8)
    if b'"' in block:
        _check_quotes(block, data, first)
    outside = outside_quotes(data)
    _check_returns(block, data, outside, first)
    ends = _positions(data, LF, outside)
    if not block.endswith(b"\n"):
        ends = np.append(ends, len(data))
    commas = np.searchsorted(_positions(data, COMMA, outside), ends)
    cells: NDArray[Any] = np.diff(commas, prepend=0) + 1
    if (cells != columns).any():
        bad = int(np.flatnonzero(cells != columns)[0])
        start = int(ends[bad - 1]) + 1 if bad else 0
        raise Broken(_wrong_width(block, start, int(ends[bad]), cells[bad], columns, first))
    return len(ends)


def _wrong_width(block: bytes, start: int, end: int, found: int, wanted: int, first: int) -> str:
    where = _line(block, start, first)
    if not block[start:end].strip(b"\r"):
        return f"{where} is empty"
    cells = "1 cell" if found == 1 else f"{found} cells"
    return f"{where} has {cells} where the header has {wanted}"
