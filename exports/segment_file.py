"""One segment of rows as one tier releases it.

A segment is a set of frozen batches that first go out together. Its part in a tier is made once and
then repeated byte for byte in every later release (docs/decisions/0008-segments.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from exports.anonymise.problem import Ints, Progress, no_progress
from exports.columns import (
    Field,
    check_frame,
    content_order,
    fields_of,
    frame_of,
    kept_in,
    read_data,
    table_of,
    types_of,
    write_data,
)
from exports.errors import ExportRefused
from exports.generalise import (
    coarsen,
    core_in_order,
    initial_levels,
    one_missing_code,
    top_of,
)
from exports.recode import RecodedKeys, SuppressionLimitExceeded, recode_strata
from exports.repeats import people_of
from exports.report import ORDINARY, ReleaseContext, not_answered
from exports.strata import strata_of
from forms.study import Study, Tier

GIVEN_UP = "Too few rows are alike for k = {k} with all key variables: withheld from all: {names}."
NO_OPEN_CONSENT = "their senders did not agree to an open file"
TOLD_APART = (
    "other columns show that they were not asked what an outsider may know, or how they answered "
    "it, and too few are alike in that"
)
NOT_DRAWN = (
    "an open file is a random {share:g} % sample of those who agreed, and they were not drawn"
)


@dataclass(frozen=True, slots=True)
class SegmentSource:
    """The table that a part is made from, in any order of rows, and its columns.

    ``stored`` has the same rows as they were answered, with the reasons of what is missing: they
    decide who is company for whom and go to no file.
    """

    fields: tuple[Field, ...]
    table: pl.DataFrame
    stored: pl.DataFrame


def fields_for(study: Study, occasion: ReleaseContext = ORDINARY) -> tuple[Field, ...]:
    """Every column that a release of these answers can have."""
    return fields_of(study, pilot=occasion.pilot, synthetic=occasion.synthetic)


def source_of(study: Study, frame: pl.DataFrame, occasion: ReleaseContext) -> SegmentSource:
    """Stored answers (exports.columns) as the first tier takes them. Raise ExportRefused."""
    check_frame(study, frame)
    fields = fields_for(study, occasion)
    table = table_of(study, frame, fields)
    return SegmentSource(fields, table, table)


def read_back(
    study: Study,
    path: Path,
    tier: Tier,
    occasion: ReleaseContext,
    stored: pl.DataFrame | None = None,
) -> SegmentSource:
    """The rows of a written part of ``tier``, in its order, and the same ones as ``stored``."""
    fields = fields_for(study, occasion)
    # A table without rows has the types of a full one.
    nobody = frame_of(study, {name: [] for name in types_of(study)})
    kept = kept_in(fields, tier)
    table = read_data(path, kept, table_of(study, nobody, fields).schema)
    return SegmentSource(kept, table, table if stored is None else stored)


@dataclass(frozen=True, slots=True)
class SegmentTable:
    """Rows as one tier releases them.

    ``order`` are positions in ``table``, sorted by released content; ``source`` is, for each row in
    that order, its position in the table the part was made from. ``left_out`` maps a reason to the
    rows not taken over for it; ``notes`` are sentences about what the size of the segment or the
    engine brought about. ``strata`` says in which stratum each row is, in the order of ``source``,
    null for rows without any core answer, which give nobody away;
    ``not_answered`` counts for each core column the rows that had no answer before anything was
    withheld; ``not_drawn`` are, like ``source``, the rows that a sample could have taken and the
    lot did not.
    """

    fields: tuple[Field, ...]
    table: pl.DataFrame
    order: pl.Series
    source: pl.Series
    left_out: dict[str, int]
    strata: pl.Series
    not_answered: dict[str, int]
    not_drawn: pl.Series
    notes: tuple[str, ...] = ()


def _narrowed(
    table: pl.DataFrame,
    strata: pl.Series,
    fields: Sequence[Field],
    study: Study,
    tier: Tier,
    *,
    people: Ints | None,
    seed: int,
    progress: Progress,
) -> RecodedKeys:
    """``table`` protected with as many key columns as its rows bear, and what was given up.

    Where too many rows would lose their whole key, the policy's next variable is withheld from
    everybody instead: a column less says more than a key that is blank in the rarest rows.
    """
    by_name = {f.name: f for f in fields}
    seen = [f.name for f in fields if f.key or f.name in study.policy.diverse]
    left = [name for name in core_in_order(fields, study.policy) if table[name].n_unique() > 1]
    for gone in range(len(left) + 1):
        tops = {name: top_of(by_name[name], study.policy) for name in left[:gone]}
        fewer = coarsen(table, by_name, study.policy, tops)
        # The engine sees the rows sorted by their content, so that arrival decides nothing.
        order = content_order(fewer, [f.name for f in fields])
        try:
            found = recode_strata(
                fewer.select(seen)[order], strata[order], fields, study.policy, tier,
                people=None if people is None else people[order.to_numpy()],
                seed=seed, progress=progress,
            )  # fmt: skip
        except SuppressionLimitExceeded:
            continue
        rows = order[found.rows]
        done = fewer[rows].with_columns(found.table[f.name] for f in fields if f.key)
        lost = [GIVEN_UP.format(k=tier.k, names=", ".join(left[:gone]))] if gone else []
        return RecodedKeys(done, rows, found.lost, (*lost, *found.notes))
    raise AssertionError("without key columns every row is alike")


def recode_segment(
    study: Study,
    source: SegmentSource,
    tier: Tier,
    *,
    drawn: pl.Series | None = None,
    seed: int = 0,
    progress: Progress = no_progress,
) -> SegmentTable:
    """The rows of ``source`` as ``tier`` releases them. Raise ExportRefused, with figures.

    ``drawn`` says of each row whether the lot fell on it, for a tier that is a sample.
    """
    fields = kept_in(source.fields, tier)
    names = [f.name for f in fields]
    rows, not_drawn, left_out = _taken(source, tier, drawn)
    strata = strata_of(study, fields, source.stored)
    # Scores and flags anew, from what this tier shows.
    shown = table_of(study, one_missing_code(source.table, source.fields), fields)
    taken = shown[rows]
    # By size first, then by what the rows bear (docs/decisions/0009-small-samples.md).
    start = initial_levels(taken, fields, study.policy, tier)
    coarse = coarsen(taken, {f.name: f for f in fields}, study.policy, start.levels)
    people = people_of(coarse, fields, study.policy)
    found = _narrowed(
        coarse, strata[rows], fields, study, tier, people=people, seed=seed, progress=progress
    )
    if few := len(rows) - len(found.rows):
        left_out[TOLD_APART] = few
    # Sorted once more: recoding has changed the content that decides the order.
    order = content_order(found.table, names)
    kept = rows[found.rows[order]]
    return SegmentTable(
        fields=fields,
        table=found.table,
        order=order,
        source=kept,
        left_out=left_out,
        strata=strata[kept],
        not_answered=not_answered(fields, source.stored[kept]),
        not_drawn=not_drawn,
        notes=(*start.notes, *found.notes),
    )


def _taken(
    source: SegmentSource, tier: Tier, drawn: pl.Series | None
) -> tuple[pl.Series, pl.Series, dict[str, int]]:
    """Return the rows that ``tier`` takes, those not drawn, and how many it does not, by reason."""
    rows = pl.Series(range(len(source.table)), dtype=pl.UInt32)
    not_drawn, left_out = rows.clear(), {}
    if tier.needs_open_consent:
        agreed = rows.filter(source.table["c_open"] == 1)
        left_out[NO_OPEN_CONSENT] = len(rows) - len(agreed)
        rows = agreed
    if tier.kind.sample < 1:
        if drawn is None:
            raise ExportRefused(f"Tier {tier.name} is a sample, and nobody drew one.")
        lots = drawn.gather(rows)
        rows, not_drawn = rows.filter(lots), rows.filter(~lots)
        left_out[NOT_DRAWN.format(share=100 * tier.kind.sample)] = len(not_drawn)
    return rows, not_drawn, {reason: number for reason, number in left_out.items() if number}


def write_segment(part: SegmentTable, path: Path, *, after: int = 0) -> None:
    """The part's data file; its rows are numbered from ``after`` + 1."""
    write_data(part.table, part.fields, path, order=part.order, after=after)
