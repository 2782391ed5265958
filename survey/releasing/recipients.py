"""Who is given a restricted file: person, agreement and date, checked wherever they are typed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from forms.study import Tier

OPEN_TIERS = ("A", "B")  # anybody may have them (exports.documents.told)
FIELDS = ("name", "agreement", "date")
LONGEST = 200


def is_restricted(tier: Tier) -> bool:
    """Whether only named persons may have it."""
    return tier.name not in OPEN_TIERS


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
