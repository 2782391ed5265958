"""Figures about a collection, for the methods section: totals that move in steps. No row is read.

They come from counters of events, which know neither people nor times. Daily figures would show a
clinic that invited one client whether she answered, so nothing here moves for one
(docs/decisions/0018). Without a cookie across visits page loads are counted, never visitors. The
order is that of CHERRIES: Eysenbach, G. (2004), Journal of Medical Internet Research 6(3), e34.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from exports.output_files import csv_text
from forms.routing import PASSED, page_passed_event, shown_to_few
from forms.study import Study
from survey.collection.understanding import Answers, UnderstandingCounters
from survey.storage import admission, counters
from survey.storage.counters import ReportedFigures
from survey.storage.database import Database
from survey.storage.stores import Stores
from survey.studies.version import StudyVersion

# A total moves after so many more page loads and completions, rounded down (docs/design.md).
LANDINGS, COMPLETIONS, TOTALS_STEP = 20, 10, 5
PROGRESS = 50  # steps of the way to the wanted number
# By page no smaller number is shown, nor one from which a smaller one would follow.
FEWEST_SHOWN = 20

SIMULATED = "simulated"  # a synthetic client; it marks a pilot's file as holding such

# What else is kept with a step: invitations not used, and answers in steps of PROGRESS.
UNSPENT, ON_THE_WAY = "unspent_invitations", "on_the_way"

SENT = ("completed", "stopped_sent")  # answers, whole or in part

# The totals that are ever shown.
REPORTED_EVENTS = (
    "landing", "info", "screened_out", "not_now", "consented", "declined", "completed",
    "stopped_sent", "stopped_deleted", "support", "quick_exit", "withdrawn",
)  # fmt: skip

Totals = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PagesPassed:
    """Number who went on from a page, and by branch (its name); 0 for fewer than 20.

    A branch that too few took is absent.
    """

    page: str
    everybody: int
    by_branch: Totals


@dataclass(frozen=True, slots=True)
class CollectionFigures:
    """The figures that may be shown. ``totals`` is empty before the first step.

    ``progress`` is a multiple of 50, ``verdicts`` maps people counted to whether the stop rule was
    met then, ``dropoff`` is empty until the study has closed. ``synthetic``: some clients were made
    up.
    """

    totals: Totals
    progress: int
    verdicts: Mapping[int, bool]
    dropoff: tuple[PagesPassed, ...]
    synthetic: bool = False
    step: tuple[int, int] = (0, 0)  # page loads and completions when they moved last
    understood: Answers = field(default_factory=dict)  # in memory alone, see there


def figures_of(stores: Stores, study: Study, *, pilot: bool, over: bool) -> CollectionFigures:
    """Return the figures as they may be shown now; ``over``: collection has closed."""
    counted = counters.totals(stores.answers(pilot=pilot), study.name)
    step = _step(stores, study, counted, pilot=pilot)
    shown = step.shown
    return CollectionFigures(
        totals={event: shown[event] for event in REPORTED_EVENTS if event in shown},
        progress=shown.get(ON_THE_WAY, 0),
        verdicts=counters.verdicts(stores.office, study.name, pilot=pilot),
        dropoff=_dropoff(study, shown) if over else (),
        synthetic=SIMULATED in counted,
        step=(step.landing, step.completed),
    )


def with_understanding(
    figures: CollectionFigures, counted: UnderstandingCounters, study: Study, *, pilot: bool
) -> CollectionFigures:
    """Return the figures with what this process counted of the questions before consent."""
    shown = counted.shown(study.name, pilot=pilot, step=figures.step, grain=TOTALS_STEP)
    return replace(figures, understood=shown)


def is_synthetic(db: Database, study: Study) -> bool:
    """Return whether any answer in this file was simulated."""
    return counters.totals(db, study.name).get(SIMULATED, 0) > 0


def _step(stores: Stores, study: Study, counted: Totals, *, pilot: bool) -> ReportedFigures:
    office, name = stores.office, study.name
    present = counters.reported_figures(office, name, pilot=pilot)
    if not _far_enough(present, counted):
        return present
    kept = Counter({event: counted.get(event, 0) for event in REPORTED_EVENTS})
    for event, total in counted.items():
        if event.startswith(PASSED):  # for later: each page, with and without its branch
            kept[event] += total
            kept[PASSED + event.removeprefix(PASSED).partition(":")[0]] += total
    kept[UNSPENT] = admission.unspent(stores.answers(pilot=pilot), name)
    shown = {event: total - total % TOTALS_STEP for event, total in kept.items()}
    sent = sum(counted.get(event, 0) for event in SENT)
    shown[ON_THE_WAY] = sent - sent % PROGRESS
    after = ReportedFigures(counted.get("landing", 0), counted.get("completed", 0), shown)
    # Compared once more inside the transaction: another process may have taken the step.
    return counters.replace_figures(
        office, name, lambda now: after if _far_enough(now, counted) else now, pilot=pilot
    )


def _far_enough(since: ReportedFigures, counted: Totals) -> bool:
    return (
        counted.get("landing", 0) - since.landing >= LANDINGS
        and counted.get("completed", 0) - since.completed >= COMPLETIONS
    )


def _dropoff(study: Study, shown: Totals) -> tuple[PagesPassed, ...]:
    def floored(event: str) -> int:
        total = shown.get(event, 0)
        return total if total >= FEWEST_SHOWN else 0

    branches = _branches_shown(study, shown)
    found = tuple(
        PagesPassed(
            page.id,
            floored(PASSED + page.id),
            {name: floored(page_passed_event(page.id, name)) for name in branches},
        )
        for page in study.pages
        # Beside the next one it would tell how many of a branch gave the answers that lead past it.
        if not shown_to_few(study, page)
    )
    return found if any(page.everybody for page in found) else ()


def _branches_shown(study: Study, shown: Totals) -> list[str]:
    """Return the branches that may be shown by page, as the study lists them.

    One that few took may not; and as long as all that are left out are few together, neither may
    the next smallest: all that is shown, taken away from the whole, would show them.
    """
    most = {
        branch.name: max(
            shown.get(page_passed_event(page.id, branch.name), 0) for page in study.pages
        )
        for branch in study.branches
    }
    left = sorted(most, key=lambda name: most[name], reverse=True)
    hidden: list[int] = []
    while left and (most[left[-1]] < FEWEST_SHOWN or (hidden and sum(hidden) < FEWEST_SHOWN)):
        hidden.append(most[left.pop()])
    return [name for name in most if name in left]


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
# Part, whole, name of the rate, caution.
RATES = (
    ("info", "landing", "View rate (page loads instead of visitors)",
     "True only if the first page is the whole site."),
    ("consented", "info", "Participation rate",
     "A lower bound: reloads and robots swell the base."),
    ("completed", "consented", "Completion rate", "Both are counted once in a session."),
)  # fmt: skip
WENT_ON = "Went on from it for the first time: once in a session."
RULE = "Told once, as yes or no, of those counted by about then; answers deleted since still count."
ROUNDED = (
    f"Totals move in steps and are rounded down to {TOTALS_STEP}; "
    f"by page none under {FEWEST_SHOWN} is told. No visitor was identified."
)
NOT_KNOWN = "not known: this would need a cookie across visits or an internet address"


@dataclass(frozen=True, slots=True)
class FigureLine:
    """One figure: its name, its value in words, how it came about."""

    name: str
    value: str
    how: str


def number(total: int) -> str:
    """Return a shown total in words; 0 stands for anything below the grain."""
    return f"{total:,}" if total else f"under {TOTALS_STEP}"


def lines_of(figures: CollectionFigures) -> list[FigureLine]:
    """Return every total and rate that may be shown; none before the first step."""
    totals = figures.totals
    if not totals:
        return []
    counted = [
        FigureLine(name, number(totals[event]), how) for event, (name, how) in COUNTED.items()
    ]
    rates = []
    for part, whole, name, how in RATES:  # of rounded totals, so about so many per cent
        rate = "not told: too few"
        if totals[part] and totals[whole]:
            rate = f"about {min(totals[part] / totals[whole], 1):.0%}"
        rates.append(FigureLine(name, rate, how))
    return [FigureLine("Unique site visitors", NOT_KNOWN, ""), *counted, *rates]


IN_MEMORY = (
    "Counted in memory by the server process that shows this page, since it started; kept in no "
    "file, and lost when it ends."
)
CHOSEN = {"right": "right", "wrong": "not right", "blank": "left blank"}


def understanding_lines(study: Study, figures: CollectionFigures) -> list[FigureLine]:
    """Return how the questions before consent were answered; none before the first step."""
    return [
        FigureLine(f"“{asked.text}”: {said}", number(counted[kind]), IN_MEMORY)
        for asked in study.consent.comprehension
        if (counted := figures.understood.get(asked.id))
        for kind, said in CHOSEN.items()
    ]


def by_page(total: int) -> str:
    """Return a total by page in words; 0 stands for anything below the floor."""
    return f"{total:,}" if total else f"under {FEWEST_SHOWN}"


def marks_of(version: StudyVersion, figures: CollectionFigures) -> list[str]:
    """Return the marks of every copy that leaves the pages: pilot, synthetic clients."""
    pilot = ["PILOT: figures of a trial, not of the study"] * version.pilot
    return pilot + ["SYNTHETIC: clients made up by a program, not people"] * figures.synthetic


def _all_lines(version: StudyVersion, figures: CollectionFigures) -> list[FigureLine]:
    """Return all that may be shown, pages passed by the labels of branches."""
    lines = [*lines_of(figures), *understanding_lines(version.study, figures)]
    for answers, met in figures.verdicts.items():
        name = f"Stop rule at {answers:,} people"
        lines.append(FigureLine(name, "met" if met else "not met", RULE))
    labels = {branch.name: branch.label for branch in version.study.branches}
    for page in figures.dropoff:
        by_branch = {labels[name]: total for name, total in page.by_branch.items()}
        for label, total in [("everybody", page.everybody), *by_branch.items()]:
            name = f"Went on from page {page.page}, {label}"
            lines.append(FigureLine(name, by_page(total), WENT_ON))
    return lines


def as_text(version: StudyVersion, figures: CollectionFigures) -> str:
    """Return everything as plain text to copy."""
    head = f"{version.study.title} ({version.study.name}, version {version.study.version})"
    lines = (f"{one.name}: {one.value}. {one.how}" for one in _all_lines(version, figures))
    said = map(str.rstrip, lines)
    return "\n".join([head, *marks_of(version, figures), ROUNDED, *said])


def as_csv(version: StudyVersion, figures: CollectionFigures) -> str:
    """Return everything as a table."""
    head = ("study", "pilot", "synthetic", "figure", "value", "how")
    marks = ["yes" if so else "no" for so in (version.pilot, figures.synthetic)]
    rows = []
    for line in [FigureLine("About these figures", "", ROUNDED), *_all_lines(version, figures)]:
        digits = line.value.replace(",", "")  # totals without the comma, for programs
        value = digits if digits.isdigit() else line.value
        rows.append((version.study.name, *marks, line.name, value, line.how))
    return csv_text([head, *rows])


def checklist(version: StudyVersion, figures: CollectionFigures) -> bytes:
    """Return CHERRIES as Markdown, with all that is known before a release."""
    from exports.documents.cherries import cherries  # brings in polars
    from exports.documents.context import DocumentContext

    context = DocumentContext(
        study=version.study,
        codebook=(),
        report={"pilot": version.pilot, "synthetic": figures.synthetic},
        data_file="",
        facts=version.facts,
        tallies=figures.totals,
    )
    return cherries(context)
