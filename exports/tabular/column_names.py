"""Columns as their names tell them, in six languages; the words lie in column_words.txt.

A name tells what a column probably is, never what it holds.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.resources import files

IDENTIFIER, NUMBERED, FREE_TEXT, SENSITIVE = "identifier", "numbered", "free text", "sensitive"
AMOUNT, GROUP, CODE, PLACE, BIRTH = "amount", "group", "code", "place", "birth"

_BREAK = re.compile(r"[\W\d_]+|(?<=[^\W\d_A-Z])(?=[A-Z])")


@cache
def _words() -> dict[str, frozenset[str]]:
    """Kind → its words, the kind that decides first."""
    lists: dict[str, set[str]] = {}
    text = (files("exports.tabular") / "column_words.txt").read_text("utf-8")
    kind = ""
    for line in text.splitlines():
        if line.startswith("["):
            kind = line.strip("[]")
        elif not line.startswith("#"):
            lists.setdefault(kind, set()).update(line.split())
    return {kind: frozenset(words) for kind, words in lists.items() if kind}


def words_of(name: str) -> list[str]:
    """Return the words of a column's name in small letters without accents: dateOfBirth, sex_2."""
    return [plain for word in _BREAK.split(name) if (plain := _plain(word))]


def _plain(word: str) -> str:
    spread = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in spread if not unicodedata.combining(letter))


def kind_by_name(name: str) -> str:
    """Return what a column is by its name, "" where its name tells nothing."""
    words = words_of(name)
    known = {*words, "".join(words)}
    for kind, listed in _words().items():
        if known & listed:
            return kind
    for kind, listed in _words().items():
        stems = tuple(word[:-1] for word in listed if word.endswith("*"))
        if stems and any(word.startswith(stems) for word in known):
            return kind
    return ""


def tells_a_number(name: str) -> bool:
    """Return whether a name speaks of numbers that are given to people or things."""
    numbers = _words()[IDENTIFIER] | _words()[NUMBERED]
    return not numbers.isdisjoint(words_of(name))
