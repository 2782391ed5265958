"""The help page as clients are shown it: what was signed, with corrected contacts, none unchecked.

Without a signature only the contact and the address of a line that is signed may be corrected in
the study folder's support.toml. A check counts from the day of a correction on, and for CHECK_DAYS;
a line without one is shown to nobody but in a pilot. An older contact never comes back by itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta

from forms.study import HelpLine, Support
from survey.clock import iso_utc
from survey.errors import StoreError
from survey.storage import help_lines
from survey.storage.database import Database
from survey.storage.help_lines import Correction

CHECK_DAYS = 90  # so long a check of a help line counts
# So long before a line is hidden staff are told; so long a corrected line is shown unchecked.
NOTICE_DAYS = 14


def contact_of(line: HelpLine) -> str:
    """Return contact and address of a line as one text."""
    return f"{line.contact} <{line.url}>" if line.url else line.contact


def corrected(signed: Support, present: Support) -> Support:
    """Return the signed page with the contacts, addresses and dates that the folder has now."""
    there = {line.label: line for line in present.lines}
    lines = tuple(
        replace(line, contact=now.contact, url=now.url, last_checked=now.last_checked)
        if (now := there.get(line.label))
        else line
        for line in signed.lines
    )
    same = present.emergency == signed.emergency
    checked = present if same else signed
    return replace(signed, lines=lines, emergency_last_checked=checked.emergency_last_checked)


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """A help line, its date of a check empty where that does not count.

    ``until`` is the last day (ISO) on which it is shown; empty for one that was never checked.
    """

    line: HelpLine
    until: str

    def in_time(self, today: str) -> bool:
        """Return whether its last check still counts."""
        checked = self.line.last_checked
        return bool(checked) and today <= _after(checked, CHECK_DAYS)


@dataclass(frozen=True, slots=True)
class HelpPage:
    """The help page of one day, with every line that it should have."""

    support: Support
    lines: tuple[CheckedLine, ...]
    emergency_checked: bool
    today: str

    @property
    def shown(self) -> Support:
        """Return the page with the lines that are shown today."""
        shown = tuple(one.line for one in self.lines if one.until >= self.today)
        return replace(self.support, lines=shown)

    @property
    def hidden(self) -> tuple[HelpLine, ...]:
        """Return the lines that are shown to nobody."""
        return tuple(one.line for one in self.lines if one.until < self.today)

    @property
    def unchecked(self) -> tuple[HelpLine, ...]:
        """Return the lines that nobody has checked within CHECK_DAYS."""
        return tuple(one.line for one in self.lines if not one.in_time(self.today))

    def sentences(self) -> Iterator[str]:
        """Yield, for staff, what is hidden, what will be soon, and what was not checked."""
        soon = _after(self.today, NOTICE_DAYS)
        lapsing = [one for one in self.lines if self.today <= one.until <= soon]
        if self.hidden:
            yield (
                f"Help lines not shown to clients, as nobody has checked them within {CHECK_DAYS} "
                f"days: {_listed(self.hidden)}."
            )
        for until in sorted({one.until for one in lapsing}):
            due = [one.line for one in lapsing if one.until == until]
            yield f"Help lines shown until {until} unless they are checked: {_listed(due)}."
        if not self.emergency_checked:
            yield (
                "The emergency numbers were not compared with an official list within "
                f"{CHECK_DAYS} days. They are shown all the same."
            )


def _listed(lines: Sequence[HelpLine]) -> str:
    return "; ".join(line.label for line in lines)


def help_page(
    signed: Support, present: Support, known: Sequence[Correction], today: str
) -> HelpPage:
    """Return the help page of ``today``, as signed and as the folder has it now."""
    support = corrected(signed, present)
    met = {one.line: one for one in known}
    lines = tuple(
        _checked(line, was.last_checked, met.get(line.label), today)
        for was, line in zip(signed.lines, support.lines, strict=True)
    )
    compared = support.emergency_last_checked
    in_time = bool(compared) and compared <= today <= _after(compared, CHECK_DAYS)
    return HelpPage(replace(support, lines=tuple(o.line for o in lines)), lines, in_time, today)


def _checked(line: HelpLine, signed: str, correction: Correction | None, today: str) -> CheckedLine:
    """Return the line with its date if that counts, and the last day on which it is shown.

    No other date in the folder takes the check away that was ``signed``: only a signature takes a
    line out.
    """
    checked = line.last_checked if line.last_checked <= today else ""
    if correction:
        checked = checked if checked >= correction.day else ""
    elif signed <= today:
        checked = max(checked, signed)
    days = [_after(checked, CHECK_DAYS)] if checked else []
    days += [_after(correction.day, NOTICE_DAYS)] if correction else []
    return CheckedLine(replace(line, last_checked=checked), max(days, default=""))


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _after(day: str, days: int) -> str:
    return (_day(day) + timedelta(days=days)).isoformat()


def note_corrections(
    office: Database, study: str, signed: Support, present: Support, today: str
) -> list[Correction]:
    """Keep what the folder corrects of the signed page since it was last looked at.

    Returns every correction of the study: also where it cannot be written, as on a full disk.
    """
    known = help_lines.corrections(office, study)
    before = {line.label: contact_of(line) for line in signed.lines}
    before |= {one.line: one.new for one in known if one.line in before}
    now = {line.label: contact_of(line) for line in corrected(signed, present).lines}
    found = [
        Correction(label, today, before[label], contact)
        for label, contact in now.items()
        if before[label] != contact
    ]
    if found:
        with suppress(sqlite3.Error, StoreError):
            help_lines.record(office, study, found, at=iso_utc())
    return [*known, *found]
