"""Disclosure control of releases: nothing that is told shows a person, beside all that was told.

Totals of the collection: a release says exactly how many rows it has. A total of those who sent or
deleted answers beside it would tell by subtraction whether one client deleted hers: so none is
told. Answers are counted as they lie frozen, those deleted before are nowhere in it, and no total
leaves under 10 people between itself and the rows (docs/decisions/0019-totals-of-a-release.md).

Pilots: their answers are not frozen, so two previews with one answer between them would show that
very row (docs/decisions/0020). The command is the operator's and is not bound by it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

import polars as pl

from exports.columns import CORE, kept_in
from exports.disclosure import ReleasedFile, key_cells, smallest_group, stands_for
from exports.segment_file import fields_for
from exports.tables.variables import SMALLEST
from forms.study import Study, Tier
from forms.tiers import TIERS
from survey.collection.figures import SIMULATED, TOTALS_STEP, Totals, figures_of
from survey.errors import Refusal
from survey.releases.build import ReleaseBuild, SegmentFile
from survey.releases.stored_answers import read_people
from survey.storage import answer_tables, counters, releases
from survey.storage.counters import DisclosedPilot
from survey.storage.database import Database
from survey.storage.stores import Stores

# Rows of all releases together.


def _released_parts(build: ReleaseBuild, segment: int) -> list[releases.LedgerPart]:
    """Return the parts of the segment that stand in some release, of any tier and edition."""
    office, name = build.stores.office, build.study.name
    out = {part for parts in releases.contents(office, name).values() for part in parts}
    return [
        p
        for p in releases.parts(office, name)
        if p.segment == segment
        and TIERS[p.tier].holds == "rows"
        and (segment, p.tier, p.edition) in out
    ]


def smallest_group_of(build: ReleaseBuild, made: SegmentFile, tier: Tier) -> tuple[int, int]:
    """Return the segment's smallest group in all that is out and ``made``, and how many files.

    ``made`` is the segment's file in ``tier``.
    """
    policy = build.study.policy
    keys = [f for f in kept_in(fields_for(build.study), tier) if f.key and f.group == CORE]
    names = [f.name for f in keys]
    before = _released_parts(build, made.part.segment)
    paths = {build.archive.checked(p) for p in before} | {made.path}
    files = []
    for path in sorted(paths):
        cells = pl.read_csv(path, columns=names, infer_schema=False).select(names)
        files.append(ReleasedFile(read_people(path), key_cells(cells)))
    return smallest_group(files, names, stands_for(keys, policy)), len(paths)


def check_against_releases(build: ReleaseBuild, made: Sequence[SegmentFile], tier: Tier) -> None:
    """Raise Refusal where a person would be one of too few in all releases together.

    What counts is the least k of the tiers that are out: a restricted file promises no more.
    """
    if build.request.pilot:
        return
    tiers = build.study.policy.tiers
    for done in made:
        before = _released_parts(build, done.part.segment)
        least = min(tiers[part.tier].k for part in (*before, done.part))
        smallest, files = smallest_group_of(build, done, tier)
        if smallest < least:
            raise Refusal(
                f"Together with the {files - 1} earlier files of segment {done.part.segment}, this "
                f"release would leave somebody among {smallest} people; {least} are promised. It "
                "is not made."
            )


# Totals of the collection.

SENT = "sent"  # answers in frozen batches, for exports/documents/cherries.py
# Those that no row follows from. Not told: completed, stopped_sent, withdrawn.
APART = ("landing", "info", "screened_out", "not_now", "declined", "support", "quick_exit")
ROUNDED_OFF = TOTALS_STEP - 1  # the most by which a told total lies under the true one
AGREED, DELETED = "consented", "stopped_deleted"


def totals_for_release(
    stores: Stores, study: Study, answers: int | None, *, pilot: bool
) -> dict[str, int]:
    """Return event → total as it may be told now, 0 where it may not; {} before the first step.

    ``answers`` are all frozen ones, None where some of them came another way than through the
    site, so that nothing can be said of those who agreed.
    """
    shown = figures_of(stores, study, pilot=pilot, over=False).totals
    if not shown:
        return {}
    totals = {event: _large(shown[event]) for event in APART}
    if answers is None:
        return totals
    agreed = _agreed(shown, answers)
    unsent = agreed[AGREED] - agreed[SENT]
    for before in releases.collected(stores.office, study.name).values():
        # Together the two would tell that under 10 of those who agreed sent nothing in between.
        if agreed[AGREED] and before.get(AGREED) and agreed[SENT] != before[SENT]:
            apart = abs(unsent - (before[AGREED] - before[SENT]))
            if apart < SMALLEST + 2 * ROUNDED_OFF:
                agreed[AGREED] = 0
    return {**totals, **agreed}


def _large(total: int) -> int:
    return total if total >= SMALLEST else 0


def _agreed(shown: Totals, answers: int) -> dict[str, int]:
    """Return who agreed and what became of them, while 10 are left of whom it is not said."""
    agreed, deleted = _large(shown[AGREED]), _large(shown[DELETED])
    if agreed - answers < SMALLEST:
        agreed = 0
    elif agreed - answers - (deleted + ROUNDED_OFF) < SMALLEST:
        deleted = 0
    return {AGREED: agreed, SENT: _large(answers - answers % TOTALS_STEP), DELETED: deleted}


# Pilots.

LEAST_BETWEEN = 50  # answers, or the policy's min_new_rows if more (docs/design.md, Releases)


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


def snapshot(db: Database, study: Study) -> tuple[DisclosedPilot, bool]:
    """Return whose answers a pilot holds now, and whether all of them are synthetic.

    Synthetic ones hide nobody and are not counted.
    """
    keys = [
        key
        for table in answer_tables.tables_of(db, study.name)
        for block in answer_tables.blocks(db, table, ["key"], batches=None)
        for key in block["key"]
    ]
    digest = hashlib.sha256(b"".join(sorted(keys))).hexdigest()
    # Marked before they are stored: there is never an unmarked one, and people are never too many.
    marked = counters.totals(db, study.name).get(SIMULATED, 0)
    return DisclosedPilot(digest, max(len(keys) - marked, 0)), len(keys) == marked > 0


def least_apart(study: Study) -> int:
    """Return by how many people two disclosures must differ; no pilot's own policy is approved."""
    return max(LEAST_BETWEEN, study.policy.min_new_rows)


def far_enough_apart(now: DisclosedPilot, earlier: Iterable[DisclosedPilot], least: int) -> bool:
    """Return whether telling of ``now`` shows no person beside what was told ``earlier``."""
    known = [*earlier, DisclosedPilot("", 0)]
    return now in known or all(abs(now.people - one.people) >= least for one in known)


def check_pilot(stores: Stores, study: Study) -> None:
    """Raise TooFewSince where what is told now could be held against what was told before."""
    (now, synthetic), least = snapshot(stores.pilot, study), least_apart(study)
    earlier = counters.disclosures(stores.office, study.name)
    if not synthetic and not far_enough_apart(now, earlier, least):
        first = not any(one.people for one in earlier)
        raise TooFewSince(study.name, least, first=first)


def record_disclosure(build: ReleaseBuild) -> None:
    """Keep that something is told of a pilot's answers, if ``build`` is of one.

    Where somebody answered meanwhile, which were read is not sure: both sets are kept then, so
    that neither passes for the same answers again.
    """
    if build.pilot is None:
        return
    office, name = build.stores.office, build.study.name
    now, _ = snapshot(build.stores.pilot, build.study)
    unsure = now != build.pilot
    for disclosed in {build.pilot, now}:
        kept = replace(disclosed, answers="") if unsure else disclosed
        counters.record_disclosure(office, name, kept)
