"""What may be told of a pilot: nothing that shows a person beside all that was told of it before.

Its answers are not frozen, so two previews with one answer between them would show that very row,
and a text that came alone would be read with its writer in mind (docs/decisions/0020). The commands
are the operator's and are not bound by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from forms.study import Study
from survey.collection.figures import SIMULATED
from survey.errors import Refusal
from survey.releases.floors import least_apart
from survey.storage import answer_tables, counters
from survey.storage.accounts import DEMO_PREFIX
from survey.storage.counters import DisclosedPilot
from survey.storage.stores import Stores


class TooFewSince(Refusal):
    """Too few answers lie between this and what was told before; how many is not said."""

    def __init__(self, study: str, least: int, *, first: bool) -> None:
        few = (
            f"This pilot has fewer than {least} answers of people, too few to hide anybody."
            if first
            else f"Fewer than {least} answers have come since something was last shown of this "
            "pilot; comparing the two would show single people."
        )
        super().__init__(few)
        by_command = f"lacrima release {study} --pilot or lacrima review {study} --pilot"
        made_up = f"lacrima simulate {study}"
        self.helps = (
            f"Wait for more answers: {least} or more, each time.",
            f"Or ask whoever runs the server to do it by command: {by_command}.",
            f"To try things out, take the demo, or a pilot of synthetic clients alone: {made_up}.",
        )


def snapshot(stores: Stores, study: Study) -> tuple[DisclosedPilot, bool]:
    """Return which answers a pilot holds now, and whether all of them are synthetic.

    Synthetic ones hide nobody and are not counted. No row is read: of one file no two states have
    as many answers sent and as many deleted.
    """
    counts = answer_tables.answer_counts(stores.pilot, study.name)
    # Marked before they are stored: there is never an unmarked one, and people are never too many.
    marked = counters.totals(stores.pilot, study.name).get(SIMULATED, 0)
    which = f"{counts.sent} sent, {counts.deleted} deleted"
    people = max(counts.present - marked, 0)
    return DisclosedPilot(which, people), counts.present == marked > 0


def deleted(stores: Stores, study: Study) -> int:
    """Return how many answers were ever deleted from the pilot."""
    return answer_tables.answer_counts(stores.pilot, study.name).deleted


def far_enough_apart(now: DisclosedPilot, earlier: Iterable[DisclosedPilot], least: int) -> bool:
    """Return whether telling of ``now`` shows no person beside what was told ``earlier``."""
    known = [*earlier, DisclosedPilot("", 0)]
    return now in known or all(abs(now.people - one.people) >= least for one in known)


def check(stores: Stores, study: Study, *, who: str) -> None:
    """Raise TooFewSince where what ``who`` is told now could be held against what was told before.

    The demo's accounts exist only while it runs, and nothing in it is real.
    """
    (now, synthetic), least = snapshot(stores, study), least_apart(study)
    if synthetic or who.startswith(DEMO_PREFIX):
        return
    earlier = counters.disclosures(stores.office, study.name)
    if not far_enough_apart(now, earlier, least):
        first = not any(one.people for one in earlier)
        raise TooFewSince(study.name, least, first=first)


def record(stores: Stores, study: Study, told: DisclosedPilot) -> None:
    """Keep that something is told of a pilot as it was at ``told``.

    Where somebody answered meanwhile, which were read is not sure: both sets are kept then, so
    that neither passes for the same answers again.
    """
    now, _ = snapshot(stores, study)
    for disclosed in {told, now}:
        kept = replace(disclosed, answers="") if now != told else disclosed
        counters.record_disclosure(stores.office, study.name, kept)
