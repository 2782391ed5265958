"""A release after it was made: recalled where it is faulty, and handed to a named person."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date

from forms.typed_text import tidy_words
from survey.errors import Refusal
from survey.storage import releases
from survey.storage.database import Database
from survey.storage.releases import HandOver
from survey.storage.stores import Stores
from survey.studies.data_use import check_release


def releases_sharing_rows(office: Database, study: str, number: int) -> list[int]:
    """Return every release with a part of one edition of these segments, ``number`` included.

    A fault of one tier may stem from the one that it was made of, so tiers are not told apart.
    """
    held = releases.contents(office, study)
    makings = {(segment, edition) for segment, _, edition in held.get(number, ())}
    sharing = [n for n, parts in held.items() if makings & {(s, e) for s, _, e in parts}]
    return sorted({number, *sharing})


def recall(stores: Stores, study: str, number: int, *, why: str, at: str) -> list[int]:
    """Recall release ``number`` and all that share its rows for good; return their numbers.

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


def hand_over(stores: Stores, study: str, given: HandOver) -> None:
    """Note to whom a release was given. Raises Refusal for none, DataUseStopped where it may not.

    One of a pilot may not be given to anybody; that it was is noted all the same.
    """
    office = stores.office
    made = {one.number: one for one in releases.all_releases(office, study)}
    if given.release not in made:
        raise Refusal(
            f"{study} has no release {given.release}: `lacrima ledger {study}` lists them."
        )
    check_release(office, study, pilot=made[given.release].pilot)
    releases.hand_over(office, study, given)


REQUESTS = {
    "name": "Say who gets it.",
    "agreement": "Say under which agreement.",
    "date": "Say on which day it was agreed.",
}
LONGEST = 200


def fault_in(typed: Mapping[str, str], *, required: bool) -> tuple[str, str]:
    """Return the first field that is wrong and a sentence saying so; two empty strings if none."""
    given = [name for name in REQUESTS if typed.get(name, "").strip()]
    if not given and not required:
        return "", ""
    for name in REQUESTS:
        text = tidy_words(typed.get(name, ""))
        if not text:
            return name, f"{REQUESTS[name]} Name all three: person, agreement and date."
        if len(text) > LONGEST or not {"\n", "\t"}.isdisjoint(text):
            return name, f"Shorten this to {LONGEST} characters on one line."
    written = typed["date"].strip()
    with suppress(ValueError):
        if date.fromisoformat(written).isoformat() == written:  # it reads 20261122 and W-dates too
            return "", ""
    return "date", "Write the day as year-month-day, for example 2026-11-22."


def recipient_of(typed: Mapping[str, str]) -> dict[str, str] | None:
    """Return what was typed without fault; None where nothing was."""
    said = {name: tidy_words(typed.get(name, "")) for name in REQUESTS}
    return said if all(said.values()) else None
