"""Choice of the charts of a release from its codebook, and the published counts they show.

From microdata every count goes through the tables of tier A (exports/tables), the 10-5 rule with
its complementary suppression. From tier A itself the published counts are taken as they stand.

A *family* is one grid, or several whose rows make up the same scores. *Asked twice* are rows of two
grids, or two questions, that ask the same thing of two moments.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import polars as pl

from exports.errors import ExportRefused
from exports.tables.one_way import OneWay, Sums, count
from exports.tables.published import HIDDEN
from exports.tables.two_way import TwoWay, cross
from exports.tables.variables import ERROR, SMALLEST_BASE, Category, Variable, rounded, variable_of
from forms.study import NOT_SCORED, NOT_SHOWN

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

    # The sort is stable: of families that sum up as much, the one asked first comes first.
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
        # Numbered rows (a_1, b_1) are alike in their place only, not in what they ask.
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


EVERYBODY = "Asked of everybody"  # exports/codebook.py
BRANCH, ENDING = "branch", "completion"
LOW, MIDDLE, HIGH = 1, 2, 3
BANDS = ("low", "middle", "high")
SMALLEST_BAND = 60  # people: fewer, spread over a table, would mostly be hidden
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ReleaseCounts:
    """Published counts of a release; ``parts`` tables, each rounded, were added up to each."""

    rows: int
    one_way: Mapping[str, OneWay]
    two_way: Mapping[Pair, TwoWay] = field(default_factory=dict)
    parts: int = 1


def columns_of(book: Book) -> list[str]:
    """Return the columns that are counted one by one, in file order."""
    wanted = {row for family in families(book) for row in family.rows}
    wanted |= {name for found in twice(book) for pair in found.pairs for name in pair}
    wanted |= {BRANCH, ENDING} | {asked for asked, _ in routed(book)}
    return [name for name in book if name in wanted]


def routed(book: Book) -> list[tuple[str, str]]:
    """Return (column, who is asked it in words): one column for each condition."""
    first: dict[str, str] = {}
    for name, entry in book.items():
        coded = entry["part"] == "answer" and not entry["group"] and entry["codes"]
        if coded and str(NOT_SHOWN) in entry["missing"] and entry["routing"] != EVERYBODY:
            first.setdefault(entry["routing"], name)
    return [(name, words) for words, name in first.items()]


def bands_of(low: float, high: float) -> tuple[float, float]:
    """Return where a score's middle begins and ends: half a step around the middle of five."""
    middle, half = (low + high) / 2, (high - low) / 8
    return middle - half, middle + half


def banded(book: Book, name: str) -> Variable:
    """Return a score as a variable of three bands."""
    low, high = book[name]["range"]
    one, two = bands_of(low, high)
    bands = (
        Category("low", f"Low ({low:g} to under {one:g})", LOW, LOW),
        Category("middle", f"Middle ({one:g} to under {two:g})", MIDDLE, MIDDLE),
        Category("high", f"High ({two:g} to {high:g})", HIGH, HIGH),
    )
    none = Category(str(NOT_SCORED), "Not scored", NOT_SCORED, NOT_SCORED)
    return Variable(name, book[name]["label"], (none, *bands))


def fewer_bands(book: Book, table: OneWay) -> Variable:
    """Return the score's bands, a small one taken together with its neighbour: three, or two.

    Decided by published counts alone.
    """
    names = [c.code for c in table.variable.categories]
    low, middle, high = (table.counts[names.index(name)] or 0 for name in BANDS)
    none, *bands = banded(book, table.variable.name).categories
    if min(low, middle, high) < SMALLEST_BAND:
        start, end = book[table.variable.name]["range"]
        one, two = bands_of(start, end)
        if low <= high:
            lower = Category("lower", f"Low or middle ({start:g} to under {two:g})", LOW, MIDDLE)
            bands = [lower, bands[2]]
        else:
            higher = Category("higher", f"Middle or high ({one:g} to {end:g})", MIDDLE, HIGH)
            bands = [bands[0], higher]
    return Variable(table.variable.name, table.variable.label, (none, *bands))


def first_of(book: Book, pair: Pair) -> str:
    """Return the column to hold against the later one: of the same people, or it compares nothing.

    Where the two are asked of different people, it is a column that ``read_rows`` adds.
    """
    then, later = pair
    return then if book[then]["routing"] == book[later]["routing"] else f"{then} if {later}"


def _restricted_pairs(book: Book) -> list[Pair]:
    """Return what is asked twice, but not of the same people."""
    pairs = [pair for found in twice(book) for pair in found.pairs]
    return [pair for pair in pairs if first_of(book, pair) not in book]


def _first_variable(book: Book, pair: Pair) -> Variable:
    plain = variable_of(book[pair[0]])
    lacking = {c.code: c for c in variable_of(book[pair[1]]).categories if c.missing}
    lacking |= {c.code: c for c in plain.categories if c.missing}
    answers = [c for c in plain.categories if not c.missing]
    every = sorted((*lacking.values(), *answers), key=lambda c: c.low)
    return Variable(first_of(book, pair), plain.label, tuple(every))


def read_rows(content: bytes, book: Book) -> pl.DataFrame:
    """Return the columns that charts need from the CSV of a release, scores in bands.

    A pair that is not asked of the same people has one more column: the earlier answer of those
    who are asked the later one. Raises ExportRefused where the file and its codebook do not fit.
    """
    tested = hypothesis(book)
    scores = (tested.before, *tested.outcomes) if tested else ()
    types = {**dict.fromkeys(columns_of(book), pl.Int64), **dict.fromkeys(scores, pl.Float64)}
    try:
        frame = pl.read_csv(content, columns=[*types], schema_overrides=types)
    except pl.exceptions.PolarsError:
        raise ExportRefused(
            "The release's data file does not fit its codebook: nothing is drawn from it."
        ) from None
    added = []
    for name in scores:
        one, two = bands_of(*book[name]["range"])
        score = pl.col(name)
        band = pl.when(score < one).then(LOW).when(score < two).then(MIDDLE).otherwise(HIGH)
        band = pl.when(score == NOT_SCORED).then(NOT_SCORED).otherwise(band)
        added.append(band.cast(pl.Int64).alias(name))
    for then, later in _restricted_pairs(book):
        answer = pl.when(pl.col(later) != NOT_SHOWN).then(pl.col(then)).otherwise(NOT_SHOWN)
        added.append(answer.alias(first_of(book, (then, later))))
    return frame.with_columns(*added)


def from_rows(
    frame: pl.DataFrame, book: Book, sums: Mapping[str, Sums] | None = None
) -> ReleaseCounts:
    """Return the counts of microdata, taken by the 10-5 rule.

    They protect people from readers of the chart alone; a holder of the file can count in it
    anything. So a chart of a restricted file is as restricted as the file. ``sums`` maps a column
    to sets of its codes whose total other charts show (exports/tables/plan.py). Raises
    ExportRefused under 20 rows.
    """
    if len(frame) < SMALLEST_BASE:
        raise ExportRefused(f"Charts take {SMALLEST_BASE} rows or more; there are {len(frame)}.")
    single = [variable_of(book[name]) for name in columns_of(book)]
    single += [_first_variable(book, pair) for pair in _restricted_pairs(book)]
    counted = {v.name: count(frame, v, (sums or {}).get(v.name, ())) for v in single}
    two_way = _crossed(frame, book)
    if BRANCH in counted and ENDING in counted:
        two_way[BRANCH, ENDING] = cross(counted[BRANCH], counted[ENDING])
    one_way = {name: one.published for name, one in counted.items()}
    return ReleaseCounts(rounded(len(frame)), one_way, two_way)


def _crossed(frame: pl.DataFrame, book: Book) -> dict[Pair, TwoWay]:
    """Return the score asked before by each outcome, in bands that are large enough.

    Rows that lack a score stand in no field of a map.
    """
    tested = hypothesis(book)
    if not tested:
        return {}

    def bands(rows: pl.DataFrame, name: str) -> Variable:
        return fewer_bands(book, count(rows, banded(book, name)).published)

    scored = frame.filter(pl.col(tested.before) != NOT_SCORED)
    later = pl.any_horizontal(pl.col(name) != NOT_SCORED for name in tested.outcomes)
    across = bands(scored.filter(later), tested.before)
    found = {}
    for name in tested.outcomes:
        both = scored.filter(pl.col(name) != NOT_SCORED)
        if len(both) >= SMALLEST_BASE:
            upward = bands(both, name)
            found[tested.before, name] = cross(count(both, across), count(both, upward))
    return found


def _read_one(lines: Sequence[Mapping[str, str]], book: Book, rows: int) -> OneWay:
    name = lines[0]["table"]
    known = {c.code: c for c in variable_of(book[name]).categories}
    categories = []
    for line in lines:
        code = line["code"].removeprefix("'")
        number = int(code) if code.lstrip("-").isdigit() else 0
        categories.append(known.get(code, Category(code, line["category"], number, number)))
    counts = tuple(None if line["count"] == HIDDEN else int(line["count"]) for line in lines)
    return OneWay(Variable(name, lines[0]["label"], tuple(categories)), rows, counts)


def from_tables(content: bytes, book: Book) -> ReleaseCounts:
    """Return the published counts of single columns (``tables/one-way.csv`` of tier A).

    ``book`` says which columns belong together. Raises ExportRefused where every count is hidden.
    """
    lines = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    last = [line for line in lines if line["batch"] == lines[-1]["batch"]]
    if not (bases := [int(line["base"]) for line in last if line["base"]]):
        raise ExportRefused("Every count of this release is hidden: there is nothing to draw.")
    by_table: dict[str, list[dict[str, str]]] = {}
    for line in last:
        by_table.setdefault(line["table"], []).append(line)
    wanted = [name for name in columns_of(book) if name in by_table]
    one_way = {name: _read_one(by_table[name], book, max(bases)) for name in wanted}
    # Each of the tables that were added up may be ERROR off.
    shown = [line for line in last if line["count"] != HIDDEN]
    widest = max((int(ln["highest"]) - int(ln["count"]) for ln in shown), default=ERROR)
    return ReleaseCounts(max(bases), one_way, {}, widest // ERROR)
