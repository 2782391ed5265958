"""support.toml as objects: help lines by country, each checked by a person."""

from __future__ import annotations

import re

from forms.read import Table
from forms.read_consent import read_passages
from forms.study import HelpLine, Support

ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def read_support(top: Table) -> Support:
    """The whole file; what is wrong with it is noted in ``top``."""
    return Support(
        intro=top.text("intro"),
        lines=tuple(read_line(t) for t in top.tables("line", "name")),
        emergency=tuple(
            (t.text("countries"), t.text("number")) for t in top.tables("emergency", "countries")
        ),
        passages=read_passages(top, "passage"),
    )


def read_line(table: Table) -> HelpLine:
    """One place to get help."""
    checked = table.text("last_checked", blank=True)
    if checked and not is_date(checked):
        table.fault("last_checked", f"{checked!r} is not a date", 'empty, or such as "2026-01-31"')
    return HelpLine(
        countries=table.texts("countries"),
        name=table.text("name"),
        contact=table.text("contact"),
        url=table.https("url", blank=True),
        last_checked=checked,
        youth=table.flag("youth"),
    )


def is_date(text: str) -> bool:
    """Whether it is a day of the calendar, written as ISO 8601 has it."""
    found = ISO_DATE.fullmatch(text)
    if not found:
        return False
    year, month, day = map(int, found.groups())
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 1 <= month <= 12 and 1 <= day <= DAYS[month - 1] + leap
