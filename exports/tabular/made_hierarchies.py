"""Hierarchies that a policy says in a line: bands of numbers, dates by unit, prefixes of codes.

They are made from the values that occur, as lines like those of a hierarchy file. What a rule
cannot place is returned, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from exports.errors import ExportRefused

ROOT = "*"
UNITS = ("day", "month", "quarter", "year", "decade")

# A comma before three digits may set off thousands; elsewhere it begins the decimals.
NUMBER = r"[+-]?\d+(?:(?<=\b0),\d+|,\d{1,2}(?!\d)|,\d{4,}|\.\d+)?"
_NUMBER = re.compile(rf"\s*({NUMBER})\s*")
_ISO = re.compile(r"(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2})(?:[T ]\d{1,2}:\d\d.*)?)?)?")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?: \d{1,2}:\d\d.*)?")
# As SPSS and Stata show quarters, months and weeks.
_QUARTER = re.compile(r"(?P<quarter>[1-4]) Q (?P<year>\d{4})|(?P<y>\d{4})q(?P<q>[1-4])")
_MONTH = re.compile(r"(?P<name>[A-Z]{3}) (?P<year>\d{4})|(?P<y>\d{4})m(?P<m>\d{1,2})")
_WEEK = re.compile(r"\d{1,2} WK (?P<year>\d{4})|(?P<y>\d{4})w\d{1,2}")
_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_SLASHED = re.compile(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})(?: \d{1,2}:\d\d.*)?")

Chain = list[str]
Date = tuple[int, int | None, int | None, int | None]  # year, quarter, month, day


def number_in(text: str) -> Decimal | None:
    """Return the number that a text writes in digits, exactly, or None."""
    found = _NUMBER.fullmatch(text)
    return Decimal(found[1].replace(",", ".")) if found else None


def digits_of(number: Decimal) -> str:
    """Return a number as people write it: 5, 0.5, never 5.0 or 5E+3."""
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) if number else "0"


@dataclass(frozen=True, slots=True)
class NumberBands:
    """Bands of ``widths``, from narrow to wide, that begin at multiples of their width.

    Numbers under ``bottom`` are one band, those from ``top`` on another.
    """

    widths: tuple[Decimal, ...]
    bottom: Decimal | None = None
    top: Decimal | None = None
    what = "a number"

    def reader(self, values: Sequence[str]) -> Callable[[str], Chain | None]:
        """Return what gives a value's groups; None for what is no number."""
        numbers = [number for value in values if (number := number_in(value)) is not None]
        ends = [end for end in (self.bottom, self.top) if end is not None]
        whole = all(n == n.to_integral_value() for n in (*numbers, *self.widths, *ends))

        def groups(value: str) -> Chain | None:
            number = number_in(value)
            if number is None:
                return None
            return [self._label(number, width, whole=whole) for width in self.widths]

        return groups

    def _label(self, number: Decimal, width: Decimal, *, whole: bool) -> str:
        if self.bottom is not None and number < self.bottom:
            return f"<{digits_of(self.bottom)}"
        if self.top is not None and number >= self.top:
            return f"{digits_of(self.top)}+" if self.top >= 0 else f">={digits_of(self.top)}"
        low = (number / width).to_integral_value("ROUND_FLOOR") * width
        high = low + width
        low = low if self.bottom is None else max(low, self.bottom)
        high = high if self.top is None else min(high, self.top)
        if whole:
            high -= 1
            if low == high:
                return digits_of(low)
        if low < 0:
            # A spreadsheet runs what begins with a minus sign and is no number.
            return f"[{digits_of(low)} to {digits_of(high)}{']' if whole else '['}"
        return f"{digits_of(low)}-{'' if whole else '<'}{digits_of(high)}"


@dataclass(frozen=True, slots=True)
class DateUnits:
    """Dates and date-times by ``units``, from fine to coarse.

    ISO 8601 (a year or a month alone, too), day.month.year, or quarters, months and weeks as SPSS
    and Stata show them; in 31/1/1980 and 31-1-1980 the order of day and month must follow from
    the dates.
    """

    units: tuple[str, ...]
    what = "a date such as 1980-01-31"

    def reader(self, values: Sequence[str]) -> Callable[[str], Chain | None]:
        """Return what gives a value's groups; None for what is no date."""
        order = slashed_order(values)
        finest_known = "year" if not order else "day"

        def groups(value: str) -> Chain | None:
            date = date_in(value, order)
            too_fine = UNITS.index(self.units[0]) < UNITS.index(finest_known)
            if date is None or (too_fine and _SLASHED.fullmatch(value.strip())):
                return None
            return [_date_label(date, unit) for unit in self.units]

        return groups


def slashed_order(values: Iterable[str]) -> str:
    """Return "dmy" or "mdy" as dates such as 31/1/1980 among the values show it, "" if neither."""
    found = [match for value in values if (match := _SLASHED.fullmatch(value.strip()))]
    first, second = (any(int(match[part]) > 12 for match in found) for part in (1, 2))
    return "" if first == second else "dmy" if first else "mdy"


def date_in(text: str, order: str) -> Date | None:
    """Return year, quarter, month and day as far as a text says them, None for what is no date."""
    text = text.strip()
    day: str | None = None
    month: str | None = None
    if found := _ISO.fullmatch(text):
        year, month, day = found.groups()
    elif found := _DOTTED.fullmatch(text):
        day, month, year = found.groups()
    elif found := _SLASHED.fullmatch(text):
        one, other, year = found.groups()
        if order:
            day, month = (one, other) if order == "dmy" else (other, one)
    elif found := _MONTH.fullmatch(text):
        name, year = found["name"], found["year"] or found["y"]
        month = found["m"] or (str(_NAMES.index(name) + 1) if name in _NAMES else "0")
    elif found := _QUARTER.fullmatch(text):
        return int(found["year"] or found["y"]), int(found["quarter"] or found["q"]), None, None
    elif found := _WEEK.fullmatch(text):
        year = found["year"] or found["y"]
    else:
        return None
    in_year = None if month is None else int(month)
    in_month = None if day is None else int(day)
    if (in_year is None or 1 <= in_year <= 12) and (in_month is None or 1 <= in_month <= 31):
        return int(year), None if in_year is None else (in_year + 2) // 3, in_year, in_month
    return None


def _date_label(date: Date, unit: str) -> str:
    year, quarter, month, day = date
    if unit == "decade":
        return f"{year // 10 * 10:04}s"
    if unit == "year" or quarter is None:
        return f"{year:04}"
    if unit == "quarter" or month is None:
        return f"{year:04}-Q{quarter}"
    if unit == "month" or day is None:
        return f"{year:04}-{month:02}"
    return f"{year:04}-{month:02}-{day:02}"


@dataclass(frozen=True, slots=True)
class CodePrefixes:
    """Codes by their first ``lengths`` letters or digits, from many to few: 10115, 101*, 1*."""

    lengths: tuple[int, ...]
    what = "a code"

    def reader(self, _: Sequence[str]) -> Callable[[str], Chain | None]:
        """Return what gives a value's groups: every text has a beginning."""
        return lambda v: [v if len(v) <= most else f"{v[:most]}*" for most in self.lengths]


@dataclass(frozen=True, slots=True)
class MadeHierarchy:
    """A rule in place of a hierarchy file; ``apart``: values that it leaves to themselves."""

    rule: NumberBands | DateUnits | CodePrefixes
    apart: frozenset[str] = frozenset()

    def lines(self, values: Sequence[str]) -> tuple[list[Chain], list[str]]:
        """Return a line for each value as in a hierarchy file, and the values without a place."""
        named = [value for value in values if value not in self.apart]
        groups = self.rule.reader(named)
        found = {value: groups(value) for value in named}
        lines = [[value, *chain, ROOT] for value, chain in found.items() if chain is not None]
        levels = len(groups_of) if (groups_of := next(iter(lines), [])) else 2
        lines += [[value] * (levels - 1) + [ROOT] for value in values if value in self.apart]
        return lines, [value for value, chain in found.items() if chain is None]


def numbers_in(value: object) -> list[Decimal]:
    """Return one number or a list of them, or nothing for anything else."""
    several = value if isinstance(value, list) else [value]
    if any(isinstance(one, bool) or not isinstance(one, (int, float)) for one in several):
        return []
    numbers = [Decimal(str(one)) for one in several]
    return numbers if all(number.is_finite() for number in numbers) else []


def _bands(where: str, table: Mapping[str, Any]) -> NumberBands:
    widths = numbers_in(table["bands"])
    if not widths or min(widths) <= 0:
        raise ExportRefused(f"{where}: bands must be widths above 0, such as [5, 10].")
    for narrow, wide in pairwise(widths):
        if wide <= narrow or wide % narrow:
            raise ExportRefused(
                f"{where}: bands of {digits_of(wide)} do not hold whole bands of"
                f" {digits_of(narrow)}; each width must be a multiple of the one before."
            )
    ends = {end: numbers_in(table[end]) for end in ("bottom", "top") if end in table}
    if wrong := [end for end, numbers in ends.items() if len(numbers) != 1]:
        raise ExportRefused(f"{where}: {wrong[0]} must be a number.")
    bottom, top = (ends[end][0] if end in ends else None for end in ("bottom", "top"))
    if bottom is not None and top is not None and bottom >= top:
        raise ExportRefused(f"{where}: bottom must be less than top.")
    return NumberBands(tuple(widths), bottom, top)


def _dates(where: str, table: Mapping[str, Any]) -> DateUnits:
    asked = table["dates"]
    named = asked.split(",") if isinstance(asked, str) else asked
    words = isinstance(named, list) and all(isinstance(unit, str) for unit in named)
    units = tuple(unit.strip() for unit in named) if words else ()
    places = [UNITS.index(unit) for unit in units if unit in UNITS]
    if not units or len(places) < len(units) or places != sorted(set(places)):
        raise ExportRefused(
            f"{where}: dates must be units from fine to coarse, such as"
            f' ["month", "year", "decade"]. There are: {", ".join(UNITS)}.'
        )
    return DateUnits(units)


def _prefixes(where: str, table: Mapping[str, Any]) -> CodePrefixes:
    lengths = [int(number) for number in numbers_in(table["prefix"]) if number == int(number)]
    if not lengths or lengths != sorted({*lengths} - {0}, reverse=True) or lengths[-1] < 1:
        raise ExportRefused(
            f"{where}: prefix must be numbers of letters, the most first, such as [3, 1]."
        )
    return CodePrefixes(tuple(lengths))


_KINDS: Mapping[str, tuple[tuple[str, ...], Callable[[str, Mapping[str, Any]], Any]]] = {
    "bands": (("bands", "bottom", "top"), _bands),
    "dates": (("dates",), _dates),
    "prefix": (("prefix",), _prefixes),
}


def made_hierarchy(where: str, table: Mapping[str, Any]) -> MadeHierarchy:
    """Return the rule that a policy says; ``where`` names file and key. Raise ExportRefused."""
    kinds = [kind for kind in _KINDS if kind in table]
    if len(kinds) != 1:
        raise ExportRefused(f"{where} must have one of {', '.join(_KINDS)}, or be a file name.")
    keys, read = _KINDS[kinds[0]]
    for key in table:
        if key not in (*keys, "apart"):
            known = ", ".join((*keys, "apart"))
            raise ExportRefused(f"{where}: {kinds[0]} has no key {key}. There are: {known}.")
    return MadeHierarchy(read(where, table), apart_in(where, table))


def apart_in(where: str, table: Mapping[str, Any]) -> frozenset[str]:
    """Return the values that a rule leaves to themselves. Raise ExportRefused."""
    apart = table.get("apart", [])
    single = (str, int, float)
    if not isinstance(apart, list) or not all(
        isinstance(value, single) and not isinstance(value, bool) for value in apart
    ):
        raise ExportRefused(f'{where}: apart must be a list of values, such as [-99, "unknown"].')
    return frozenset(map(str, apart))
