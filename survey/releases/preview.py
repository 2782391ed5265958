"""A release looked at before it is made: the same process, but nothing is entered or kept.

What somebody who holds every release of a study could work out from one more, in sentences.

A preview as plain data for a page: what the release would hold, withhold and leave out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from exports.anonymise.problem import Progress, no_progress
from exports.checksums import sha256_of
from exports.errors import ExportRefused
from exports.generalise import tier_of
from exports.release_folder import SUMS
from exports.report import Report, diversity_warnings
from forms.study import Study, Tier
from forms.tiers import RESTRICTED_ROWS, TIERS
from survey.errors import Refusal
from survey.releases.disclosure_control import smallest_group_of
from survey.releases.process import FinalCheck, ReleaseBuild, ReleaseRequest, allow, prepare_build
from survey.releases.segments import waiting_in_words
from survey.storage import releases
from survey.storage.stores import Stores


def compare_with_released(attempt: ReleaseBuild, tier: Tier, sums: str) -> Iterator[str]:
    """A sentence for each thing that somebody who holds every release could work out."""
    made = releases.all_releases(attempt.stores.office, attempt.study.name)
    earlier = [r for r in made if not r.pilot]
    if attempt.order.pilot:
        yield "This is a pilot: it is compared with nothing, and must not be given to anybody."
        return
    if not earlier:
        yield "There is no earlier release to compare it with."
        return
    if same := [r.number for r in earlier if r.sha256 == sums]:
        yield f"It is byte for byte release {same[-1]}: nothing new can be learnt from it."
    yield from _repeated(attempt)
    if tier.kind.holds == "rows":
        yield from _crowds(attempt, tier)


def _repeated(attempt: ReleaseBuild) -> Iterator[str]:
    held = releases.contents(attempt.stores.office, attempt.study.name)
    out = {part for parts in held.values() for part in parts}
    known = [p for p in attempt.held if (p.segment, p.tier, p.edition) in out]
    fresh = [p for p in attempt.held if p not in known]
    if rows := sum(p.rows for p in known):
        yield f"{rows} rows stand in earlier releases and are repeated byte for byte."
    for part in fresh:
        yield (
            f"{part.rows} rows are new in this tier (segment {part.segment}). They are protected "
            "by themselves, so taking earlier rows away leaves nobody less protected."
        )


def _crowds(attempt: ReleaseBuild, tier: Tier) -> Iterator[str]:
    """For each segment that is out in other files: among how many people anybody stays."""
    for part in attempt.held:
        crowd, files = smallest_group_of(
            attempt.shop, attempt.shop.made[part.segment, tier.name], tier
        )
        if files > 1:
            yield (
                f"Somebody who holds this and all {files - 1} other files of segment "
                f"{part.segment} finds nobody among fewer than {crowd} people."
            )


class ChangedSince(Refusal):
    """What was seen is not what would be made."""

    def __init__(self) -> None:
        super().__init__(
            "Something has changed since the preview: newer frozen answers, another release, a "
            "recall, or the study itself. Nothing was made."
        )
        self.helps = ("See a new preview: it holds what has changed.",)


class NotMade(Refusal):
    """The release would be refused; ``helps`` are sentences on what would change that."""

    def __init__(self, why: str, helps: Sequence[str]) -> None:
        super().__init__(why)
        self.helps = tuple(helps)


@dataclass(frozen=True, slots=True)
class ReleasePreview:
    """What a release would hold: its report, its sum, and what else a person has to know.

    ``warnings`` are those that the policy asks for, ``against`` says what comparing it with earlier
    releases would reveal, ``basis`` is a digest of everything that it would be made from.
    """

    report: Report
    warnings: tuple[str, ...]
    sums: str
    against: tuple[str, ...]
    waiting: str
    basis: str


def new_folder(attempt: ReleaseBuild, tier: Tier) -> Path:
    """Where the files of the attempt go."""
    folder = attempt.shop.folder / f"{attempt.study.name}-{tier.name}"
    folder.mkdir()
    return folder


def preview(
    stores: Stores,
    study: Study,
    order: ReleaseRequest,
    *,
    progress: Progress = no_progress,
    last_word: FinalCheck = allow,
) -> ReleasePreview:
    """Everything that ``release.run`` would do, thrown away. Raises Refusal, of it NotMade.

    ``last_word`` is asked before anything is told, also of why there would be no release.
    """
    tier = tier_of(study, order.tier)
    with prepare_build(stores, study, order, progress) as (attempt, waiting):
        folder = new_folder(attempt, tier)
        try:
            report = attempt.write(tier, folder)
        except (ExportRefused, Refusal) as refused:
            helps = list(_helps(attempt, tier))
            _agreed(attempt, last_word)
            raise NotMade(str(refused), helps) from None
        _agreed(attempt, last_word)
        sums = sha256_of(folder / SUMS)
        return ReleasePreview(
            report,
            tuple(diversity_warnings(study.policy, report.get("verification", {}))),
            sums,
            tuple(compare_with_released(attempt, tier, sums)),
            waiting_in_words(study, waiting),
            basis_of(attempt),
        )


def _agreed(attempt: ReleaseBuild, last_word: FinalCheck) -> None:
    last_word(attempt)
    attempt.tell()


def basis(stores: Stores, study: Study, order: ReleaseRequest) -> str:
    """The digest of what a release would be made from now."""
    with prepare_build(stores, study, order, no_progress) as (attempt, _):
        return basis_of(attempt)


def basis_of(attempt: ReleaseBuild) -> str:
    """A digest of what ``attempt`` is made from. A pilot has none: it is only a trial."""
    if attempt.order.pilot:
        return ""
    office, name = attempt.stores.office, attempt.study.name
    fingerprints = attempt.study.fingerprints
    made_from = {
        "segments": [(s.number, s.batches, s.rows) for s in attempt.segments],
        "parts": [(p.segment, p.tier, p.edition, p.sha256) for p in releases.parts(office, name)],
        "errata": [e.release for e in releases.errata(office, name)],
        "study": (fingerprints.words, fingerprints.policy),
        "facts": dict(attempt.order.facts or {}),
        "texts": _texts(attempt) if TIERS[attempt.order.tier].holds == "texts" else "",
    }
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def _texts(attempt: ReleaseBuild) -> str:
    """A digest of what was read and approved."""
    from survey.releases.text_review import reviewed

    found = reviewed(attempt.shop.answers, attempt.study.name, pilot=attempt.order.pilot)
    return hashlib.sha256("\n".join(sorted(map(repr, found))).encode()).hexdigest()


# What would help.


def _helps(attempt: ReleaseBuild, tier: Tier) -> Iterator[str]:
    """Coarser tiers that would be made of the same answers just now."""
    if not _has_rows(attempt):
        return
    for name in tier.kind.coarser:
        if name in attempt.study.policy.tiers and _would_be_made(attempt, name):
            label = attempt.study.policy.tiers[name].label
            yield f"Tier {name} ({label}) shows less, and would be made of the same answers now."
            return


def _has_rows(attempt: ReleaseBuild) -> bool:
    """Whether the tier that all others are made from came about for the first segment."""
    return any((s.number, RESTRICTED_ROWS.name) in attempt.shop.made for s in attempt.segments[:1])


def _would_be_made(attempt: ReleaseBuild, name: str) -> bool:
    other = replace(attempt, order=replace(attempt.order, tier=name), left_out=[])
    tier = attempt.study.policy.tiers[name]
    try:
        other.write(tier, new_folder(other, tier))
    except (ExportRefused, Refusal):
        return False
    return True


# Straight from the report; those that a tier does not have are left out.
COPIED = (
    "rows", "pilot", "synthetic", "tier", "k", "l", "policy_notes", "limits", "corrections",
    "texts", "new_rows", "hidden_share", "rows_left_out",
)  # fmt: skip


def summarise(found: ReleasePreview) -> dict[str, Any]:
    """What the page shows of ``found``; ``cells`` maps a column to its share of withheld cells."""
    report = found.report
    told = {name: report[name] for name in COPIED if name in report}
    return {
        **told,
        "segments": [{"number": s["number"], "rows": s["rows"]} for s in report["segments"]],
        "cells": _withheld(report),
        "coarser": _coarser(report),
        "warnings": list(found.warnings),
        "sums": found.sums,
        "against": list(found.against),
        "waiting": found.waiting,
        "basis": found.basis,
    }


def _withheld(report: Mapping[str, Any]) -> dict[str, int]:
    """Column → cells withheld in it, the most first."""
    found: Mapping[str, int] = report.get("cells_withheld", {})
    return dict(sorted(found.items(), key=lambda at: (-at[1], at[0])))


def _coarser(report: Mapping[str, Any]) -> dict[str, int]:
    """Column → cells shown coarser than they were asked."""
    levels: Mapping[str, Mapping[str, int]] = report.get("columns", {})
    found = {
        name: sum(n for level, n in at.items() if level.startswith("level "))
        for name, at in levels.items()
    }
    return {name: n for name, n in found.items() if n}
