"""What each room offers for a study. A feature's route module says so when it is imported:

    offer_feature("research", "research_charts.overview", "Charts", "Of …", part="results")

The room's pages then link to ``url_for(endpoint, name=STUDY)``, part by part, in the order of
``place``.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

# The parts of a study's page, as its work goes on: key → heading.
PARTS = {
    "begin": "Before the first answer",
    "run": "While it runs",
    "results": "What comes of it",
    "board": "With the ethics board",
}


@dataclass(frozen=True, slots=True)
class StudyCard:
    """A page of a study in a room; ``sentence`` says what one can do there."""

    room: str
    endpoint: str
    title: str
    sentence: str
    part: str
    place: int


_CARDS: dict[tuple[str, str], StudyCard] = {}


def register_card(
    room: str, endpoint: str, title: str, sentence: str, *, part: str = "board", place: int = 50
) -> None:
    """Put a page into the study's list in ``room`` ("research" or "ethics"), under one of PARTS."""
    _CARDS[room, endpoint] = StudyCard(room, endpoint, title, sentence, part, place)


def cards_in(room: str) -> list[StudyCard]:
    """Those of this room that the running application serves, in order."""
    found = (f for f in _CARDS.values() if f.room == room)
    served = (f for f in found if f.endpoint in current_app.view_functions)
    return sorted(served, key=lambda f: (f.place, f.title))


def cards_by_part(room: str) -> dict[str, list[StudyCard]]:
    """The same under the headings of PARTS; a part with nothing in it is left out."""
    found = cards_in(room)
    parts = {title: [f for f in found if f.part == key] for key, title in PARTS.items()}
    return {title: features for title, features in parts.items() if features}
