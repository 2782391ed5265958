"""Dates that a site gives and a board signs: days that bind the program, told in words.

In site.toml and in the fingerprint of the site's facts they are ISO dates.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping

from forms.platform_texts import MONTHS

FREEZE = "freeze_not_before"  # from this day on answers may be frozen, on none before
LAST_DAY = "last_day_to_delete"  # the day before: no fact of its own
# Last days on which something is kept (docs/host.md, Keeping and destroying).
ANSWERS, TEXTS, RELEASES = "answers_until", "texts_until", "releases_until"
RECORDS, BACKUPS = "records_until", "backups_until"
LAST_DAYS = (ANSWERS, TEXTS, RELEASES, RECORDS, BACKUPS)
DATES = (FREEZE, *LAST_DAYS)

# What may stand before a date, so that the sentence says what the program does.
_BEFORE = {
    FREEZE: (r"from|on|before", "From {%s} on …, before {%s} …"),
    **dict.fromkeys(
        (LAST_DAY, *LAST_DAYS),
        (r"(?:until|by|at)(?:\s+the\s+end\s+of)?|after|on", "until the end of {%s}, after {%s} …"),
    ),
}


def fact_of(name: str) -> str:
    """Return the fact that fills the placeholder ``name``."""
    return FREEZE if name == LAST_DAY else name


def shown(name: str, facts: Mapping[str, str], language: str) -> str | None:
    """Return what stands in the words for the placeholder ``name``; None without its fact."""
    given = facts.get(fact_of(name))
    if given and fact_of(name) in DATES:
        return in_words(day_before(given) if name == LAST_DAY else given, language)
    return given


def day_before(day: str) -> str:
    """Return the day before an ISO date."""
    year, month, number = map(int, day.split("-"))
    if number == 1:
        year, month = (year - 1, 12) if month == 1 else (year, month - 1)
        number = monthrange(year, month)[1] + 1
    return f"{year:04}-{month:02}-{number - 1:02}"


def in_words(day: str, language: str = "en") -> str:
    """Return an ISO date as people write it in English, as it is in any other language."""
    if language.partition("-")[0] != "en":
        return day
    year, month, number = map(int, day.split("-"))
    return f"{number} {MONTHS[month - 1]} {year}"


def cannot_stand(name: str, before: str) -> str:
    """Return how a date stands in an English sentence, where it cannot behind ``before``."""
    words, example = _BEFORE.get(name, ("", ""))
    if not words or re.search(rf"(?i)(?:^|[^\w])(?:{words})\s+$", before):
        return ""
    return example.replace("%s", name)
