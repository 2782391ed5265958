"""Figures that charts are drawn from: those that tier A tells, or plain counts of released rows.

Nothing here adds noise or measures anything: what tier A has not measured is not there.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from exports.charts.chart import ChartFigure, Line, Share
from exports.columns import SCORE
from exports.errors import ExportRefused
from exports.tables.menu import (
    NONE,
    THOUSAND,
    Category,
    bands_of_score,
    categories_of_number,
)
from forms.study import NOT_SHOWN, Study

Entry = Mapping[str, Any]
Book = Mapping[str, Entry]
Told = Mapping[str, str]  # a line of a CSV file of tier A
Pair = tuple[str, str]

TOGETHER = "all"  # batches, in the files of tier A
FILES = ("one-way.csv", "two-way.csv", "means.csv")
PERCENT_BOUNDS = ("percent_low", "percent_high")
ROW = ("row", "column", "row_code", "row_category")
ASKED, ANSWERED = "asked", "with an answer"
EARLIER = (
    "This release was made by an earlier version of the program, which told no margins: read its "
    "tables instead."
)
WAYS = ("branch", "completion", "dur_band")  # how people went through the questionnaire


@dataclass(frozen=True, slots=True)
class Counts:
    """Every figure that a release can show; per cents are of the people ``of`` says, in words.

    ``one`` maps a column to its answers, ``two`` a pair of columns to a line for each answer of the
    first, ``twice`` a declared pair to both moments, ``means`` a score to its mean.
    """

    one: Mapping[str, Line]
    two: Mapping[Pair, tuple[Line, ...]]
    twice: Mapping[Pair, tuple[Line, Line]]
    means: Mapping[str, Line]
    of: str


def book_of(entries: Sequence[Entry]) -> Book:
    """Return column → its codebook entry, in file order."""
    return {entry["variable"]: entry for entry in entries}


def texts_of(entry: Entry) -> str:
    """Return the question's wording; where branches read different ones, all of them."""
    return " / ".join(dict.fromkeys(entry["question"].values()))


def maps_of(study: Study) -> list[Pair]:
    """Return the scores that the policy names to be held against each other."""
    said = study.policy.tables
    return [(SCORE + said.predictor, SCORE + name) for name in said.primary if said.predictor]


def _pairs(study: Study, names: Mapping[str, object]) -> list[Pair]:
    declared = [(pair.before, pair.after) for pair in study.policy.compare]
    return [pair for pair in declared if set(pair) <= names.keys()]


# ── Tier A ────────────────────────────────────────────────────────────────────────────────────────


def _read(*files: bytes) -> list[list[Told]]:
    """Return each file's lines of all batches together; where there is but one, its lines."""
    read = [list(csv.DictReader(io.StringIO(f.decode(), newline=""))) for f in files]
    batches = {line["batch"] for lines in read for line in lines}
    # A file that has lines of one batch alone tells nothing of everybody.
    wanted = batches if len(batches) == 1 else {TOGETHER}
    return [[line for line in lines if line["batch"] in wanted] for lines in read]


def _by(lines: Sequence[Told], *keys: str) -> dict[tuple[str, ...], list[Told]]:
    found: dict[tuple[str, ...], list[Told]] = {}
    for line in lines:
        found.setdefault(tuple(line[key] for key in keys), []).append(line)
    return found


def _figure(line: Told, *names: str) -> ChartFigure:
    # A spreadsheet's guard stands before what opens a formula (exports/output_files.py).
    return ChartFigure(*(float(line[name].removeprefix("'")) for name in names))


def _line(lines: Sequence[Told], label: str, category: str, base: int) -> Line:
    shares = tuple(
        Share(line[category], _figure(line, "percent", *PERCENT_BOUNDS), int(line["count"]))
        for line in lines
        if line["percent"] and line["code" if "code" in line else "column_code"] != NONE
    )
    return Line(label, shares, base)


def from_tables(files: Mapping[str, bytes], book: Book, study: Study) -> Counts:
    """Return what tier A tells, from its files by name. Raise ExportRefused if that is nothing."""
    one_way, two_way, means = _read(*(files.get(name, b"") for name in FILES))
    if one_way and PERCENT_BOUNDS[0] not in one_way[0]:
        raise ExportRefused(EARLIER)
    one = {
        name: _line(lines, name, "category", int(lines[0]["base"]))
        for (name,), lines in _by(one_way, "table").items()
        if any(line["percent"] for line in lines)
    }
    two: dict[Pair, tuple[Line, ...]] = {}
    for (row, column, code, label), lines in _by(two_way, *ROW).items():
        if code != NONE:
            people = sum(int(line["count"]) for line in lines)
            told = _line(lines, label, "column_category", people)
            # Of nobody there is no per cent.
            two[row, column] = (*two.get((row, column), ()), *((told,) if told.shares else ()))
    scores = {
        line["score"]: Line(
            line["label"],
            (Share("Mean", _figure(line, "mean", "low", "high")),),
            int(line["base"]),
        )
        for line in means
    }
    if not (one or scores):
        raise ExportRefused("This release tells no figure: there is nothing to draw.")
    twice = {
        (before, after): (one[before], one[after])
        for before, after in _pairs(study, one)
        # Asked of other people, two tables compare nothing.
        if book[before]["routing"] == book[after]["routing"]
    }
    return Counts(one, {pair: lines for pair, lines in two.items() if lines}, twice, scores, ASKED)


# ── Rows ──────────────────────────────────────────────────────────────────────────────────────────


def _is_counted(name: str, entry: Entry) -> bool:
    asked = entry["part"] == "answer" or name in WAYS
    return asked and bool(entry["codes"] or entry["range"])


def _has_mean(entry: Entry) -> bool:
    return entry["part"] == "score" and not entry["may_be_empty"]


def _categories(entry: Entry) -> list[Category]:
    labels = {int(code): label for code, label in entry["codes"].items()}
    if entry["range"] is None:
        return [Category(str(code), label, (code,)) for code, label in labels.items()]
    low, high = (int(bound) for bound in entry["range"])
    return categories_of_number(low, high, labels)


def _counted(codes: pl.Series, categories: Sequence[Category], label: str, *, all_: bool) -> Line:
    found: dict[int, int] = dict(codes.drop_nulls().alias("code").value_counts().iter_rows())
    counts = [(c.label, sum(found.get(code, 0) for code in c.codes)) for c in categories]
    base = sum(n for _, n in counts)
    shares = ((said, n, 100 * n / max(base, 1)) for said, n in counts if n or all_)
    return Line(label, tuple(Share(said, ChartFigure(p, p, p), n) for said, n, p in shares), base)


def _mean(scores: pl.Series, label: str) -> Line | None:
    has = scores.filter(scores >= 0)  # missing codes are negative
    if not len(has):
        return None
    mean = float(has.mean())  # type: ignore[arg-type]
    return Line(label, (Share("Mean", ChartFigure(mean, mean, mean)),), len(has))


def read_rows(content: bytes, book: Book) -> pl.DataFrame:
    """Return the columns that charts count from the CSV of a release.

    Raises ExportRefused where the file and its codebook do not fit.
    """
    types: dict[str, type[pl.DataType]] = {}
    for name, entry in book.items():
        if _is_counted(name, entry):
            types[name] = pl.Int64
        elif _has_mean(entry):
            types[name] = pl.Float64
    try:
        return pl.read_csv(content, columns=[*types], schema_overrides=types)
    except pl.exceptions.PolarsError:
        raise ExportRefused(
            "The release's data file does not fit its codebook: nothing is drawn from it."
        ) from None


def from_rows(frame: pl.DataFrame, book: Book, study: Study) -> Counts:
    """Return plain counts of the rows of a file. Raise ExportRefused where it has none."""
    if not len(frame):
        raise ExportRefused("This release has no rows: there is nothing to draw.")

    def line(rows: pl.DataFrame, name: str) -> Line:
        entry = book[name]
        # Of a recoded column the codebook lists every level, used or not.
        all_ = not entry["groups"]
        return _counted(rows[name], _categories(entry), entry["label"], all_=all_)

    one = {name: line(frame, name) for name in frame.columns if not _has_mean(book[name])}
    means = {n: _mean(frame[n], book[n]["label"]) for n in frame.columns if _has_mean(book[n])}
    twice = {}
    for before, after in _pairs(study, one):
        # Of those alone who were asked both times.
        asked = frame.filter((pl.col(before) != NOT_SHOWN) & (pl.col(after) != NOT_SHOWN))
        twice[before, after] = (line(asked, before), line(asked, after))
    return Counts(
        {name: found for name, found in one.items() if found.base},
        {pair: _crossed(frame, book, pair) for pair in maps_of(study) if set(pair) <= means.keys()},
        twice,
        {name: found for name, found in means.items() if found},
        ANSWERED,
    )


def _crossed(frame: pl.DataFrame, book: Book, pair: Pair) -> tuple[Line, ...]:
    """Return a line for each band of the first score: the bands of the second."""
    across, along = (bands_of_score(*map(int, book[name]["range"])) for name in pair)
    first, second = ((frame[name] * THOUSAND).round().cast(pl.Int64) for name in pair)
    lines = (
        _counted(
            second.filter(first.is_between(band.codes[0], band.codes[-1])),
            along,
            band.label,
            all_=True,
        )
        for band in across
    )
    return tuple(line for line in lines if line.base)
