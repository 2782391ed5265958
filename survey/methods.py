"""The figures of a collection in words, as a methods section reports them (CHERRIES), and as CSV.

Names are honest: without a cookie across visits nobody can count visitors, only page loads.
CHERRIES: Eysenbach, G. (2004), Journal of Medical Internet Research 6(3), e34.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from exports.documents.cherries import cherries
from exports.documents.told import Told
from survey.figures import GRAIN, Figures, Totals
from survey.offer import Offer

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


def as_text(offer: Offer, figures: Figures) -> str:
    """Everything as plain text to copy."""
    lines = lines_of(figures)
    head = f"{offer.study.title} ({offer.study.name}, version {offer.study.version})"
    note = f"Totals move in steps and are rounded down to {GRAIN}. No visitor was identified."
    said = [f"{line.name}: {line.value}. {line.how}".rstrip() for line in lines]
    return "\n".join([head + " PILOT" * offer.pilot, note, *said])


def as_csv(offer: Offer, figures: Figures) -> str:
    """The same as a table; after the close with what was passed by page and branch."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(("study", "pilot", "figure", "value", "how"))
    about = (offer.study.name, "yes" if offer.pilot else "no")
    table.writerows((*about, line.name, line.value, line.how) for line in lines_of(figures))
    for page in figures.dropoff:
        ways = {"everybody": page.everybody, **page.by_branch}
        table.writerows(
            (*about, f"Went on from page {page.page}, {way}", number(total), "")
            for way, total in ways.items()
        )
    return out.getvalue()


def checklist(offer: Offer, figures: Figures) -> bytes:
    """CHERRIES as Markdown, with all that is known before a release."""
    told = Told(
        study=offer.study,
        codebook=(),
        report={"pilot": offer.pilot},
        data_file="",
        facts=offer.facts,
        tallies=figures.totals,
    )
    return cherries(told)
