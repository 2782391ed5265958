"""How the questions about the information were answered: totals in memory, in no file.

They tell whether the words of a study are understood, and nothing of one person: they move when
the other figures do (survey.collection.figures), rounded down as those are. Each server process
counts by itself from its start; what it counted ends with it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping

Step = tuple[int, int]  # page loads and completions when the other figures moved last
Answers = Mapping[str, Mapping[str, int]]
"""Question id → right, wrong and blank → how many."""

RIGHT, WRONG, BLANK = "right", "wrong", "blank"
_KIND = {True: RIGHT, False: WRONG, None: BLANK}


class UnderstandingCounters:
    """The totals of this process, and those that may be shown since the last step."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, bool, str, str]] = Counter()
        self._shown: dict[tuple[str, bool], tuple[Step, Answers]] = {}
        self._lock = threading.Lock()

    def add(self, study: str, answers: Mapping[str, bool | None], *, pilot: bool) -> None:
        """Count the answers of one client: right, not right, or blank."""
        with self._lock:
            self._counts.update((study, pilot, asked, _KIND[a]) for asked, a in answers.items())

    def shown(self, study: str, *, pilot: bool, step: Step, grain: int) -> Answers:
        """Return the totals as they stood at ``step``, rounded down to ``grain``.

        Nothing before the first step that this process sees: a total that moved at the time of
        asking would tell of single people.
        """
        with self._lock:
            at, shown = self._shown.setdefault((study, pilot), (step, {}))
            if at != step:
                shown = self._rounded(study, pilot=pilot, grain=grain)
                self._shown[study, pilot] = step, shown
            return shown

    def _rounded(self, study: str, *, pilot: bool, grain: int) -> Answers:
        found: dict[str, dict[str, int]] = {}
        for (name, trial, asked, kind), total in self._counts.items():
            if (name, trial) == (study, pilot):
                of_one = found.setdefault(asked, dict.fromkeys((RIGHT, WRONG, BLANK), 0))
                of_one[kind] = total - total % grain
        return found
