"""Dates and times as numbers of SPSS and Stata, written out as text.

Days and moments are ISO 8601; what has no such form reads as the package shows it: 1 Q 2013,
JAN 2013, 5 WK 2013 and 1 05:14:00 in SPSS, 2013q1 in Stata. A time is hours, minutes and seconds,
the hours beyond 24 counted on, with every digit that is stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import numpy as np

# Text of a number, or None where it is no such date or time.
Shown = Callable[[float], str | None]

DAY = 86_400
SPSS_ZERO = np.datetime64("1582-10-14")  # IBM SPSS Statistics, "Date and time formats"
STATA_ZERO = np.datetime64("1960-01-01")  # Stata User's Guide, 25 "Working with dates and times"
FIRST, LAST = np.datetime64("1582-10-15"), np.datetime64("9999-12-31")
WEEKDAYS = ("SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY")
MONTHS = (
    "JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST", "SEPTEMBER",
    "OCTOBER", "NOVEMBER", "DECEMBER",
)  # fmt: skip
HALVES = {"h": 2, "q": 4, "m": 12, "w": 52}  # Stata's parts of a year


def _seconds(number: float) -> Decimal:
    """Return seconds with the digits that a double of this age holds: .72, not .719999."""
    return round(Decimal(repr(number)), 5)


def _two(number: Decimal) -> str:
    """Return seconds below 60 as two digits and what follows them."""
    return f"{number:012.9f}".rstrip("0").rstrip(".")


def clock(seconds: Decimal) -> str:
    """Return hours, minutes and seconds, as many hours as there are: 29:14:00, -01:30:00.5."""
    whole, rest = divmod(abs(seconds), 60)
    hours, minutes = divmod(int(whole), 60)
    return f"{'-' * (seconds < 0)}{hours:02}:{minutes:02}:{_two(rest)}"


def _day(zero: np.datetime64, days: float) -> np.datetime64 | None:
    """Return the day, None beyond the calendar."""
    if not abs(days) < 1e7:
        return None
    day = zero + np.timedelta64(int(days // 1), "D")
    return day if FIRST <= day <= LAST else None


def _moment(zero: np.datetime64, seconds: Decimal) -> str | None:
    days, rest = seconds // DAY, seconds % DAY
    if rest < 0:  # Decimal's remainder has the sign of what is divided
        days, rest = days - 1, rest + DAY
    day = _day(zero, float(days))
    return None if day is None else f"{day} {clock(rest)}"


def _spss_day(number: float) -> np.datetime64 | None:
    return _day(SPSS_ZERO, number / DAY)


def _parts(day: np.datetime64) -> tuple[int, int, int]:
    """Return year, month and day of the year."""
    year, month = (int(part) for part in str(day).split("-")[:2])
    return year, month, int((day - np.datetime64(f"{year:04}-01-01")).astype(int)) + 1


def _iso(number: float) -> str | None:
    day = _spss_day(number)
    return None if day is None else str(day)


def _quarter(number: float) -> str | None:
    if (day := _spss_day(number)) is None:
        return None
    year, month, _ = _parts(day)
    return f"{(month + 2) // 3} Q {year}"


def _month(number: float) -> str | None:
    if (day := _spss_day(number)) is None:
        return None
    year, month, _ = _parts(day)
    return f"{MONTHS[month - 1][:3]} {year}"


def _week(number: float) -> str | None:
    if (day := _spss_day(number)) is None:
        return None
    year, _, at = _parts(day)
    return f"{(at + 6) // 7} WK {year}"


def _days_and_clock(number: float) -> str:
    seconds = _seconds(number)
    return f"{'-' * (seconds < 0)}{int(abs(seconds) // DAY)} {clock(abs(seconds) % DAY)}"


def _minutes(number: float) -> str:
    seconds = _seconds(number)
    minutes, rest = divmod(abs(seconds), 60)
    return f"{'-' * (seconds < 0)}{int(minutes):02}:{_two(rest)}"


_SPSS: dict[str, Shown] = {
    **dict.fromkeys(("DATE", "ADATE", "EDATE", "JDATE", "SDATE"), _iso),
    **dict.fromkeys(("DATETIME", "YMDHMS"), lambda n: _moment(SPSS_ZERO, _seconds(n))),
    "QYR": _quarter,
    "MOYR": _month,
    "WKYR": _week,
    "TIME": lambda n: clock(_seconds(n)),
    "DTIME": _days_and_clock,
    "MTIME": _minutes,
}
_NAMES = {"WKDAY": WEEKDAYS, "MONTH": MONTHS}


def spss_dates(display: str) -> Shown | None:
    """Return how a display format such as DATETIME23.2 writes a number; None for no date or time.

    A weekday or month is as long as the format is wide (WKDAY3: SUN).
    """
    found = re.fullmatch(r"([A-Z]+)(\d*)(?:\.\d+)?", display)
    if not found:
        return None
    if names := _NAMES.get(found[1]):
        width = int(found[2] or 9)
        return lambda n: names[int(n) - 1][:width] if 1 <= n < len(names) + 1 else None
    return _SPSS.get(found[1])


def _stata_part(part: str, in_year: int) -> Shown:
    def shown(number: float) -> str | None:
        year, at = divmod(int(number), in_year)
        return f"{1960 + year}{part}{at + 1}" if 0 <= 1960 + year <= 9999 else None

    return shown


def _stata_day(number: float) -> str | None:
    day = _day(STATA_ZERO, number)
    return None if day is None else str(day)


_STATA: dict[str, Shown] = {
    "d": _stata_day,
    "c": lambda n: _moment(STATA_ZERO, _seconds(n) / 1000),
    **{part: _stata_part(part, in_year) for part, in_year in HALVES.items()},
}


def stata_unit(display: str) -> str:
    """Return the letter of a date format (c for %tc, d for %td and %d), or nothing."""
    found = re.match(r"%-?(?:t([a-zA-Z])|(d))", display)
    return (found[1] or found[2]) if found else ""


def stata_dates(display: str) -> Shown | None:
    """Return how a display format such as %tc writes a number; None for no date or time."""
    return _STATA.get(stata_unit(display))
