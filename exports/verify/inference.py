"""Cells that a file hides, and another of its columns tells.

A cell is hidden where the file shows a group of values, or nothing, or lacks the whole column. A
column outside the key tells it by a relation that holds in the whole table and is no accident:

- rows alike in it, or in the beginning or the year of its text, agree (a code and its label, the
  weight of a stratum, an identifier with a prefix, a postal code and its region);
- its text holds the value (a copy, a time stamp and its day, a remark);
- its order is that of the values (a birth date and an age, a rank, a finer band);
- both add up to one number (year of birth and age, an age last year);
- it is a sum, a mean, a difference, a product or a quotient of the value and other columns;
- it is the share of questions answered, hidden ones included.

Chance is reckoned among the rows that show the same group: that somebody of 30-39 is married more
often tells no age. A column of the key tells all members of a class the same and is no source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import lgamma, log

import numpy as np

from exports.verify.reading import Bools, Claim, CodedColumn, Floats, Ints, Table, combined, pairs

SAMPLE = 4_000  # rows in which relations are looked for
SUMMED = 400  # rows in which sums of columns are looked for
MANY = 40  # columns from which on one of few values is not looked at as a sum
SHARED = 1_000  # rows in which shares of answers are looked for
PARTS_OF_SUM = 16  # columns of which one may be made
# Chance of a wrong alarm in a whole table without any relation, for each kind of relation.
WRONG_ALARM = 0.001
EXCEPTIONS = 0.02  # share of rows in which a relation may fail: typing errors
CORRELATED = 0.3  # least correlation with which a column is looked at closely
MIXED = 5  # times that values are mixed to see what chance brings
STRATA, IN_STRATUM = 25, 40  # strata, and rows of each, of which all pairs are looked at
PARTS = 10  # letters of a text whose beginning is looked at
FEW = 20  # different cells up to which a column is looked at as a whole only
WORDS = 4  # words of a text by which it is prose, where a value may stand in some rows only


@dataclass(frozen=True, slots=True)
class InferableCells:
    """``cells`` hidden cells of ``column`` can be worked out, or narrowed down, from ``source``."""

    column: str
    source: tuple[str, ...]
    cells: int


_DATE = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?)?"
)
_DAY_FIRST = re.compile(r"([0-9]{1,2})[./]([0-9]{1,2})[./]([0-9]{4})")
_YEAR = re.compile(r"(?<![0-9])(?:1[89]|20)[0-9]{2}(?![0-9])")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")


def _day(year: int, month: int, day: int) -> float:
    return float((np.datetime64(f"{year:04}-{month:02}", "M").astype("M8[D]").astype(int)) + day)


def number_of(cell: str) -> float:
    """Return the number or the day that a cell writes; not a number for anything else."""
    text = cell.strip()
    if _NUMBER.fullmatch(text):
        return float(text.replace(",", "."))
    if found := _DATE.match(text):
        year, month, day, *time = (int(part or 0) for part in found.groups())
    elif found := _DAY_FIRST.match(text):
        day, month, year = (int(part) for part in found.groups())
        time = [0, 0, 0]
        if month > 12:
            day, month = month, day
    else:
        return float("nan")
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return float("nan")
    return _day(year, month, day) + (time[0] * 3600 + time[1] * 60 + time[2]) / 86400


def year_of(cell: str) -> float:
    """Return the year that a date or a text holds; not a number where there is none."""
    found = _YEAR.search(cell)
    return float(found[0]) if found else float("nan")


def _each(
    column: CodedColumn, what: Callable[[str], float], nothing: Collection[str] = ()
) -> Floats:
    """Return what each row's cell amounts to; not a number for cells that say ``nothing``."""
    each = [float("nan") if cell in nothing else what(cell) for cell in column.cells]
    return np.array(each, dtype=np.float64)[column.codes]


def _log_binomial(many: int, few: float) -> float:
    return lgamma(many + 1) - lgamma(few + 1) - lgamma(many - few + 1)


@dataclass(frozen=True)
class Target:
    """A column with hidden cells, at the rows whose true values are known.

    ``values`` holds these, ``hidden`` says where the file hides them, ``stratum`` numbers the
    groups that the file shows instead, all shown cells being one: shape (rows,). ``all_hidden`` are
    all rows of the file with a hidden cell, ``candidates`` counts the values that each row's cell
    stands for.
    """

    name: str
    rows: Ints
    values: CodedColumn
    hidden: Bools
    stratum: Ints
    candidates: Ints
    all_hidden: Ints

    def at(self, places: Ints) -> Target:
        """Return the target at some places among its rows."""
        return Target(
            self.name, self.rows[places], self.values.at(places), self.hidden[places],
            _closed_up(self.stratum[places]), self.candidates[places], self.all_hidden,
        )  # fmt: skip

    @cached_property
    def log_chance(self) -> Floats:
        """Return the log chance that a row has the value of another of its stratum."""
        stratum, _, count = pairs(self.stratum, self.values.codes, len(self.values.cells))
        share = count / np.bincount(self.stratum)[stratum]
        return np.asarray(np.log(np.bincount(stratum, share**2)))[self.stratum]

    @cached_property
    def alike(self) -> float:
        """Return the share of pairs in one stratum that have one value."""
        at, _, count = pairs(self.stratum, self.values.codes, len(self.values.cells))
        size = np.bincount(at, count)
        together = float((size * (size - 1)).sum())
        return float((count * (count - 1)).sum()) / together if together else 0.0

    @cached_property
    def numbers(self) -> Floats:
        """Return the values as numbers."""
        return _each(self.values, number_of)

    @cached_property
    def centred(self) -> Floats:
        """Return how far each value lies from the mean of its stratum; 0 for what is no number."""
        there = ~np.isnan(self.numbers)
        sums = np.bincount(self.stratum, np.where(there, self.numbers, 0.0))
        counts = np.maximum(1, np.bincount(self.stratum, there))
        return np.where(there, self.numbers - (sums / counts)[self.stratum], 0.0)

    def correlated(self, numbers: Floats) -> bool:
        """Return whether numbers go with the values inside the strata at all."""
        if np.isnan(self.numbers).mean() > EXCEPTIONS:
            return False
        there = ~np.isnan(numbers)
        if there.sum() < 2:
            return False
        means = np.bincount(self.stratum, np.where(there, numbers, 0.0)) / np.maximum(
            1, np.bincount(self.stratum, there)
        )
        other = np.where(there, numbers - means[self.stratum], 0.0)
        size = float(np.sqrt((self.centred @ self.centred) * (other @ other)))
        return size > 0 and abs(float(self.centred @ other)) >= CORRELATED * size

    @cached_property
    def mixed(self) -> tuple[Ints, ...]:
        """Return places that exchange values within each stratum: what chance would look like."""
        dice, order = np.random.default_rng(0), np.argsort(self.stratum, kind="stable")
        found = []
        for _ in range(MIXED):
            mixed = np.empty(len(self.rows), dtype=np.int64)
            mixed[order] = np.lexsort((dice.random(len(self.rows)), self.stratum))
            found.append(mixed)
        return tuple(found)

    @cached_property
    def largest(self) -> tuple[Ints, ...]:
        """Return some rows of the largest strata, those without a number left out."""
        rows = np.flatnonzero(~np.isnan(self.numbers))
        rows = rows[np.argsort(self.stratum[rows], kind="stable")]
        cuts = np.flatnonzero(np.diff(self.stratum[rows])) + 1
        each = sorted(np.split(rows, cuts), key=len, reverse=True)[:STRATA]
        return tuple(part[:: max(1, len(part) // IN_STRATUM)] for part in each if len(part) > 1)


def _closed_up(numbers: Ints) -> Ints:
    return combined((numbers.astype(np.uint32),), len(numbers))[0]


def target_of(
    name: str, released: CodedColumn | None, true: CodedColumn | None, claim: Claim
) -> Target | None:
    """Return what the file hides of a column; None where nothing is hidden or could be learnt.

    Without the true cells, those that the file shows as they are have to do.
    """
    column = true or released
    if column is None:
        return None
    missing = {"", *claim.no_answer, *claim.missing.get(name, ())}
    known = np.array([cell not in missing for cell in column.cells], dtype=bool)[column.codes]
    hidden, stratum = known, np.zeros(len(known), dtype=np.int64)
    every = frozenset(column.cells).union(*claim.covers.get(name, {}).values())
    candidates = np.full(len(known), len(every))
    if released is not None:
        standing = [claim.stands_for(name, cell) for cell in released.cells]
        many = [len(every) if one is None else len(one & every) for one in standing]
        candidates = np.maximum(1, np.array(many))[released.codes]
        hidden = _groups(name, released, claim)
        if true is None:
            known = known & ~hidden
        else:
            place = {cell: at for at, cell in enumerate(true.cells)}
            same = np.array([place.get(cell, -1) for cell in released.cells])[released.codes]
            hidden = hidden & known & (same != true.codes)
        stratum = np.where(hidden, released.codes.astype(np.int64) + 1, 0)
    rows = np.flatnonzero(known)
    if not hidden.any() or not len(rows):
        return None
    values = column.at(rows)
    return Target(
        name, rows, values, hidden[rows], _closed_up(stratum[rows]), candidates[rows],
        np.flatnonzero(hidden),
    )  # fmt: skip


def _groups(name: str, released: CodedColumn, claim: Claim) -> Bools:
    """Return which rows show a group of values, or nothing."""
    standing = (claim.stands_for(name, cell) for cell in released.cells)
    wide = [
        one is None or bool(one - {cell, cell.removeprefix("'")})
        for cell, one in zip(released.cells, standing, strict=True)
    ]
    return np.array(wide, dtype=bool)[released.codes]


def _tail(rows: int, right: float, chance: float) -> float:
    """Return the log of a bound on the chance of so many right ones (Chernoff)."""
    share = right / rows
    if share <= chance:
        return 0.0
    if share >= 1:
        return rows * log(chance)
    other = (1 - share) * log((1 - share) / (1 - chance))
    return -rows * (share * log(share / chance) + other)


def _beginning(length: int) -> Callable[[str], str]:
    return lambda cell: cell.strip().casefold()[:length]


def _end(length: int) -> Callable[[str], str]:
    return lambda cell: cell.strip().casefold()[-length:]


def _letter(place: int) -> Callable[[str], str]:
    return lambda cell: cell.strip().casefold()[place : place + 1]


# What of a text may group its rows; the whole of it comes first.
_GROUPINGS: tuple[Callable[[str], str], ...] = (
    str, *map(_beginning, range(1, PARTS + 1)), *map(_letter, range(1, PARTS)),
    *map(_end, (1, 2, 3)), lambda cell: re.sub(r"[0-9]", "", cell.casefold()),
    lambda cell: re.split(r"[-_/ .:]", cell.strip(), maxsplit=1)[0],
    lambda cell: f"{year_of(cell):.0f}",
)  # fmt: skip


def _grouped(source: CodedColumn, what: Callable[[str], str]) -> Ints:
    numbers: dict[str, int] = {}
    codes = [numbers.setdefault(what(cell), len(numbers)) for cell in source.cells]
    return np.array(codes, dtype=np.int64)[source.codes]


def _groupings(source: CodedColumn) -> Iterator[tuple[Callable[[str], str], Ints]]:
    """Yield how the source may part its rows into groups, no two ways with as many of them."""
    seen = set()
    # The digits of a measured number, which may be one more or less, group nobody.
    sizes = {len(cell) for cell in source.cells if _NUMBER.fullmatch(cell)} - {0}
    whole = len(source.cells) <= FEW or len(sizes) > 1
    for what in _GROUPINGS[:1] if whole else _GROUPINGS:
        groups = _grouped(source, what)
        many = int(groups.max(initial=0)) + 1
        if many > 1 and many not in seen:
            seen.add(many)
            yield what, groups


def _agreement(target: Target, group: Ints) -> float:
    """Return the log chance that the rows of each group agree; 0 where too many do not."""
    width = len(target.values.cells)
    at, _, count = pairs(group, target.values.codes, width)
    size = np.bincount(group)
    best = np.zeros(len(size), dtype=np.int64)
    np.maximum.at(best, at, count)
    company = size > 1
    rows, wrong = int(size[company].sum()), int((size - best)[company].sum())
    inside = company[group]
    if not rows or wrong > EXCEPTIONS * rows:
        return 0.0
    # What saying the commonest value of each stratum would get wrong.
    at, _, count = pairs(target.stratum[inside], target.values.codes[inside], width)
    most = np.zeros(int(target.stratum.max()) + 1, dtype=np.int64)
    np.maximum.at(most, at, count)
    if wrong > 0.1 * (rows - int(most.sum())):
        return 0.0
    # The first row of a group agrees with nobody yet.
    chances = target.log_chance[inside] * (1 - 1 / size[group[inside]])
    return float(chances.sum()) * (1 - wrong / rows) + _log_binomial(rows, wrong)


def _steps(target: Target, numbers: Floats) -> float:
    """Return the log chance that each value fills one stretch when a stratum is sorted by these."""
    dice, there = np.random.default_rng(0), np.flatnonzero(~np.isnan(numbers))
    # Ties in a random order: those that differ within count as steps.
    order = there[np.lexsort((dice.random(len(there)), numbers[there], target.stratum[there]))]
    value, stratum = target.values.codes[order], target.stratum[order]
    beside = stratum[1:] == stratum[:-1]
    steps = int((beside & (value[1:] != value[:-1])).sum())
    many = int(beside.sum())
    chance = target.log_chance[order][1:][beside]
    expected = many - float(np.exp(chance).sum())
    if not many or steps > 0.1 * expected:
        return 0.0
    return float(chance.sum()) * (1 - steps / many) + _log_binomial(many, steps)


def _concordance(target: Target, numbers: Floats) -> float:
    """Return the log chance that the values of each stratum rise, or fall, with these numbers."""
    rising = falling = apart = 0
    score = variance = exact = 0.0
    for part in target.largest:
        rows = part[~np.isnan(numbers[part])]
        value, number = target.numbers[rows], numbers[rows]
        upper = np.triu_indices(len(rows), 1)
        signs = np.sign(value[:, None] - value)[upper] * np.sign(number[:, None] - number)[upper]
        rising, falling = rising + int((signs > 0).sum()), falling + int((signs < 0).sum())
        apart += int((value[:, None] != value)[upper].sum())
        score += float(signs.sum())
        ties = np.unique(value, return_counts=True)[1]
        many = len(rows)
        variance += (
            many * (many - 1) * (2 * many + 5) - (ties * (ties - 1) * (2 * ties + 5)).sum()
        ) / 18
        exact += sum(lgamma(tie + 1) for tie in ties.tolist()) - lgamma(many + 1)
    wrong, told = min(rising, falling), rising + falling
    # It has to order most pairs that differ, and nearly all of those that it orders alike.
    if not told or 2 * told < apart or wrong > EXCEPTIONS * told or not variance:
        return 0.0
    if told == apart and not wrong:
        return exact + log(2)
    return log(2) - score**2 / variance / 2


def _bound(target: Target, numbers: Floats) -> float:
    """Return the log chance that no value lies beyond the number, and many on it: a maximum."""
    there = np.flatnonzero(~np.isnan(numbers + target.numbers))
    if len(there) < 2:
        return 0.0
    best = 0.0
    for sign in (1, -1):
        beyond = sign * (target.numbers[there] - numbers[there])
        if beyond.max() > 0 or (beyond == 0).mean() < 0.2:
            continue
        mixed = (target.numbers[order][there] for order in target.mixed)
        chance = float(np.mean([(sign * (m - numbers[there]) <= 0).mean() for m in mixed]))
        best = min(best, _tail(len(there), len(there), max(chance, 1 / len(there))) + log(2))
    return best


def _sum(target: Target, numbers: Floats) -> float:
    """Return the log chance that value and number add up to one whole number, or it and the next.

    The same for what they differ by: a person is a year older after the birthday.
    """
    there = ~np.isnan(numbers + target.numbers)
    if there.mean() < 1 - EXCEPTIONS:
        return 0.0
    best = 0.0
    for sign in (1, -1):
        for width in (1, 2):
            best = min(best, _one_number(target, numbers, there, sign=sign, width=width))
    return best


def _one_number(target: Target, numbers: Floats, there: Bools, *, sign: int, width: int) -> float:
    found = np.floor(target.numbers + sign * numbers)[there]
    values, counts = np.unique(found, return_counts=True)
    right = int(counts.max())
    if width == 2 and len(values) > 1:
        right = max(right, int(((counts[1:] + counts[:-1]) * (np.diff(values) == 1)).max()))
    if right < (1 - EXCEPTIONS) * len(found):
        return 0.0
    # One row fixes the number; another value of its group would do as well for each of the others.
    chance = min(1.0, width * max(target.alike, float(np.mean(1 / target.candidates[there]))))
    return _tail(len(found) - 1, right - 1, chance) + log(4) if chance < 0.9 else 0.0


def _holds(text: str, value: str) -> bool:
    """Return whether a value stands in a text as a word of its own."""
    at = text.find(value)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(value) : at + len(value) + 1]
        if not (at and before.isalnum()) and not after.isalnum():
            return True
        at = text.find(value, at + 1)
    return False


def _hits(target: Target, source: CodedColumn, order: Ints | None = None) -> Bools:
    """Return which rows' source holds the row's value (or that of another one, by ``order``)."""
    values = target.values.codes if order is None else target.values.codes[order]
    width = len(target.values.cells)
    texts = [cell.strip().casefold() for cell in source.cells]
    words = [cell.strip().casefold() for cell in target.values.cells]
    if all(_NUMBER.fullmatch(text) for text in texts):
        # A number holds no other one.
        place = {word: at for at, word in enumerate(words)}
        same = np.array([place.get(text, -1) for text in texts])
        return np.asarray(same[source.codes] == values)
    said, value, _ = pairs(source.codes, values, width)
    key = said * width + value
    held = np.array([_holds(texts[a], words[b]) for a, b in zip(said, value, strict=True)], bool)
    return held[np.searchsorted(key, source.codes.astype(np.int64) * width + values)]


def _copy(target: Target, source: CodedColumn) -> tuple[float, Bools]:
    """Return the log chance that the source's texts hold so many of the values, and where."""
    held = _hits(target, source)
    right, rows = int(held.sum()), len(held)
    long = [len(cell) >= 2 for cell in target.values.cells]
    prose = np.median([len(cell.split()) for cell in source.cells]) >= WORDS and all(long)
    if right < (1 - EXCEPTIONS) * rows and not (prose and right > 1):
        return 0.0, held
    chance = float(np.mean([_hits(target, source, order).mean() for order in target.mixed]))
    chance = (chance + 1 / (MIXED * rows + 2)) / (1 + 1 / rows)
    # Prose tells a value where it stands, if it stands there twice as often as by chance.
    return (_tail(rows, right, chance) if right >= 2 * chance * rows else 0.0), held


@dataclass(frozen=True)
class _Source:
    """A column of the file that may tell something, at the rows looked at."""

    name: str
    cells: CodedColumn
    groupings: tuple[tuple[Callable[[str], str], Ints], ...]
    numbers: Floats  # its order: numbers or days where it has them, else that of the alphabet
    years: Floats
    is_number: bool


def _has_dates(column: CodedColumn) -> bool:
    """Return whether no cell is a plain number, so that numbers of it are days."""
    return not any(_NUMBER.fullmatch(cell.strip()) for cell in column.cells)


def _source_of(name: str, column: CodedColumn, nothing: frozenset[str]) -> _Source:
    numbers, is_number = _each(column, number_of, nothing), _is_numeric(column, nothing)
    years = np.full(len(numbers), np.nan)
    if _has_dates(column):
        years = _each(column, year_of)
    if not is_number:
        rank = np.argsort(np.argsort(np.array(column.cells)))
        numbers = rank[column.codes].astype(np.float64)
    return _Source(name, column, tuple(_groupings(column)), numbers, years, is_number)


def _relation(target: Target, source: _Source, limit: float) -> Told | None:
    """Return the most telling relation of one column with another; None where there is none.

    ``limit`` is the log chance that a relation must stay under.
    """
    at = target.rows
    ways = [(_agreement(target, _closed_up(group[at])), what) for what, group in source.groupings]
    found: list[tuple[float, Told]] = [
        (chance + log(len(ways)), Told(target.name, source.name, what)) for chance, what in ways
    ]
    everywhere = Told(target.name, source.name)
    chance, held = _copy(target, source.cells.at(at))
    text = Told(target.name, source.name, prose=not held.all())
    found.append((chance, text))
    if len(source.cells.cells) > FEW:
        found.append((_steps(target, source.numbers[at]), everywhere))
    # An order, a sum or a bound goes with some correlation; to look for it takes longer.
    if len(source.cells.cells) > 2 and (
        target.correlated(source.numbers[at]) or target.correlated(source.years[at])
    ):
        found.append((_concordance(target, source.numbers[at]), everywhere))
        found.append((_sum(target, source.years[at]), everywhere))
        if source.is_number:
            # A number of a list and a day go on together by accident.
            if _has_dates(target.values) == _has_dates(source.cells):
                found.append((_sum(target, source.numbers[at]), everywhere))
            found.append((_bound(target, source.numbers[at]), everywhere))
    chance, told = min(found, key=lambda one: one[0])
    return told if chance < limit else None


@dataclass(frozen=True)
class Told:
    """A relation found: by groups of the source, by what its texts hold, or in every row."""

    column: str
    source: str
    grouping: Callable[[str], str] | None = None
    prose: bool = False

    def cells(self, target: Target, source: CodedColumn, blank: str | None) -> int:
        """Return how many hidden cells are told; blank cells of the source tell nothing."""
        hidden = target.all_hidden
        there = ~(source.is_cell("") | source.is_cell(blank))
        if self.prose:
            told = _hits(target, source.at(target.rows)) & there[target.rows] & target.hidden
            return int(told.sum())
        if self.grouping is not None:
            group = _grouped(source, self.grouping)
            known = np.bincount(group[target.rows], minlength=int(group.max()) + 1)
            itself = np.zeros(len(group), dtype=np.int64)
            itself[target.rows] = 1
            there &= known[group] > itself
        return int(there[hidden].sum())


@dataclass(frozen=True)
class _Pool:
    """Columns of which another may be a sum, at some rows: shape (rows, columns)."""

    names: tuple[str, ...]
    values: Floats

    def but(self, name: str) -> _Pool:
        """Return the columns but for one, and those that do not vary."""
        spread = np.nanstd(self.values, axis=0) > 0
        kept = [at for at, other in enumerate(self.names) if other != name and spread[at]]
        return _Pool(tuple(self.names[at] for at in kept), self.values[:, kept])

    def steps(self) -> _Pool:
        """Return whether each column reaches each of its values, where all these are few."""
        names, values = [], []
        for at, name in enumerate(self.names):
            column = self.values[:, at]
            levels = np.unique(column[~np.isnan(column)])
            for level in levels[1:] if len(levels) <= 7 else ():
                names.append(name)
                values.append(np.where(np.isnan(column), np.nan, column >= level))
        if not 0 < len(values) <= SUMMED:
            return _Pool((), np.empty((len(self.values), 0)))
        return _Pool(tuple(names), np.column_stack(values))

    def logarithms(self) -> _Pool:
        """Return the logarithms of the columns that are above 0: products become sums."""
        positive = [at for at in range(len(self.names)) if np.nanmin(self.values[:, at]) > 0]
        return _Pool(tuple(self.names[at] for at in positive), np.log(self.values[:, positive]))


def _digit(column: CodedColumn) -> float:
    """Return what the last digit written of a column of numbers is worth."""
    decimals = (len(cell.replace(",", ".").partition(".")[2]) for cell in column.cells)
    return float(10.0 ** -max(decimals, default=0))


@dataclass(frozen=True)
class _Fit:
    """A column worked out from others, and how far off at each row, where all of them are known."""

    chosen: tuple[int, ...]
    weights: Floats
    off: Floats


def _fitted(
    values: Floats, pool: Floats, chosen: tuple[int, ...], back: Callable[[Floats], Floats]
) -> _Fit:
    columns = np.column_stack([pool[:, list(chosen)], np.ones(len(values))])
    whole = ~np.isnan(columns).any(axis=1) & ~np.isnan(values)
    off = np.full(len(values), np.nan)
    weights: Floats = np.linalg.lstsq(columns[whole], values[whole])[0].astype(np.float64)
    off[whole] = back(columns[whole] @ weights) - back(values[whole])
    return _Fit(chosen, weights, off)


def _itself(values: Floats) -> Floats:
    return values


def _exponential(values: Floats) -> Floats:
    return np.asarray(np.exp(values))


def _is_exact(fit: _Fit, most: float) -> bool:
    off = np.abs(fit.off[~np.isnan(fit.off)])
    # Half of the rows at least have all of its columns.
    enough = len(off) > len(fit.chosen) + 1 and len(off) >= len(fit.off) / 2
    return enough and bool((off > most).mean() <= EXCEPTIONS)


def _sum_of(
    values: Floats, pool: Floats, most: float, back: Callable[[Floats], Floats]
) -> _Fit | None:
    """Return the columns that make up ``values``, the likeliest taken first, none too many."""
    if not pool.size:
        return None
    centred = pool - np.nanmean(pool, axis=0)
    scaled = np.nan_to_num(centred / np.nanstd(pool, axis=0))
    chosen: tuple[int, ...] = ()
    left, rounded = np.nan_to_num(values - np.nanmean(values)), None
    whole = left @ left
    for _ in range(min(PARTS_OF_SUM, pool.shape[1], len(values) // 2)):
        pull = np.abs(scaled.T @ left)
        pull[list(chosen)] = -1
        chosen = (*chosen, int(np.argmax(pull)))
        fit = _fitted(values, pool, chosen, back)
        if (~np.isnan(fit.off)).sum() < len(values) / 2:
            break
        if _is_exact(fit, 1e-6 * most):
            return _least(values, pool, fit, 1e-6 * most, back)
        if rounded is None and _is_exact(fit, most):
            rounded = _least(values, pool, fit, most, back)
        linear = _fitted(values, pool, chosen, _itself)
        left = np.nan_to_num(-linear.off)
        # Of so many parts alike, so many explain less than these do.
        if 1 - left @ left / whole < 0.9 * len(chosen) / PARTS_OF_SUM:
            break
    return rounded


def _least(
    values: Floats, pool: Floats, fit: _Fit, most: float, back: Callable[[Floats], Floats]
) -> _Fit:
    """Return the fit without columns that it does not need."""
    for one in fit.chosen:
        rest = tuple(at for at in fit.chosen if at != one)
        if rest and _is_exact(less := _fitted(values, pool, rest, back), most):
            fit = less
    return fit


def _sums(
    name: str,
    column: CodedColumn,
    pools: Sequence[_Pool],
    targets: Iterable[str],
    limit: float,
    nothing: frozenset[str],
) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield each target that a column tells as a sum, with all other columns of the sum.

    ``pools`` are the columns, their logarithms and their steps.
    """
    values, digit = _each(column, number_of, nothing), _digit(column)
    # Beside many columns a sum of them has many values.
    fewest = 4 if len(pools[0].names) <= MANY else 8
    if len(np.unique(values[~np.isnan(values)])) < fewest or np.isnan(values).mean() > 0.5:
        return
    alone, logarithms, steps = (pool.but(name) for pool in pools)
    ways: list[tuple[Floats, _Pool, Callable[[Floats], Floats]]]
    ways = [(values, alone, _itself), (values, steps, _itself)]
    if np.nanmin(values) > 0:
        ways.insert(1, (np.log(values), logarithms, _exponential))
    for numbers, columns, back in ways:
        fit = _sum_of(numbers, columns.values, 0.51 * digit, back)
        if fit is None:
            continue
        names = frozenset(columns.names[at] for at in fit.chosen)
        found = [
            target
            for target in names.intersection(targets)
            if _needs(target, fit, numbers, columns, digit, back) < limit
        ]
        for target in found:
            yield target, names - {target}
        if found:
            return


def _lacking(
    values: Floats, pool: Floats, rest: tuple[int, ...], back: Callable[[Floats], Floats]
) -> Floats:
    """Return how far off each row is without one column, by what holds in most rows."""
    off = np.abs(_fitted(values, pool, rest, back).off)
    most = np.where(off <= np.nanquantile(off, 0.9), values, np.nan)
    fit = _fitted(most, pool, rest, back)
    found: Floats = back(np.column_stack([pool[:, list(rest)], np.ones(len(values))]) @ fit.weights)
    return found - back(values)


def _needs(
    target: str, fit: _Fit, values: Floats, pool: _Pool, digit: float,
    back: Callable[[Floats], Floats],
) -> float:  # fmt: skip
    """Return the log chance that the sum comes out without the target meaning anything in it."""
    rest = tuple(at for at in fit.chosen if pool.names[at] != target)
    exact = float(np.nanquantile(np.abs(fit.off), 1 - EXCEPTIONS)) < 1e-6 * digit
    weights = np.abs(fit.weights[:-1])
    times = weights / weights.min() if weights.min() else weights
    simple = exact and (np.abs(times - np.round(times)) < 1e-6).all() and times.max() <= 20
    off = _lacking(values, pool.values, rest, back)
    # The rows in which the target is needed: others prove nothing, and rounding is no need.
    rows = int((np.abs(off) > (0.25 if simple else 0.75) * digit).sum())
    spread = float(np.nanstd(off))
    # A whole number that is off by half of one says little, unless it would be off by far more.
    if not exact and spread < 3 * digit:
        return 0.0
    many = len(fit.chosen)
    chance = min(0.9, max(1e-6, digit / (2.5 * spread))) if spread else 0.9
    # Twice: columns that are sums of one another fit in more ways than their number says.
    which = 2 * _log_binomial(len(pool.names), many)
    if not simple:
        return (rows - many - 1) * log(chance) + which
    # Whole numbers of each column: their signs and sizes are what chance could choose.
    fixed = abs(fit.weights[-1]) > 1e-6 * digit
    return float((rows - fixed) * log(chance) + which + many * log(2 * times.max()))


def inferable_cells(
    table: Table,
    claim: Claim,
    true: Table,
    *,
    apart: Collection[str] = (),
    looked: Ints | None = None,
) -> tuple[InferableCells, ...]:
    """Return what the columns of a file outside its key tell of cells that it hides.

    ``true`` are the true cells, row by row, of columns that the file has or lacks; without them the
    cells shown as they are have to do. Columns ``apart`` are no sources. ``looked`` are the rows in
    which relations are sought, one of each person: several of one agree in everything.
    """
    names = dict.fromkeys((*claim.core, *claim.insider, *(n for n in true if n not in table)))
    found = (target_of(name, table.get(name), true.get(name), claim) for name in names)
    targets = {target.name: target for target in found if target is not None}
    sources = [
        name
        for name, column in table.items()
        if name not in claim.core and name not in apart and len(column.cells) > 1
    ]
    if not targets or not sources or (looked is not None and not len(looked)):
        return ()
    if looked is None:
        looked = np.arange(len(next(iter(table.values())).codes))
    everybody, looked = looked, _some(looked, SAMPLE)
    places = {name: _within(target, looked) for name, target in targets.items()}
    limit = log(WRONG_ALARM / (len(targets) * len(sources)))
    told: list[InferableCells] = []
    for name in sources:
        source = _source_of(name, table[name].at(looked), claim.no_answer)
        blank = claim.suppressed.get(name)
        silent = source.cells.is_cell("") | source.cells.is_cell(blank)
        for target in places.values():
            kept = target
            if silent.any():
                kept = target.at(np.flatnonzero(~silent[target.rows]))
            if target.name == name or len(kept.rows) < 2 or len(kept.values.cells) < 2:
                continue
            if relation := _relation(kept, source, limit):
                cells = relation.cells(targets[target.name], table[name], blank)
                told += [InferableCells(target.name, (name,), cells)] * bool(cells)
    return (
        *told,
        *_told_together(
            table, true, targets, sources, told, limit, claim.no_answer, _some(everybody, SUMMED)
        ),
        *_told_by_shares(table, true, targets, sources, claim, _some(everybody, SHARED)),
    )


def _told_by_shares(
    table: Table,
    true: Table,
    targets: Mapping[str, Target],
    sources: Sequence[str],
    claim: Claim,
    looked: Ints,
) -> Iterator[InferableCells]:
    """Yield what a share of questions answered tells of hidden ones among them."""
    columns = {**table, **true}
    answered = {n: _none_of(c, claim.no_answer)[looked] for n, c in columns.items()}
    asked = {n: _none_of(c, claim.not_asked)[looked] for n, c in columns.items()}
    for name in sources:
        column = table[name].at(looked)
        share = _each(column, number_of)
        some = _none_of(column, claim.no_answer)
        spread = np.unique(share[some])
        if len(spread) < 5 or np.isnan(spread).any() or spread[0] < 0:
            continue
        if 1 < spread[-1] <= 20 or spread[-1] > 100:  # neither a share nor a percentage
            continue
        others = [other for other in columns if other != name]
        shown = [other for other in others if other not in targets]
        scale = 1.0 if spread[-1] <= 1 else 100.0
        within = _digit(column) / scale
        if not any(_is_share(share / scale, some, answered, asked, shown, within)) and any(
            found := _is_share(share / scale, some, answered, asked, others, within)
        ):
            for other, part in zip(others, found, strict=True):
                if part and other in targets:
                    yield InferableCells(other, (name,), len(targets[other].all_hidden))


def _none_of(column: CodedColumn, cells: frozenset[str]) -> Bools:
    return np.array([cell not in cells for cell in column.cells], dtype=bool)[column.codes]


def _is_share(
    share: Floats, some: Bools, answered: Mapping[str, Bools], asked: Mapping[str, Bools],
    names: Sequence[str], within: float,
) -> list[bool]:  # fmt: skip
    """Return which of the columns take part, where a share is that of the answers in some of them.

    All are false where it is not: how often each counts is what fits best.
    """
    nothing = [False] * len(names)
    if not names:
        return nothing
    given = np.column_stack([answered[n] for n in names])[some].astype(np.float64)
    put = np.column_stack([asked[n] for n in names])[some].astype(np.float64)
    # Columns answered alike are one: nothing tells how often each of them counts.
    both, first, which = np.unique(
        np.vstack([given, put]), axis=1, return_index=True, return_inverse=True
    )
    if len(share[some]) < 1.5 * len(first):
        return nothing
    size, basis = np.linalg.eigh(both.T @ both)
    basis = basis[:, size > 1e-9 * size[-1]]
    given, put = given[:, first], put[:, first]
    off_by = (given - share[some][:, None] * put) @ basis
    weights = basis @ np.linalg.eigh(off_by.T @ off_by)[1][:, 0]
    asked_in_all = put @ weights
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.abs(given @ weights / asked_in_all - share[some])
    fits = off <= within
    # Whoever answered all fits whatever counts.
    open_rows = (given != put).any(axis=1)
    if open_rows.sum() < 10 or fits[open_rows].mean() < 0.95:
        return nothing
    parts = np.abs(weights) > 1e-3 * np.abs(weights).max()
    return [bool(part) for part in parts[which.ravel()]]


def _told_together(
    table: Table, true: Table, targets: Mapping[str, Target], sources: Sequence[str],
    told: Sequence[InferableCells], limit: float, nothing: frozenset[str], looked: Ints,
) -> Iterator[InferableCells]:  # fmt: skip
    """Yield what sums of several columns tell, each set of columns once."""
    columns = {**table, **true}
    names = [name for name, column in columns.items() if _is_numeric(column, nothing)]
    alone = {(one.column, *one.source) for one in told}
    if not targets.keys() & {*names}:
        return
    values = np.column_stack([_each(columns[n], number_of, nothing)[looked] for n in names])
    pool = _Pool(tuple(names), values)
    pools = (pool, pool.logarithms(), pool.steps())
    seen: set[tuple[str, frozenset[str]]] = set()
    for name in sources:
        if name not in names:
            continue
        for target, others in _sums(name, table[name].at(looked), pools, targets, limit, nothing):
            parts = frozenset({name, *others})
            if (target, parts) in seen or any((target, part) in alone for part in parts):
                continue
            seen.add((target, parts))
            there = ~table[name].is_cell("")[targets[target].all_hidden]
            yield InferableCells(target, tuple(n for n in columns if n in parts), int(there.sum()))


def _is_numeric(column: CodedColumn, nothing: frozenset[str]) -> bool:
    """Return whether all cells that say something are numbers or dates, and not all the same."""
    cells = [cell for cell in column.cells if cell not in nothing]
    return len(cells) > 1 and not any(np.isnan(number_of(cell)) for cell in cells)


def _some(rows: Ints, many: int) -> Ints:
    """Return no more than ``many`` of the rows, evenly."""
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), many)).astype(np.int64))]


def _within(target: Target, looked: Ints) -> Target:
    """Return the target at the rows looked at, its rows numbered among these."""
    place = np.searchsorted(looked, target.rows)
    place = np.minimum(place, len(looked) - 1)
    inside = np.flatnonzero(looked[place] == target.rows)
    part = target.at(inside)
    return Target(
        part.name, place[inside], part.values, part.hidden, part.stratum, part.candidates,
        part.all_hidden,
    )  # fmt: skip
