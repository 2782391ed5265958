"""Tables as CSV (RFC 4180) of which no spreadsheet takes a cell for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

# A spreadsheet runs a text cell that opens with one of these (OWASP, "CSV injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def guarded(text: str, mark: str = "'") -> str:
    """Return ``text`` with ``mark`` before what would open a formula."""
    return mark + text if text.startswith(FORMULA_STARTS) else text


def csv_text(lines: Iterable[Iterable[object]], mark: str = "'") -> str:
    """Return the lines as CSV with CRLF, every cell of text guarded."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(
        [guarded(cell, mark) if isinstance(cell, str) else cell for cell in line] for line in lines
    )
    return out.getvalue()
