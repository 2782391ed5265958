"""A release of tier A: everything that follows from the measurement of each segment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from exports.documents.all_documents import finish, note_files, put
from exports.documents.context import DocumentContext, marks_of
from exports.report import ReleaseContext, Report, SegmentEntry, about_release
from exports.tables.measure import Measurement
from exports.tables.menu import Menu
from exports.tables.methods import NOT_COVERED, Heading, drawn_again
from exports.tables.table_files import files
from forms.study import Study, Tier

HOW = (
    "Every batch was measured once: counts and sums of its answers, each changed by chance, by a "
    "known amount, before it was kept. All figures follow from that measurement alone. "
    "`tables/METHODS.md` says what exactly is promised, against whom, and what is not; "
    "`tables/budget.csv` what it cost."
)
LIMITS = (
    f"The promise is about the figures in `tables`. Outside it are: {'; '.join(NOT_COVERED)}.",
    "Do not try to recognise anybody.",
)
WHAT = {
    "tables/METHODS.md": "how the figures were made, and what is promised",
    "tables/measured.csv": "what was measured, with the variance of its noise: for inference",
    "tables/one-way.csv": "counts of each question, with bounds",
    "tables/two-way.csv": "counts of pairs of questions, with bounds",
    "tables/means.csv": "means of scores, with bounds",
    "tables/budget.csv": "what each measurement cost",
    "tables/tables.html": "the same to read and to print",
}


def assemble_tables(
    study: Study,
    measured: Sequence[Measurement],
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
    }
    again = drawn_again(pilot=occasion.pilot, synthetic=occasion.synthetic, people=occasion.people)
    numbered = [(part.segment, one) for part, one in zip(parts, measured, strict=True)]
    heading = Heading(study.title, marks_of(report), study.policy.caution)
    put(out, files(Menu(study), numbered, heading, again))
    note_files(out, report)
    context = DocumentContext(
        study=study, codebook=(), report=report, data_file="",
        wordings=occasion.archived, facts=occasion.facts, tallies=occasion.tallies,
        deposit=occasion.deposit,
        files={name: what for name, what in WHAT.items() if (out / name).exists()},
    )  # fmt: skip
    finish(out, context, report)
    return report
