"""Before a release: what it and every earlier one, recalled ones included, would reveal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from exports.columns import CORE, kept_in
from exports.disclosure import ReleasedFile, key_cells, smallest_group, stands_for
from exports.segment_file import fields_for
from forms.study import Tier
from forms.tiers import TIERS
from survey.errors import Refusal
from survey.releases.segments import SegmentBuilder, SegmentFile
from survey.releases.stored_answers import read_people
from survey.storage import releases


def _view(path: Path, keys: Sequence[str]) -> ReleasedFile:
    cells = pl.read_csv(path, columns=list(keys), infer_schema=False).select(keys)
    return ReleasedFile(read_people(path), key_cells(cells))


def out_already(shop: SegmentBuilder, segment: int) -> list[releases.LedgerPart]:
    """Parts of the segment that stand in some release, of any tier and edition."""
    held = releases.contents(shop.office, shop.study.name)
    out = {part for parts in held.values() for part in parts}
    return [
        p
        for p in releases.parts(shop.office, shop.study.name)
        if p.segment == segment
        and TIERS[p.tier].holds == "rows"
        and (segment, p.tier, p.edition) in out
    ]


def smallest_group_of(shop: SegmentBuilder, done: SegmentFile, tier: Tier) -> tuple[int, int]:
    """The smallest crowd of a segment in all that is out and ``done``, and how many files that is.

    ``done`` is the segment's part in ``tier``.
    """
    policy = shop.study.policy
    keys = [f for f in kept_in(fields_for(shop.study), tier) if f.key and f.group == CORE]
    names = [f.name for f in keys]
    paths = {shop.archive.checked(p) for p in out_already(shop, done.part.segment)} | {done.path}
    views = [_view(path, names) for path in sorted(paths)]
    return smallest_group(views, names, stands_for(keys, policy)), len(paths)


def check_against_releases(shop: SegmentBuilder, made: Sequence[SegmentFile], tier: Tier) -> None:
    """Raises Refusal where somebody would be one of too few in all releases together.

    What counts is the least k of the tiers that are out: a restricted file promises no more.
    """
    if shop.occasion.pilot:
        return
    tiers = shop.study.policy.tiers
    for done in made:
        before = out_already(shop, done.part.segment)
        least = min(tiers[part.tier].k for part in (*before, done.part))
        crowd, files = smallest_group_of(shop, done, tier)
        if crowd < least:
            raise Refusal(
                f"Together with the {files - 1} earlier files of segment {done.part.segment}, this "
                f"release would leave somebody among {crowd} people; {least} are promised. It is "
                "not made."
            )
