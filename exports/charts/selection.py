"""Selection of what to draw of a release, from its codebook alone: no subject is known here.

A *family* is one grid, or several whose rows make up the same scores. *Asked twice* are rows of two
grids, or two questions, that ask the same thing of two moments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

Entry = Mapping[str, Any]
Book = Mapping[str, Entry]

FEWEST_SHARED = 2  # rows that two grids must have in common to ask the same thing twice
MOST_OPTIONS = 7  # more answers than this have no middle that a reader sees
_PART_OF = re.compile(r"\s*\(\d+ of \d+\)$")


@dataclass(frozen=True, slots=True)
class Family:
    """Rows (columns of the release) that are answered with the same options."""

    title: str
    question: str
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A score asked first, and scores asked later that it may go together with."""

    before: str
    outcomes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Twice:
    """Columns asked twice: (earlier, later) pairs, and the wording of each moment."""

    title: str
    first: str
    second: str
    pairs: tuple[tuple[str, str], ...]


def book_of(entries: Sequence[Entry]) -> Book:
    """Return column → its codebook entry, in file order."""
    return {entry["variable"]: entry for entry in entries}


def texts_of(entry: Entry) -> str:
    """Return the question's wording; where branches read different ones, all of them."""
    return " / ".join(dict.fromkeys(entry["question"].values()))


def _title(entry: Entry) -> str:
    return _PART_OF.sub("", entry["page"])


def _grids(book: Book) -> dict[tuple[str, str], list[str]]:
    """Return (page, question) → rows, in the order asked."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, entry in book.items():
        if entry["kind"] == "grid" and 1 < len(entry["codes"]) <= MOST_OPTIONS:
            found.setdefault((entry["page"], str(entry["question"])), []).append(name)
    return found


def _same_options(book: Book, one: str, other: str) -> bool:
    return list(book[one]["codes"].items()) == list(book[other]["codes"].items())


def _are_one_family(book: Book, one: Sequence[str], other: Sequence[str]) -> bool:
    mine, theirs = (
        {scale["score"] for row in rows for scale in book[row]["scales"]} for rows in (one, other)
    )
    return _same_options(book, one[0], other[0]) and bool(mine & theirs)


def families(book: Book) -> list[Family]:
    """Return the grids, those that make up the same scores as one, in the order asked."""
    merged: list[list[str]] = []
    for rows in _grids(book).values():
        family = next((one for one in merged if _are_one_family(book, one, rows)), None)
        if family is None:
            merged.append(list(rows))
        else:
            family.extend(rows)
    return [Family(_title(book[r[0]]), texts_of(book[r[0]]), tuple(r)) for r in merged]


def groups(book: Book, rows: Sequence[str]) -> dict[str, list[str]]:
    """Return rows by the label of the first score they count towards, or else their construct."""
    found: dict[str, list[str]] = {}
    for row in rows:
        scores = [scale["score"] for scale in book[row]["scales"] if scale["score"] in book]
        label = book[scores[0]]["label"] if scores else book[row]["construct"]
        found.setdefault(label, []).append(row)
    return found


def is_reversed(book: Book, row: str) -> bool:
    """Return whether agreement counts against the score that ``groups`` puts the row under."""
    scales = book[row]["scales"]
    return next((scale["reversed"] for scale in scales if scale["score"] in book), False)


def _means(book: Book) -> dict[str, frozenset[str]]:
    """Return score → the answers it is made of; differences are no means and left out."""
    found: dict[str, frozenset[str]] = {}
    for name, entry in book.items():
        if entry["part"] == "score" and not entry["may_be_empty"]:
            parts = [found.get(item, frozenset([item])) for item in entry["items"]]
            found[name] = frozenset[str]().union(*parts)
    return found


def hypothesis(book: Book) -> Hypothesis | None:
    """Return the broadest score asked before the scores that the study sums up; None without such.

    The outcomes are the scores of the family that the most scores sum up (composites first, being
    what a study sums up), the one before them is made of the most answers, all asked earlier.
    """
    means, place = _means(book), {name: at for at, name in enumerate(book)}
    composites = [n for n in means if any(item in means for item in book[n]["items"])]

    def rank(rows: tuple[str, ...]) -> tuple[int, int]:
        inside = [name for name, items in means.items() if items <= set(rows)]
        return len([name for name in inside if name in composites]), len(inside)

    for family in sorted(families(book), key=lambda f: rank(f.rows), reverse=True):
        outcomes = [name for name, items in means.items() if items <= set(family.rows)]
        start = min(place[row] for row in family.rows)
        earlier = [
            name
            for name, items in means.items()
            if all(item in place and place[item] < start for item in items)
        ]
        if outcomes and earlier:
            outcomes.sort(key=lambda name: name not in composites)
            broadest = max(earlier, key=lambda name: len(means[name]))
            return Hypothesis(broadest, tuple(outcomes))
    return None


def _stems(rows: Sequence[str]) -> dict[str, str]:
    """Return row by its name after the common opening (``a_`` of ``a_near``, ``a_far``)."""
    opening = rows[0].split("_")[0] + "_"
    if len(rows) < FEWEST_SHARED or not all(row.startswith(opening) for row in rows):
        return {}
    return {row.removeprefix(opening): row for row in rows}


def _twice_in_grids(book: Book) -> Iterator[Twice]:
    for one, other in combinations(_grids(book).values(), 2):
        first, second = _stems(one), _stems(other)
        shared = [stem for stem in first if stem in second and not stem[-1:].isdigit()]
        if len(shared) >= FEWEST_SHARED:
            pairs = tuple((first[stem], second[stem]) for stem in shared)
            then, later = _title(book[one[0]]), _title(book[other[0]])
            yield Twice(f"Then and later: {then}", then, later, pairs)


def _twice_in_questions(book: Book) -> Iterator[Twice]:
    singles = [name for name, entry in book.items() if entry["kind"] == "single"]
    for one, other in combinations(singles, 2):
        same = _same_options(book, one, other) and len(book[one]["codes"]) > 1
        if same and other.startswith(f"{one}_"):
            first, second = book[one], book[other]
            yield Twice(_title(first), texts_of(first), texts_of(second), ((one, other),))


def _twice_in_differences(book: Book) -> Iterator[Twice]:
    for entry in book.values():
        if entry["part"] == "score" and entry["may_be_empty"]:
            after, before = entry["items"]
            if before in book and after in book:
                one, other = texts_of(book[before]), texts_of(book[after])
                yield Twice(entry["label"], one, other, ((before, after),))


def twice(book: Book) -> list[Twice]:
    """Return all that is asked of two moments: rows of grids, numbers, then single choices."""
    finders = (_twice_in_grids, _twice_in_differences, _twice_in_questions)
    return [found for find in finders for found in find(book)]
