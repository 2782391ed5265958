"""Recalling a faulty release, and with it every other that repeats what is faulty."""

from __future__ import annotations

from survey.errors import Refusal
from survey.store import ledger, releases
from survey.store.connect import Stores
from survey.store.database import Database


def holders(office: Database, study: str, number: int) -> list[int]:
    """Every release with a part of the same making of the same segments, ``number`` included.

    A fault of one tier may well stem from the one that it was made of, so tiers are not told apart.
    """
    held = ledger.contents(office, study)
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
    already = {e.release for e in ledger.errata(office, study)}
    if number in already:
        raise Refusal(f"Release {number} was recalled already.")
    reached = [n for n in holders(office, study, number) if n not in already]
    ledger.recall(office, study, reached, at=at, why=why.strip())
    return reached
