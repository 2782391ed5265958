"""How many of a study's kept-apart texts stand where. Reads no word of any of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from survey.store.database import Database
from survey.store.totals import texts_of

NEVER = ""  # in place of a language: its mere existence would narrow down who wrote the text


@dataclass(frozen=True, slots=True)
class Pile:
    """``count`` texts of the ``table`` that are alike in question, language, batch and state."""

    table: str
    variable: str
    lang: str
    batch: int
    state: str
    count: int


def piles(db: Database, study: str) -> list[Pile]:
    """Every pile of the study's texts, those that have just arrived included."""
    return [Pile(*row) for row in texts_of(db, study)]


def counts(db: Database, study: str, *, frozen_only: bool) -> Counter[tuple[str, str, str]]:
    """(question, language, state) → texts; the language of those never released is NEVER."""
    found: Counter[tuple[str, str, str]] = Counter()
    for pile in piles(db, study):
        if pile.batch or not frozen_only:
            found[pile.variable, pile.lang, pile.state] += pile.count
    return found
