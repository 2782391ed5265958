"""What somebody who holds every release of a study could work out from one more, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from forms.study import Tier
from survey.releasing.crowds import crowd_of
from survey.releasing.release import Attempt
from survey.releasing.segments import MICRODATA
from survey.store import ledger, releases


def against(attempt: Attempt, tier: Tier, sums: str) -> Iterator[str]:
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
    if tier.name in MICRODATA:
        yield from _crowds(attempt, tier)


def _repeated(attempt: Attempt) -> Iterator[str]:
    held = ledger.contents(attempt.stores.office, attempt.study.name)
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


def _crowds(attempt: Attempt, tier: Tier) -> Iterator[str]:
    """For each segment that is out in other files: among how many people anybody stays."""
    for part in attempt.held:
        crowd, files = crowd_of(attempt.shop, attempt.shop.made[part.segment, tier.name], tier)
        if files > 1:
            yield (
                f"Somebody who holds this and all {files - 1} other files of segment "
                f"{part.segment} finds nobody among fewer than {crowd} people."
            )
