"""What a codebook entry says, in the terms that statistical packages share.

Labels, missing codes, storage and measurement level are read off the entry here and nowhere else,
so that the formats cannot differ from each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil, floor
from typing import Any

from forms.study import MISSING_RANGE

Entry = Mapping[str, Any]
Codebook = Sequence[Entry]

SCALE, ORDINAL, NOMINAL = "scale", "ordinal", "nominal"
NUMERIC_KINDS = ("vas", "number", "score")


def is_text(entry: Entry) -> bool:
    """Whether the column holds text, its missing codes included."""
    return bool(entry["type"] == "text")


def labels_of(entry: Entry) -> dict[int, str]:
    """Every labelled code of a number column, missing codes included, in ascending order."""
    both = {**entry["codes"], **entry["missing"]}
    return {int(code): both[code] for code in sorted(both, key=int)}


def text_labels_of(entry: Entry) -> dict[str, str]:
    """Every labelled cell of a text column, missing codes included."""
    return {**entry["codes"], **entry["missing"]}


def has_missing_codes(entry: Entry) -> bool:
    """Whether -99 to -90 mean "missing" in this number column.

    Not in a difference: its own values are negative too, and what is missing is an empty cell.
    """
    if is_text(entry) or entry["may_be_empty"]:
        return False
    return any(code in MISSING_RANGE for code in labels_of(entry))


def level_of(entry: Entry) -> str:
    """Measurement level: the entry's own ``measure`` if it has one, else what its kind implies.

    Answers that a score averages are ordered; of other single choices nothing is known, and a
    package treats a wrong order worse than none.
    """
    if entry.get("measure"):
        return str(entry["measure"])
    if is_text(entry):
        return NOMINAL
    if entry["type"] == "decimal" or entry["kind"] in NUMERIC_KINDS:
        return SCALE
    if entry["kind"] == "grid" or entry["scales"] or entry["variable"] == "dur_band":
        return ORDINAL
    counted = entry["part"] == "quality" and not entry["codes"]
    return SCALE if counted else NOMINAL


def bounds_of(entry: Entry) -> tuple[int, int] | None:
    """Whole numbers between which every cell lies; None where the codebook has no values."""
    if is_text(entry) or not (entry["range"] or entry["codes"]):
        return None
    known = [*labels_of(entry), *(entry["range"] or ())]
    return floor(min(known)), ceil(max(known))


def cut_bytes(text: str, limit: int) -> str:
    """``text`` in at most ``limit`` bytes of UTF-8, never in the middle of a character."""
    return text.encode()[:limit].decode(errors="ignore")


def wrapped(text: str, limit: int) -> Iterator[str]:
    """``text`` in lines of at most ``limit`` bytes, broken at a space where there is one."""
    for line in text.splitlines():
        while line:
            head = cut_bytes(line, limit)
            if head != line and (gap := head.rfind(" ")) > 0:
                head = head[:gap]
            yield head
            line = line[len(head) :].lstrip()
