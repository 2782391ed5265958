"""A release of tier A: tables of every segment, made from the rows that tier C released of it.

Where open files exist as well, the tables are sums over those who agreed to one and those who did
not: what a reader is left with after taking the open rows away follows the 10-5 rule by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from exports.codebook import asked_codebook
from exports.documents.all_documents import finish, note_files, put
from exports.documents.context import DocumentContext, marks_of
from exports.report import ReleaseContext, Report, SegmentEntry, about_release
from exports.segment_file import SegmentSource
from exports.tables.plan import Tables, default_plan, tables, together
from exports.tables.table_files import Heading, files
from exports.tables.variables import SMALLEST_BASE
from forms.study import WITHHELD, Study, Tier

HOW = (
    "Tables were counted from the rows that tier C has of each batch, once and for all. No count "
    "under 10 is shown, shown counts are rounded to 5, and further cells are hidden until no count "
    "under 10 can be worked out from the others; percentages stand on bases of 20 or more. "
    "`tables/METHODS.md` says what exactly is promised, against whom, and what is not."
)
_GROUPS = (
    "Hidden and rounded counts protect single people in these tables. They do not protect a group: "
    "where everybody gave the same answer, the table says so of each of them."
)
_TOGETHER = (
    "The promise holds for these tables together. Joined with other figures about the same people "
    "it may not. Do not try to recognise anybody."
)
LIMITS = (_GROUPS, _TOGETHER)
WHAT = {
    "tables/METHODS.md": "how counts were hidden and rounded, and why",
    "tables/one-way.csv": "counts of each variable",
    "tables/two-way.csv": "counts of pairs of variables",
    "tables/means.csv": "means of scores",
    "tables/tables.html": "the same to read and to print",
}
LEFT_OUT = (
    "People who {did} to an open file are too few for tables of their own and are left out: the "
    "tables less the open rows would show them."
)


def _groups(study: Study, table: pl.DataFrame) -> tuple[list[pl.DataFrame], tuple[str, ...]]:
    """The people whose tables are added up, and a sentence about those left out."""
    if not any(tier.needs_open_consent for tier in study.policy.tiers.values()):
        return [table], ()
    sides = {said: table.filter(pl.col("c_open") == said) for said in (1, 0)}
    found = [side for side in sides.values() if len(side) >= SMALLEST_BASE]
    if not found:
        return [table], ()
    few = [said for said, side in sides.items() if 0 < len(side) < SMALLEST_BASE]
    notes = tuple(LEFT_OUT.format(did="agreed" if said else "did not agree") for said in few)
    return found, notes


def segment_tables(study: Study, source: SegmentSource) -> tuple[Tables, tuple[str, ...]]:
    """The tables of one segment, given its rows as tier C released them. Raise ExportRefused."""
    table, book = source.table, asked_codebook(study, source.fields)
    shown = [name for name in table.columns if not (table[name] == WITHHELD).all()]
    plan = default_plan(study, columns=shown)
    groups, notes = _groups(study, table)
    found = [tables(group, book, plan) for group in groups]
    return (found[0] if len(found) == 1 else together(found)), notes


def assemble_tables(
    study: Study,
    segments: Sequence[Tables],
    parts: Sequence[SegmentEntry],
    tier: Tier,
    out: Path,
    *,
    occasion: ReleaseContext,
) -> Report:
    """Write tier A into the new folder ``out``; ``parts`` are the segments in numbers."""
    report = {
        **about_release(study, tier, parts, seed=0, occasion=occasion),
        "holds": "tables",
        "how": HOW,
        "limits": list(LIMITS),
        "hidden_share": [round(one.hidden_share, 4) for one in segments],
    }
    put(out, files(segments, Heading(study.title, marks_of(report), study.policy.caution)))
    note_files(out, report)
    context = DocumentContext(
        study=study, codebook=(), report=report, data_file="",
        wordings=occasion.archived, facts=occasion.facts, tallies=occasion.tallies,
        files={name: what for name, what in WHAT.items() if (out / name).exists()},
    )  # fmt: skip
    finish(out, context, report)
    return report
