"""Counted events of a study, as a running collection leaves them in its store."""

from __future__ import annotations

from typing import Self

from forms.study import Study
from survey.storage.counters import EventCounters
from survey.storage.stores import Stores


class Collection:
    """A study and the store in which its events are counted."""

    def __init__(self, stores: Stores, study: Study) -> None:
        self.stores, self.study = stores, study

    def add(self, **events: int) -> Self:
        """Count each event so many times more."""
        tallies = EventCounters()
        for event, times in events.items():
            for _ in range(times):
                tallies.add(self.study.name, event)
        tallies.flush(self.stores.responses)
        return self
