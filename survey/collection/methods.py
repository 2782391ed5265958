"""The figures of a collection in words, as a methods section reports them (CHERRIES), and as CSV.

Names are honest: without a cookie across visits nobody can count visitors, only page loads.
CHERRIES: Eysenbach, G. (2004), Journal of Medical Internet Research 6(3), e34.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from survey.collection.figures import FEW, GRAIN, Figures, Passed, Totals
from survey.served.offer import Offer

LOADS = "Loads, not people: a reload counts again, and so do robots."
SESSION = "Counted once in a session."

# Event → (what it is called, how it is counted).
COUNTED: Mapping[str, tuple[str, str]] = {
    "landing": ("Page loads of the first page", LOADS),
    "info": ("Page loads of the information", f"{LOADS} Before consent only."),
    "screened_out": ("Could not take part", "Said so in the eligibility questions."),
    "not_now": ("Not a good moment", "Said so in the eligibility questions."),
    "declined": ("Declined to take part", "Pressed the button that says so."),
    "consented": ("Agreed to take part", SESSION),
    "completed": ("Reached the end and sent", SESSION),
    "stopped_sent": ("Stopped early and sent", SESSION),
    "stopped_deleted": ("Stopped early and deleted", "Pressed the button that says so."),
    "support": ("Page loads of the help page", LOADS),
    "quick_exit": ("Left by the quick exit", "Presses, with or without answers begun."),
    "withdrawn": ("Deleted later by code", "Answers that a code removed."),
}
# What is reported: part, whole, name, caution.
RATES = (
    ("info", "landing", "View rate (page loads instead of visitors)",
     "True only if the first page is the whole site."),
    ("consented", "info", "Participation rate",
     "A lower bound: reloads and robots swell the base."),
    ("completed", "consented", "Completion rate", "Both are counted once in a session."),
)  # fmt: skip
WENT_ON = "Went on from it for the first time: once in a session."
RULE = "Told once, as yes or no, from answers sent by about then; those deleted since still count."
ROUNDED = (
    f"Totals move in steps and are rounded down to {GRAIN}; by page none under {FEW} is told. "
    "No visitor was identified."
)
NOT_KNOWN = "not known: this would need a cookie across visits or an internet address"


@dataclass(frozen=True, slots=True)
class Line:
    """One figure: what it is called, its value in words, how it came about."""

    name: str
    value: str
    how: str


def number(total: int) -> str:
    """A shown total in words; nought stands for anything below the grain."""
    return f"{total:,}" if total else f"under {GRAIN}"


def lines_of(figures: Figures) -> list[Line]:
    """Every total and rate that may be told; none before the first step."""
    totals = figures.totals
    if not totals:
        return []
    counted = [Line(name, number(totals[event]), how) for event, (name, how) in COUNTED.items()]
    rates = [Line(name, _share(totals, part, whole), how) for part, whole, name, how in RATES]
    return [Line("Unique site visitors", NOT_KNOWN, ""), *counted, *rates]


def _share(totals: Totals, part: str, whole: str) -> str:
    """A rate of rounded totals: about so many per cent."""
    if not totals[part] or not totals[whole]:
        return "not told: too few"
    return f"about {min(totals[part] / totals[whole], 1):.0%}"


def by_page(total: int) -> str:
    """A total by page in words; nought stands for anything below the floor."""
    return f"{total:,}" if total else f"under {FEW}"


def marks_of(offer: Offer, figures: Figures) -> list[str]:
    """Which collection these are not figures of: marks for every copy that leaves the room."""
    pilot = ["PILOT: figures of a trial, not of the study"] * offer.pilot
    return pilot + ["SYNTHETIC: clients made up by a program, not people"] * figures.synthetic


def _stop_rule(figures: Figures) -> list[Line]:
    return [
        Line(f"Stop rule at {answers:,} answers", "met" if met else "not met", RULE)
        for answers, met in figures.verdicts.items()
    ]


def _by_page(offer: Offer, figures: Figures) -> list[Line]:
    """Who went on from which page, with branches by their labels; empty before the close."""
    labels = {branch.name: branch.label for branch in offer.study.branches}
    return [
        Line(f"Went on from page {page.page}, {way}", by_page(total), WENT_ON)
        for page in figures.dropoff
        for way, total in _ways(page, labels)
    ]


def _ways(page: Passed, labels: Mapping[str, str]) -> list[tuple[str, int]]:
    return [("everybody", page.everybody)] + [(labels[w], n) for w, n in page.by_branch.items()]


def _everything(offer: Offer, figures: Figures) -> list[Line]:
    return [*lines_of(figures), *_stop_rule(figures), *_by_page(offer, figures)]


def as_text(offer: Offer, figures: Figures) -> str:
    """Everything as plain text to copy."""
    head = f"{offer.study.title} ({offer.study.name}, version {offer.study.version})"
    lines = _everything(offer, figures)
    said = [f"{line.name}: {line.value}. {line.how}".rstrip() for line in lines]
    return "\n".join([head, *marks_of(offer, figures), ROUNDED, *said])


def as_csv(offer: Offer, figures: Figures) -> str:
    """The same as a table."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(("study", "pilot", "synthetic", "figure", "value", "how"))
    about = (offer.study.name, _yes(offer.pilot), _yes(figures.synthetic))
    notes = [Line("About these figures", "", ROUNDED)]
    for line in [*notes, *_everything(offer, figures)]:
        table.writerow((*about, line.name, _plain(line.value), line.how))
    return out.getvalue()


def _plain(value: str) -> str:
    """Totals without the comma, for programs."""
    digits = value.replace(",", "")
    return digits if digits.isdigit() else value


def _yes(so: bool) -> str:  # noqa: FBT001
    return "yes" if so else "no"


def checklist(offer: Offer, figures: Figures) -> bytes:
    """CHERRIES as Markdown, with all that is known before a release."""
    from exports.documents.cherries import cherries  # brings in polars
    from exports.documents.told import Told

    told = Told(
        study=offer.study,
        codebook=(),
        report={"pilot": offer.pilot, "synthetic": figures.synthetic},
        data_file="",
        facts=offer.facts,
        tallies=figures.totals,
    )
    return cherries(told)
