"""A release looked at before it is made: the process of a release, but nothing entered or kept.

It tells what the release would hold and leave out, and what a person who holds every release of
the study could work out from one more.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from exports.anonymise.problem import Progress, no_progress
from exports.errors import ExportRefused
from exports.generalise import tier_of
from exports.output_files import SUMS, sha256_of
from exports.report import diversity_warnings
from exports.tables.budget import right_of_100
from exports.tables.margins import expected
from exports.tables.menu import budget_of
from exports.tables.methods import drawn_again
from exports.tables.table_release import LIMITS
from forms.study import Study, Tier
from forms.tiers import RESTRICTED_ROWS, TIERS
from survey.errors import Refusal
from survey.releases import process
from survey.releases.build import ReleaseBuild, ReleaseRequest, waiting_in_words
from survey.releases.disclosure_control import smallest_group_of
from survey.releases.process import FinalCheck, allow, prepare_build
from survey.releases.spending import spending
from survey.releases.text_review import reviewed
from survey.storage import releases
from survey.storage.stores import Stores


class ChangedSince(Refusal):
    """A release would no longer be made from what its preview showed."""

    def __init__(self) -> None:
        super().__init__(
            "Something has changed since the preview: newer frozen answers, another release, a "
            "recall, or the study itself. Nothing was made."
        )
        self.helps = ("See a new preview: it holds what has changed.",)


class NotMade(Refusal):
    """A release that would be refused; ``helps`` are sentences on what would change that."""

    def __init__(self, why: str, helps: Sequence[str]) -> None:
        super().__init__(why)
        self.helps = tuple(helps)


SHOWS_LESS = (
    "Tier {tier.name} ({tier.label}) shows less, and would be made of the same answers now."
)
# Straight from the report; those that a tier does not have are left out.
COPIED = (
    "rows", "pilot", "synthetic", "tier", "k", "l", "policy_notes", "limits", "corrections",
    "texts", "new_rows", "rows_left_out",
)  # fmt: skip


def preview(
    stores: Stores,
    study: Study,
    request: ReleaseRequest,
    *,
    progress: Progress = no_progress,
    final_check: FinalCheck = allow,
) -> dict[str, Any]:
    """Do what ``process.run`` would do, throw it away and return what a page shows of it.

    ``warnings`` are those that the policy asks for, ``against`` says what comparing it with earlier
    releases would reveal, ``waiting`` which frozen answers are not in it. ``cells`` maps a column
    to its withheld cells, the most first, ``coarser`` to those shown coarser than they were asked.
    ``sums`` is the checksum of its list of checksums, ``basis`` a digest of everything that it
    would be made from. Raises Refusal, of it NotMade; ``final_check`` is asked before anything is
    told, also of why it would not be made.
    """
    tier = tier_of(study, request.tier)
    with prepare_build(stores, study, request, progress) as build:
        folder = build.new_folder(tier)
        try:
            if tier.kind.holds == "tables":
                return _of_tables(build, tier, final_check)
            report = process.write(build, tier, folder)
        except (ExportRefused, Refusal) as refused:
            # Why it is not made tells of the answers too: it is checked and noted like a report.
            helps = list(_helps(build, tier))
            final_check(build)
            build.record_disclosure()
            raise NotMade(str(refused), helps) from None
        final_check(build)
        build.record_disclosure()
        sums = sha256_of(folder / SUMS)
        withheld: Mapping[str, int] = report.get("cells_withheld", {})
        levels: Mapping[str, Mapping[str, int]] = report.get("columns", {})
        coarser = {
            name: sum(n for level, n in at.items() if level.startswith("level "))
            for name, at in levels.items()
        }
        return {
            **{name: report[name] for name in COPIED if name in report},
            "segments": [{"number": s["number"], "rows": s["rows"]} for s in report["segments"]],
            "cells": dict(sorted(withheld.items(), key=lambda at: (-at[1], at[0]))),
            "coarser": {name: n for name, n in coarser.items() if n},
            "warnings": diversity_warnings(study.policy, report.get("verification", {})),
            "sums": sums,
            "against": list(_compared(build, tier, sums)),
            "waiting": waiting_in_words(study, build.waiting),
            "basis": basis_of(build),
        }


def _of_tables(build: ReleaseBuild, tier: Tier, final_check: FinalCheck) -> dict[str, Any]:
    """Return what a release of tables would hold; no answer is looked at and nothing is drawn.

    ``tables`` says of each segment how many people it has, whether it is measured already, and
    how often of 100 a choice between two people is right at most; ``menu`` what would be measured
    of the first one that is not, with the margin of each figure.
    """
    pilot = build.request.pilot
    known = () if build.simulated_pilot else spending(build.stores.office, build.study, pilot=pilot)
    budget = budget_of(build.study)
    spent = {one.segment: one.right for one in known}
    segments = [
        {
            "number": segment.number,
            "rows": people,
            "measured": segment.number in spent,
            "right": round(spent.get(segment.number, right_of_100(budget.release))),
        }
        for segment, people in build.measurable()
    ]
    final_check(build)
    build.record_disclosure()
    request, context, caution = build.request, build.context, build.left_out
    told = (each.in_words(pilot=pilot) for each in known)
    return {
        "rows": sum(one["rows"] for one in segments),
        "pilot": request.pilot,
        "synthetic": context.synthetic,
        "tier": {"name": tier.name, "label": tier.label, "audience": tier.audience},
        "policy_notes": list(caution),
        "limits": list(LIMITS),
        "corrections": list(context.corrections),
        "segments": segments,
        "tables": segments,
        "menu": _menu(build.study, [s["rows"] for s in segments if not s["measured"]][:1]),
        "again": drawn_again(
            pilot=request.pilot, synthetic=context.synthetic, people=context.people
        ),
        "cells": {}, "coarser": {}, "warnings": [], "sums": "",
        "against": [*_tables_compared(build, segments), *told],
        "waiting": waiting_in_words(build.study, build.waiting),
        "basis": basis_of(build),
    }  # fmt: skip


def _menu(study: Study, sizes: Sequence[int]) -> list[dict[str, Any]]:
    """Return name, label and margin of what would be measured of so many people."""
    return [
        {"name": one.statistic.name, "label": one.label, "margin": one.in_words(margin)}
        for one in expected(study, sizes)
        for margin in one.margins
        if margin is not None
    ]


def _tables_compared(build: ReleaseBuild, segments: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a sentence on what this release shows beside earlier ones."""
    if build.request.pilot:
        yield "This is a pilot: it is compared with nothing, and must not be given to anybody."
    for one in segments:
        if one["measured"]:
            yield (
                f"Segment {one['number']} was measured already: the very same figures are shown "
                "again, and nothing more is spent."
            )
        elif not build.request.pilot:
            yield (
                f"Segment {one['number']} has not been measured. Making the release draws its "
                "figures, once and for all."
            )


def _compared(build: ReleaseBuild, tier: Tier, sums: str) -> Iterator[str]:
    """Yield a sentence for each thing that a person who holds every release could work out."""
    office, name = build.stores.office, build.study.name
    earlier = [r for r in releases.all_releases(office, name) if not r.pilot]
    if build.request.pilot:
        yield "This is a pilot: it is compared with nothing, and must not be given to anybody."
        return
    if not earlier:
        yield "There is no earlier release to compare it with."
        return
    if same := [r.number for r in earlier if r.sha256 == sums]:
        yield f"It is byte for byte release {same[-1]}: nothing new can be learnt from it."
    out = {part for parts in releases.contents(office, name).values() for part in parts}
    known = [p for p in build.held if (p.segment, p.tier, p.edition) in out]
    if rows := sum(p.rows for p in known):
        yield f"{rows} rows stand in earlier releases and are repeated byte for byte."
    for part in build.held:
        if part not in known:
            yield (
                f"{part.rows} rows are new in this tier (segment {part.segment}). They are "
                "protected by themselves, so taking earlier rows away leaves nobody less "
                "protected."
            )
    if tier.kind.holds != "rows":
        return
    for part in build.held:
        file = build.files[part.segment, tier.name]
        smallest, files = smallest_group_of(build, file, tier)
        if files > 1:
            yield (
                f"Somebody who holds this and all {files - 1} other files of segment "
                f"{part.segment} finds nobody among fewer than {smallest} people."
            )


def _helps(build: ReleaseBuild, tier: Tier) -> Iterator[str]:
    """Yield a sentence on the coarser tier that would be made of the present answers, if any."""
    # Open rows are made from tier C: without it for the first segment there are none.
    made = any((s.number, RESTRICTED_ROWS.name) in build.files for s in build.segments[:1])
    for name in tier.kind.coarser:
        if (other := build.study.policy.tiers.get(name)) is None:
            continue
        if other.kind.holds == "tables":
            yield from _tables_help(build, other)
            return
        if not made:
            continue
        tried = replace(build, request=replace(build.request, tier=name), left_out=[])
        with suppress(ExportRefused, Refusal):
            process.write(tried, other, tried.new_folder(other))
            yield SHOWS_LESS.format(tier=other)
            return


def _tables_help(build: ReleaseBuild, tier: Tier) -> Iterator[str]:
    with suppress(ExportRefused, Refusal):
        build.measurable()  # tried without a draw
        yield SHOWS_LESS.format(tier=tier)


def basis(stores: Stores, study: Study, request: ReleaseRequest) -> str:
    """Return the digest of what a release would be made from now."""
    with prepare_build(stores, study, request) as build:
        return basis_of(build)


def basis_of(build: ReleaseBuild) -> str:
    """Return a digest of what ``build`` is made from, empty for a pilot: it is only a trial."""
    if build.request.pilot:
        return ""
    office, name = build.stores.office, build.study.name
    texts = ""
    if TIERS[build.request.tier].holds == "texts":
        found = sorted(map(repr, reviewed(build.stores.responses, build.study, pilot=False)))
        texts = hashlib.sha256("\n".join(found).encode()).hexdigest()
    fingerprints = build.study.fingerprints
    made_from = {
        "segments": [(s.number, s.batches, s.rows) for s in build.segments],
        "parts": [(p.segment, p.tier, p.edition, p.sha256) for p in releases.parts(office, name)],
        "errata": [e.release for e in releases.errata(office, name)],
        "study": (fingerprints.words, fingerprints.policy),
        "facts": dict(build.request.facts or {}),
        "deposit": build.request.deposit.plain,
        "texts": texts,
    }
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()
