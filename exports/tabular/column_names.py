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
KINDS = (SENSITIVE, BIRTH, AMOUNT, CODE, PLACE, GROUP, FREE_TEXT, IDENTIFIER, NUMBERED)
PERSON, HOUSEHOLD, SHARED = "person", "household", "shared"

_BREAK = re.compile(r"[\W\d_]+|(?<=[^\W\d_A-Z])(?=[A-Z])")


@cache
def _words() -> dict[str, frozenset[str]]:
    """Kind → its words."""
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
    for kind in KINDS:
        if known & _words()[kind]:
            return kind
    for kind in KINDS:
        stems = tuple(word[:-1] for word in _words()[kind] if word.endswith("*"))
        if stems and any(word.startswith(stems) for word in known):
            return kind
    return ""


def tells_a_number(name: str) -> bool:
    """Return whether a name speaks of numbers that are given to people or things."""
    numbers = _words()[IDENTIFIER] | _words()[NUMBERED] | _words()[PERSON]
    return not numbers.isdisjoint(words_of(name))


def names_a_person(name: str) -> bool:
    """Return whether a name says that each value is a person, and nothing about them."""
    words = {*words_of(name)}
    people = _words()[PERSON]
    return bool(words & people) and words <= people | _words()[NUMBERED]


def tells_people_apart(name: str) -> bool:
    """Return whether a name speaks of a number or key that everybody has of their own."""
    words = {*words_of(name)}
    keys = {word for word in words & _words()[IDENTIFIER] if word.endswith("id")}
    return not may_be_shared(name) and (names_a_person(name) or bool(keys))


def tells_households_apart(name: str) -> bool:
    """Return whether a name speaks of the number or key of a household."""
    words = words_of(name)
    last = words[-1] if words else ""
    given_out = last in _words()[NUMBERED] or (last in _words()[IDENTIFIER] and last.endswith("id"))
    return given_out and not _words()[HOUSEHOLD].isdisjoint(words[:-1])


def may_be_shared(name: str) -> bool:
    """Return whether what a name speaks of may be several people's: an address, an interviewer."""
    return not _words()[SHARED].isdisjoint(words_of(name))


def is_given_name(word: str) -> bool:
    """Return whether a word is one of the given names that the list of English texts lacks."""
    return _plain(word) in _words()["given name"]
