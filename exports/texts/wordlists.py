"""Lists of names, places and ordinary words, and what they know about one word.

The lists lie in ``exports/texts/lists`` and were compiled for this project from general knowledge.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from string import ascii_lowercase

TYPO_FROM = 6  # letters from which one slip of the finger is forgiven: shorter words turn to others

_NO_ACCENTS = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "ł": "l", "đ": "d", "ı": "i"})
_ELSE = re.compile(r"[^a-z]")
_POSSESSIVE = re.compile(r"['’]s?$")
_ENDINGS = (
    ("ies", "y"), ("ied", "y"), ("iest", "y"), ("ier", "y"), ("ily", "y"), ("iness", "y"),
    ("s", ""), ("es", ""), ("ed", ""), ("d", ""), ("ing", ""), ("ing", "e"), ("ly", ""),
    ("er", ""), ("r", ""), ("est", ""), ("ness", ""), ("ful", ""), ("fully", ""), ("less", ""),
    ("y", ""), ("y", "e"), ("ish", ""), ("in", ""), ("able", ""), ("ment", ""), ("ally", ""),
)  # fmt: skip
_BEGINNINGS = ("un", "re", "dis", "over", "mis", "out", "non", "self", "pre")


@cache
def _listed(name: str) -> frozenset[str]:
    text = (files("exports.texts") / "lists" / f"{name}.txt").read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(word for line in lines for word in line.split())


@lru_cache(maxsize=50_000)
def fold(word: str) -> str:
    """``word`` in plain letters a to z: lower case, no accents, no apostrophes, no possessive."""
    bare = _POSSESSIVE.sub("", word.lower()).translate(_NO_ACCENTS)
    return _ELSE.sub("", unicodedata.normalize("NFKD", bare))


def is_name(word: str) -> bool:
    """Return whether a person may be called so. Takes a folded word, as all functions below."""
    return word in _listed("names")


def is_place(word: str) -> bool:
    """Return whether a place is called so."""
    return word in _listed("places")


def usual_capital(word: str) -> bool:
    """Return whether its capital letter says nothing: God, Mum, English."""
    return word in _listed("capitals")


def _stems(word: str) -> Iterator[str]:
    """``word`` without one ending, as its base form may be spelled."""
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            stem = word[: -len(ending)] + instead
            yield stem
            if len(stem) > 3 and stem[-1] == stem[-2]:  # sobbing, sob
                yield stem[:-1]


def is_plain(word: str) -> bool:
    """Return whether it is itself in the list of ordinary words, so that a name may be none."""
    return word in _listed("ordinary") or word in _listed("capitals")


def _derived(word: str) -> bool:
    return is_plain(word) or any(is_plain(stem) for stem in _stems(word))


@lru_cache(maxsize=50_000)
def is_ordinary(word: str) -> bool:
    """Return whether it is an English word of everyday use, in whatever form."""
    if _derived(word):
        return True
    if any(word.startswith(b) and _derived(word[len(b) :]) for b in _BEGINNINGS):
        return True
    halves = ((word[:at], word[at:]) for at in range(3, len(word) - 2))
    return any(is_plain(a) and _derived(b) for a, b in halves)


@lru_cache(maxsize=50_000)
def is_slip(word: str) -> bool:
    """Return whether it looks like an ordinary word mistyped: one letter off, or drawn out."""
    short = re.sub(r"(.)\1{2,}", r"\1", word)
    if short != word and (is_ordinary(short) or len(set(word)) < 3):
        return True
    return len(word) >= TYPO_FROM and any(map(is_plain, _one_off(word)))


def near_place(word: str) -> bool:
    """Return whether it looks like the name of a place mistyped."""
    return len(word) >= TYPO_FROM and any(map(is_place, _one_off(word)))


def _one_off(word: str) -> Iterator[str]:
    """Every word one letter away: taken out, swapped, put in place of another, or put in."""
    for at in range(len(word) + 1):
        head, tail = word[:at], word[at:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        for letter in ascii_lowercase:
            if tail:
                yield head + letter + tail[1:]
            yield head + letter + tail
