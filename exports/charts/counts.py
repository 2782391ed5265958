"""The figures that charts are drawn from: published counts only, so that nothing can leak later.

From microdata every count goes through the tables of tier A (exports/tables), the 10-5 rule with
its complementary suppression. From tier A itself the published counts are taken as they stand.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from exports.charts.selection import Book, families, hypothesis, twice
from exports.errors import ExportRefused
from exports.tables.one_way import Counted, OneWay, Sums, count
from exports.tables.published import HIDDEN
from exports.tables.two_way import TwoWay, cross
from exports.tables.variables import ERROR, SMALLEST_BASE, Category, Variable, rounded, variable_of
from forms.study import NOT_SCORED, NOT_SHOWN

EVERYBODY = "Asked of everybody"  # exports/codebook.py
BRANCH, ENDING = "branch", "completion"
LOW, MIDDLE, HIGH = 1, 2, 3
BANDS = ("low", "middle", "high")
SMALLEST_BAND = 60  # people: fewer, spread over a table, would mostly be hidden
Pair = tuple[str, str]
_NO_SUMS: Mapping[str, Sums] = {}


@dataclass(frozen=True, slots=True)
class ReleaseCounts:
    """Published counts of a release. ``parts`` tables were added up to each, so many roundings."""

    rows: int
    one_way: Mapping[str, OneWay]
    two_way: Mapping[Pair, TwoWay] = field(default_factory=dict)
    parts: int = 1


# Which columns, and which pairs of them.


def columns_of(book: Book) -> list[str]:
    """Columns that are counted one by one, in file order."""
    wanted = {row for family in families(book) for row in family.rows}
    wanted |= {name for found in twice(book) for pair in found.pairs for name in pair}
    wanted |= {BRANCH, ENDING} | {asked for asked, _ in routed(book)}
    return [name for name in book if name in wanted]


def routed(book: Book) -> list[tuple[str, str]]:
    """(column, who is asked it in words): one column for each condition."""
    first: dict[str, str] = {}
    for name, entry in book.items():
        coded = entry["part"] == "answer" and not entry["group"] and entry["codes"]
        if coded and str(NOT_SHOWN) in entry["missing"] and entry["routing"] != EVERYBODY:
            first.setdefault(entry["routing"], name)
    return [(name, words) for words, name in first.items()]


def bands_of(low: float, high: float) -> tuple[float, float]:
    """Where a score's middle begins and ends: half a step around the middle of five."""
    middle, half = (low + high) / 2, (high - low) / 8
    return middle - half, middle + half


def banded(book: Book, name: str) -> Variable:
    """A score as a variable of three bands."""
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
    """The score's bands, a small one taken together with its neighbour: three, or two.

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


def _band(book: Book, name: str) -> pl.Expr:
    one, two = bands_of(*book[name]["range"])
    score = pl.col(name)
    band = pl.when(score < one).then(LOW).when(score < two).then(MIDDLE).otherwise(HIGH)
    return pl.when(score == NOT_SCORED).then(NOT_SCORED).otherwise(band).cast(pl.Int64).alias(name)


# From rows.


@dataclass(frozen=True, slots=True)
class _Counting:
    """What is counted: columns as they stand, and scores."""

    single: tuple[Variable, ...]
    scores: tuple[str, ...]


def _counting(book: Book) -> _Counting:
    wanted = hypothesis(book)
    plain = [variable_of(book[name]) for name in columns_of(book)]
    return _Counting(
        (*plain, *(_first_variable(book, pair) for pair in _unlike(book))),
        (wanted.before, *wanted.outcomes) if wanted else (),
    )


def read_rows(content: bytes, book: Book) -> pl.DataFrame:
    """The columns that charts need from the CSV of a release, scores in bands.

    Raises Refused where the file and its codebook do not fit.
    """
    what = _counting(book)
    scores = what.scores
    whole = [v.name for v in what.single if v.name in book]
    types = {**dict.fromkeys(whole, pl.Int64), **dict.fromkeys(scores, pl.Float64)}
    try:
        frame = pl.read_csv(content, columns=[*types], schema_overrides=types)
    except pl.exceptions.PolarsError:
        raise ExportRefused(
            "The release's data file does not fit its codebook: nothing is drawn from it."
        ) from None
    return frame.with_columns(
        *(_band(book, name) for name in scores),
        *(_among(pair) for pair in _unlike(book)),
    )


def _unlike(book: Book) -> list[Pair]:
    """What is asked twice, but not of the same people."""
    pairs = [pair for found in twice(book) for pair in found.pairs]
    return [pair for pair in pairs if first_of(book, pair) not in book]


def _among(pair: Pair) -> pl.Expr:
    """The earlier answer of those who are asked the later one."""
    then, later = pair
    asked = pl.col(later) != NOT_SHOWN
    return pl.when(asked).then(pl.col(then)).otherwise(NOT_SHOWN).alias(f"{then} if {later}")


def first_of(book: Book, pair: Pair) -> str:
    """The column to hold against the later one: of the same people, or it compares nothing."""
    then, later = pair
    return then if book[then]["routing"] == book[later]["routing"] else f"{then} if {later}"


def _first_variable(book: Book, pair: Pair) -> Variable:
    plain = variable_of(book[pair[0]])
    lacking = {c.code: c for c in variable_of(book[pair[1]]).categories if c.missing}
    lacking |= {c.code: c for c in plain.categories if c.missing}
    answers = [c for c in plain.categories if not c.missing]
    every = sorted((*lacking.values(), *answers), key=lambda c: c.low)
    return Variable(first_of(book, pair), plain.label, tuple(every))


def from_rows(
    frame: pl.DataFrame, book: Book, sums: Mapping[str, Sums] = _NO_SUMS
) -> ReleaseCounts:
    """Figures of microdata, counted by the 10-5 rule.

    They protect whoever sees the chart alone; who holds the file can count in it what they like.
    So a chart of a restricted file is as restricted as the file. ``sums`` maps a column to sets of
    its codes whose total other charts show (exports/tables/plan.py). Raises Refused under 20 rows.
    """
    if len(frame) < SMALLEST_BASE:
        raise ExportRefused(f"Charts take {SMALLEST_BASE} rows or more; there are {len(frame)}.")
    what = _counting(book)
    counted = {v.name: count(frame, v, sums.get(v.name, ())) for v in what.single}
    return ReleaseCounts(
        rounded(len(frame)),
        {name: one.published for name, one in counted.items()},
        {**_crossed(frame, book), **_ways(counted)},
    )


def _ways(counted: Mapping[str, Counted]) -> dict[Pair, TwoWay]:
    if BRANCH not in counted or ENDING not in counted:
        return {}
    return {(BRANCH, ENDING): cross(counted[BRANCH], counted[ENDING])}


def _scored(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Rows with all of these scores: who lacks one stands in no field of a map."""
    return frame.filter(pl.col(name) != NOT_SCORED for name in names)


def _bands(frame: pl.DataFrame, book: Book, name: str) -> Variable:
    """The bands of a score that are large enough among those who have it."""
    return fewer_bands(book, count(frame, banded(book, name)).published)


def _crossed(frame: pl.DataFrame, book: Book) -> dict[Pair, TwoWay]:
    """The score asked before by each outcome, in bands that are large enough."""
    if not (asked := hypothesis(book)):
        return {}
    later = pl.any_horizontal(pl.col(name) != NOT_SCORED for name in asked.outcomes)
    across = _bands(_scored(frame, asked.before).filter(later), book, asked.before)
    found = {}
    for name in asked.outcomes:
        both = _scored(frame, asked.before, name)
        if len(both) >= SMALLEST_BASE:
            upward = _bands(both, book, name)
            found[asked.before, name] = cross(count(both, across), count(both, upward))
    return found


# From tables.


def _category(line: Mapping[str, str], known: Mapping[str, Category]) -> Category:
    code, label = line["code"].removeprefix("'"), line["category"]
    if code in known:
        return known[code]
    number = int(code) if code.lstrip("-").isdigit() else 0
    return Category(code, label, number, number)


def _read_one(lines: Sequence[Mapping[str, str]], book: Book, rows: int) -> OneWay:
    name = lines[0]["table"]
    known = {c.code: c for c in variable_of(book[name]).categories}
    categories = tuple(_category(line, known) for line in lines)
    counts = tuple(None if line["count"] == HIDDEN else int(line["count"]) for line in lines)
    return OneWay(Variable(name, lines[0]["label"], categories), rows, counts)


def _added_up(lines: Sequence[Mapping[str, str]]) -> int:
    """How many tables were added up to these: each may be ERROR off."""
    shown = [line for line in lines if line["count"] != HIDDEN]
    return max((int(ln["highest"]) - int(ln["count"]) for ln in shown), default=ERROR) // ERROR


def from_tables(content: bytes, book: Book) -> ReleaseCounts:
    """Figures of tier A: the published counts of single columns (``tables/one-way.csv``).

    ``book`` says which columns belong together. Raises Refused where nothing is shown at all.
    """
    lines = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    last = [line for line in lines if line["batch"] == lines[-1]["batch"]]
    if not (bases := [int(line["base"]) for line in last if line["base"]]):
        raise ExportRefused("Every count of this release is hidden: there is nothing to draw.")
    wanted = [name for name in columns_of(book) if name in {line["table"] for line in last}]
    by_table = {name: [line for line in last if line["table"] == name] for name in wanted}
    one_way = {name: _read_one(found, book, max(bases)) for name, found in by_table.items()}
    return ReleaseCounts(max(bases), one_way, {}, _added_up(last))
