"""A release whose file is gone is made again, and kept only if its bytes come out the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from exports.anonymise.problem import no_progress
from exports.checksums import SUMS, sha256_of
from exports.files.zip_file import bundle
from exports.generalise import tier_of
from exports.report import ReleaseContext
from forms.study import Study
from survey.errors import Refusal
from survey.releases import archive
from survey.releases.preview import new_folder
from survey.releases.process import ReleaseRequest, prepare_build
from survey.storage import releases
from survey.storage.stores import Stores


def rebuild_zip(
    stores: Stores, study: Study, made: releases.Release, order: ReleaseRequest
) -> Path:
    """Make the archived file of release ``made`` again, if its bytes come out the same.

    Raises Refusal where they would not; the archive is as it was then.
    """
    tier = tier_of(study, made.tier)
    with prepare_build(stores, study, order, no_progress) as (attempt, _):
        shop = attempt.shop
        shop.occasion = _as_it_was(stores, study, made, shop.occasion)
        numbers = {
            s for s, _, _ in releases.contents(stores.office, study.name).get(made.number, ())
        }
        if not made.pilot:
            attempt.segments = [s for s in attempt.segments if s.number in numbers]
        folder = new_folder(attempt, tier)
        attempt.write(tier, folder)
        if sha256_of(folder / SUMS) != made.sha256:
            raise Refusal(
                f"Release {made.number} cannot be made again with equal bytes: the answers, the "
                "study or what was recalled since are no longer what they were. Restore its file "
                "from a backup."
            )
        packed = bundle(folder, folder.with_name(f"{folder.name}.zip"))
        target = shop.archive.zip_of(made.number, made.tier, pilot=made.pilot)
        archive.keep(packed, target)
        return target


def _as_it_was(
    stores: Stores, study: Study, made: releases.Release, occasion: ReleaseContext
) -> ReleaseContext:
    """What the documents said on that day: who got it, what had been recalled, which totals."""
    given = [
        {"name": g.person, "agreement": g.agreement, "date": g.agreed_on}
        for g in releases.hand_overs(stores.office, study.name)
        if (g.release, g.at) == (made.number, made.made_at)
    ]
    recalled = [e for e in releases.errata(stores.office, study.name) if e.at <= made.made_at]
    corrections = tuple(f"Release {e.release} was recalled: {e.why}" for e in recalled)
    return replace(
        occasion,
        recipient=given[0] if given else None,
        corrections=corrections,
        tallies=releases.collected(stores.office, study.name).get(made.number, {}),
    )
