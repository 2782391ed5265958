"""What a release tells of its collection: totals that cannot be held against its rows.

A release says exactly how many rows it has. A total of those who sent or deleted answers beside it
would tell by subtraction whether one client deleted hers: so none is told. Answers are counted as
they lie frozen, those deleted before are nowhere in it, and no total leaves under 10 people between
itself and the rows (docs/decisions/0019-totals-of-a-release.md).
"""

from __future__ import annotations

from exports.tables.variables import SMALLEST
from forms.study import Study
from survey.collection.figures import TOTALS_STEP, Totals, tallies_for_release
from survey.storage import releases
from survey.storage.stores import Stores

SENT = "sent"  # answers in frozen batches, for exports/documents/cherries.py
# Those that no row follows from. Not told: completed, stopped_sent, withdrawn.
APART = ("landing", "info", "screened_out", "not_now", "declined", "support", "quick_exit")
ROUNDED_OFF = TOTALS_STEP - 1  # the most by which a told total lies under the true one
AGREED, DELETED = "consented", "stopped_deleted"


def totals_for_release(
    stores: Stores, study: Study, answers: int | None, *, pilot: bool
) -> dict[str, int]:
    """Event → total as it may be told now, 0 where it may not; nothing before the first step.

    ``answers`` are all frozen ones, None where some of them came another way than through the
    site, so that nothing can be said of those who agreed.
    """
    shown = tallies_for_release(stores, study, pilot=pilot)
    if not shown:
        return {}
    told = {event: _large(shown[event]) for event in APART}
    if answers is None:
        return told
    agreed = _agreed(shown, answers)
    earlier = releases.collected(stores.office, study.name).values()
    if any(_too_near(agreed, before) for before in earlier):
        agreed[AGREED] = 0
    return {**told, **agreed}


def _large(total: int) -> int:
    return total if total >= SMALLEST else 0


def _agreed(shown: Totals, answers: int) -> dict[str, int]:
    """Those who agreed and what became of them, as long as 10 are left of whom it is not said."""
    agreed, deleted = _large(shown[AGREED]), _large(shown[DELETED])
    if agreed - answers < SMALLEST:
        agreed = 0
    elif agreed - answers - (deleted + ROUNDED_OFF) < SMALLEST:
        deleted = 0
    return {AGREED: agreed, SENT: _large(answers - answers % TOTALS_STEP), DELETED: deleted}


def _too_near(now: Totals, before: Totals) -> bool:
    """Whether two releases with other answers would tell that under 10 sent nothing in between."""
    if not (now[AGREED] and before.get(AGREED)) or now[SENT] == before[SENT]:
        return False
    unsent = [one[AGREED] - one[SENT] for one in (now, before)]
    return abs(unsent[0] - unsent[1]) < SMALLEST + 2 * ROUNDED_OFF
