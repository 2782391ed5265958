"""Recalling a faulty release, and with it every other that repeats what is faulty.

Who is given a restricted file: person, agreement and date, checked wherever they are typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from survey.errors import Refusal
from survey.storage import releases
from survey.storage.database import Database
from survey.storage.stores import Stores


def releases_sharing_rows(office: Database, study: str, number: int) -> list[int]:
    """Every release with a part of the same making of the same segments, ``number`` included.

    A fault of one tier may well stem from the one that it was made of, so tiers are not told apart.
    """
    held = releases.contents(office, study)
    makings = {(segment, edition) for segment, _, edition in held.get(number, ())}
    sharing = [n for n, parts in held.items() if makings & {(s, e) for s, _, e in parts}]
    return sorted({number, *sharing})


def recall(stores: Stores, study: str, number: int, *, why: str, at: str) -> list[int]:
    """Recall release ``number`` and all its ``holders`` for good; gives their numbers.

    ``at`` is an ISO time. Raises Refusal for a release that is not there or recalled already.
    """
    office = stores.office
    if number not in {made.number for made in releases.all_releases(office, study)}:
        raise Refusal(f"{study} has no release {number}: `lacrima ledger {study}` lists them.")
    if not why.strip():
        raise Refusal("An erratum says what is wrong: give it a sentence.")
    already = {e.release for e in releases.errata(office, study)}
    if number in already:
        raise Refusal(f"Release {number} was recalled already.")
    reached = [n for n in releases_sharing_rows(office, study, number) if n not in already]
    releases.recall(office, study, reached, at=at, why=why.strip())
    return reached


FIELDS = ("name", "agreement", "date")
LONGEST = 200


def fault_in(typed: Mapping[str, str], *, required: bool) -> tuple[str, str]:
    """The first field that is wrong and a sentence saying so; two empty strings if none is."""
    given = [name for name in FIELDS if typed.get(name, "").strip()]
    if not given and not required:
        return "", ""
    for name in FIELDS:
        text = typed.get(name, "").strip()
        if not text:
            return name, f"{_ASKED[name]} Name all three: person, agreement and date."
        if len(text) > LONGEST or not text.isprintable():
            return name, f"Shorten this to {LONGEST} characters on one line."
    return ("", "") if _is_date(typed["date"].strip()) else ("date", _NO_DATE)


def recipient_of(typed: Mapping[str, str]) -> dict[str, str] | None:
    """What was typed without fault; None where nothing was."""
    said = {name: typed.get(name, "").strip() for name in FIELDS}
    return said if all(said.values()) else None


_ASKED = {
    "name": "Say who gets it.",
    "agreement": "Say under which agreement.",
    "date": "Say on which day it was agreed.",
}
_NO_DATE = "Write the day as year-month-day, for example 2026-11-22."


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
