"""Names of columns where a package would refuse ours: too long, reserved, or a wrong sign.

What a codebook entry says, in the terms that statistical packages share.

Labels, missing codes, storage and measurement level are read off the entry here and nowhere else,
so that the formats cannot differ from each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from math import ceil, floor
from typing import Any

from forms.study import MISSING_RANGE


@dataclass(frozen=True, slots=True)
class Rules:
    """What a package takes as a name.

    ``start`` and ``other`` are classes of characters in a regular expression, ``reserved`` matches
    the names it keeps for itself, ``longest`` counts bytes of UTF-8 or characters. ``folds`` says
    that Age and age are one name.
    """

    package: str
    start: str
    other: str
    reserved: str
    longest: int
    in_bytes: bool = False
    folds: bool = False

    def fits(self, name: str) -> bool:
        """Whether ``name`` can stay as it is."""
        legal = re.fullmatch(f"[{self.start}][{self.other}]*", name)
        kept = re.fullmatch(self.reserved, name, re.IGNORECASE if self.folds else 0)
        return bool(legal) and not kept and self.size(name) <= self.longest

    def size(self, name: str) -> int:
        """Length as the package counts it."""
        return len(name.encode()) if self.in_bytes else len(name)

    def key(self, name: str) -> str:
        """What may occur only once."""
        return name.casefold() if self.folds else name


# IBM SPSS Statistics, "Variable names": 64 bytes, a letter first, letters, digits and . _ $ # @.
SPSS = Rules(
    "SPSS", start=r"^\W\d_", other=r"\w.$#@",
    reserved=r"ALL|AND|BY|EQ|GE|GT|LE|LT|NE|NOT|OR|TO|WITH|.*\.", longest=64, in_bytes=True,
    folds=True,
)  # fmt: skip
# Stata User's Guide, 11.3 "Naming conventions": 32 characters, letters, digits and _.
STATA = Rules(
    "Stata", start=r"^\W\d", other=r"\w",
    reserved=r"_all|_b|byte|_coef|_cons|double|float|if|in|int|long|_n|_N|_pi|_pred|_rc|_skip"
    r"|str\d+|strL|using|with|alias",
    longest=32,
)  # fmt: skip


def _shortened(name: str, rules: Rules, tail: str) -> str:
    while rules.size(name + tail) > rules.longest:
        name = name[:-1]
    return name + tail


def _proposals(name: str, rules: Rules) -> Iterator[str]:
    """Names that stand for ``name``, the nearest first: signs replaced, cut, numbered."""
    legal = re.sub(f"[^{rules.other}]", "_", name).rstrip(".")
    if not rules.fits(_shortened(legal, rules, "")):
        legal = "v_" + legal
    yield _shortened(legal, rules, "")
    yield from (_shortened(legal, rules, f"_{number}") for number in count(2))


def names_in(variables: Iterable[str], rules: Rules) -> dict[str, str]:
    """Variable → its name in the package, the same wherever possible, each only once.

    Names that fit are given out first, so that an altered one never takes a good one's place.
    """
    variables = tuple(variables)
    names: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(variables, key=rules.fits, reverse=True):
        options = chain([name] * rules.fits(name), _proposals(name, rules))
        names[name] = next(n for n in options if rules.key(n) not in taken)
        taken.add(rules.key(names[name]))
    return {name: names[name] for name in variables}


def renamed(variables: Iterable[str], rules: Rules) -> dict[str, str]:
    """Only those variables that have another name in the package."""
    return {ours: name for ours, name in names_in(variables, rules).items() if ours != name}


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
