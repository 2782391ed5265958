"""What a researcher may be told of a pilot with real people: nothing that shows a single one.

A pilot's answers are not frozen, so two previews with one answer between them would show that very
row. Why so: docs/decisions/0020. The command is the operator's and is not bound by it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from forms.study import Study
from survey.collection.figures import SIMULATED
from survey.errors import Refusal
from survey.storage import answer_tables, counters
from survey.storage.counters import DisclosedPilot
from survey.storage.database import Database
from survey.storage.stores import Stores

APART = 50  # answers, or the policy's min_new_rows where that is more (docs/design.md, Releases)


class TooFewSince(Refusal):
    """Too few answers lie between this and what was told before; how many is not said."""

    def __init__(self, study: str, least: int, *, first: bool) -> None:
        few = (
            f"This pilot has fewer than {least} answers of people, too few to hide anybody."
            if first
            else f"Fewer than {least} answers have come since the last preview or release of this "
            "pilot; comparing the two would show single people."
        )
        super().__init__(few)
        by_command = f"lacrima release {study} --pilot"
        made_up = f"lacrima simulate {study}"
        self.helps = (
            f"Wait for more answers: {least} or more, each time.",
            f"Or ask whoever runs the server to make it by command: {by_command}.",
            f"To try things out, take the demo, or a pilot of synthetic clients alone: {made_up}.",
        )


@dataclass(frozen=True, slots=True)
class PilotSnapshot:
    """Whose answers a pilot holds: ``told`` of them; ``made_up`` where all are synthetic."""

    told: DisclosedPilot
    made_up: bool


def snapshot(db: Database, study: Study) -> PilotSnapshot:
    """The pilot's answers as they are now. Synthetic ones hide nobody and are not counted."""
    keys = [
        key
        for table in answer_tables.tables_of(db, study.name)
        for block in answer_tables.blocks(db, table, ["key"], batches=None)
        for key in block["key"]
    ]
    digest = hashlib.sha256(b"".join(sorted(keys))).hexdigest()
    # Marked before they are stored: there is never an unmarked one, and people are never too many.
    marked = counters.totals(db, study.name).get(SIMULATED, 0)
    return PilotSnapshot(
        DisclosedPilot(digest, max(len(keys) - marked, 0)), made_up=len(keys) == marked > 0
    )


def least_apart(study: Study) -> int:
    """Answers of people by which two things told must differ; nobody has approved a pilot's own."""
    return max(APART, study.policy.min_new_rows)


def far_enough_apart(now: DisclosedPilot, earlier: Iterable[DisclosedPilot], least: int) -> bool:
    """Whether telling of ``now`` shows nobody beside ``earlier`` ones, and beside nothing."""
    known = [*earlier, DisclosedPilot("", 0)]
    return now in known or all(abs(now.people - one.people) >= least for one in known)


def check(stores: Stores, study: Study) -> None:
    """Raises TooFewSince where what is told now could be held against what was told before."""
    now, least = snapshot(stores.pilot, study), least_apart(study)
    earlier = counters.disclosures(stores.office, study.name)
    if not now.made_up and not far_enough_apart(now.told, earlier, least):
        first = not any(one.people for one in earlier)
        raise TooFewSince(study.name, least, first=first)


def record(stores: Stores, study: Study, before: PilotSnapshot) -> None:
    """Keep that something is told of the answers that were there ``before``, and may be now.

    Where somebody answered meanwhile, what was read is neither for sure: then both are kept, so
    that neither passes for the same answers again.
    """
    now = snapshot(stores.pilot, study)
    moved = now.told != before.told
    for told in {before.told, now.told}:
        counters.record_disclosure(
            stores.office, study.name, replace(told, answers="") if moved else told
        )
