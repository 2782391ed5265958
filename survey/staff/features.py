"""What each room offers for a study. A feature's route module says so when it is imported:

    offer_feature("research", "research_releases.overview", "Releases", "Make and download …")

The room's pages then link to ``url_for(endpoint, name=STUDY)`` in the order of ``place``.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app


@dataclass(frozen=True, slots=True)
class Feature:
    """A page of a study in a room; ``sentence`` says what one can do there."""

    room: str
    endpoint: str
    title: str
    sentence: str
    place: int


_FEATURES: dict[tuple[str, str], Feature] = {}


def offer_feature(room: str, endpoint: str, title: str, sentence: str, *, place: int = 50) -> None:
    """Put a page into the study's list in ``room`` ("research" or "ethics")."""
    _FEATURES[room, endpoint] = Feature(room, endpoint, title, sentence, place)


def features_in(room: str) -> list[Feature]:
    """Those of this room that the running application serves, in order."""
    found = (f for f in _FEATURES.values() if f.room == room)
    served = (f for f in found if f.endpoint in current_app.view_functions)
    return sorted(served, key=lambda f: (f.place, f.title))
