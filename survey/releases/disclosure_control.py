"""Disclosure control of releases: nothing that is told shows a person, beside all that was told.

Totals of the collection: a release says exactly how many rows it has. A total of those who sent or
deleted answers beside it would tell by subtraction whether one client deleted hers: so none is
told. Answers are counted as they lie frozen, those deleted before are nowhere in it, and no total
leaves under 10 people between itself and the rows (docs/decisions/0019-totals-of-a-release.md).
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import polars as pl

from exports.columns import CORE, kept_in
from exports.disclosure import ReleasedFile, key_cells, smallest_group, stands_for
from exports.segment_file import fields_for
from forms.study import Study, Tier
from forms.tiers import TIERS
from survey.collection.figures import TOTALS_STEP, Totals, figures_of
from survey.errors import Refusal
from survey.releases.build import ReleaseBuild, SegmentFile
from survey.releases.stored_answers import read_people
from survey.storage import answer_tables, releases
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


# Rows of other studies.


def _same_people(stores: Stores, study: Study, other: str) -> str:
    """Return why two studies are taken to ask the same people; empty where they are not.

    Two that each name their population say it themselves, and so does the later one if it does.
    """
    named = {part.about.get("population", "") for part in releases.parts(stores.office, other)}
    if study.policy.population:
        return "name the same population" if study.policy.population in named else ""
    words = [json.loads(str(w["content"])) for w in answer_tables.wordings(stores.responses, other)]
    if study.address in {content.get("address") for content in words}:
        return "have the same address"
    asked = [answer_tables.asked_columns(stores.responses, name) for name in (study.name, other)]
    return "ask the same questions" if asked[0] & asked[1] else ""


def check_other_studies(build: ReleaseBuild, tier: Tier) -> None:
    """Raise Refusal where rows of the same people went out under another study's name.

    Two files of the same people can be joined on their answers, and who is among k in each may be
    alone in both; k of both together is promised by neither (docs/decisions/0024).
    """
    if build.request.pilot:
        return
    office, study = build.stores.office, build.study
    for other in releases.released_studies(office):
        out = [r for r in releases.all_releases(office, other) if not r.pilot]
        rows = [r.number for r in out if TIERS[r.tier].holds == "rows"]
        if other == study.name or not rows:
            continue
        if why := _same_people(build.stores, study, other):
            raise Refusal(
                f"Rows of {other} are out (release {rows[0]}), and {other} and {study.name} {why}: "
                f"whoever answered both could be found by joining the two. Tier {tier.name} is not "
                "made. If they ask different people, name whom this one asks in release.toml "
                "(population) and have it approved."
            )


# Totals of the collection.

SMALLEST = 10  # people that a told total stands for, at least, and that are left unsaid beside it
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
