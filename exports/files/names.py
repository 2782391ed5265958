"""Names of columns where a package would refuse ours: too long, reserved, or a wrong sign."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, count


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
