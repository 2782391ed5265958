"""Figures about a collection, for the methods section: totals that move in steps. No row is read.

They come from the tallies, which know neither people nor times. Daily figures would show a clinic
that invited one client whether she answered, so nothing here moves for one (DESIGN.md section 9).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from forms.study import Study
from survey.store import figures, invitations, tallies
from survey.store.connect import Stores
from survey.store.figures import Step

# DESIGN.md section 9: a total moves after so many more page loads and completions, rounded down.
LANDINGS, COMPLETIONS, GRAIN = 20, 10, 5
STOP_FIRST, STOP_EVERY = 30, 50  # answers at which the stop rule is told
PROGRESS = 50  # steps of the way to the wanted number

STOP_SIGN = "stop_sign"  # a sent answer that shows a sign of the stop rule
PASSED = tallies.PASSED  # and the page, and the page with the branch it leads to
UNSPENT = "unspent_invitations"

# Sent answers, whole or in part; those of synthetic clients count towards the wanted number only.
SENT = ("completed", "stopped_sent")

# The totals a release's documents tell (exports.documents.told.Told.tallies).
TOLD = (
    "landing", "info", "screened_out", "not_now", "consented", "declined", "completed",
    "stopped_sent", "stopped_deleted", "support", "quick_exit", "withdrawn",
)  # fmt: skip

Totals = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Passed:
    """How many went on from a page: everybody, and by branch (its name); rounded like all."""

    page: str
    everybody: int
    by_branch: Totals


@dataclass(frozen=True, slots=True)
class Figures:
    """What may be shown. ``totals`` is empty before the first step.

    ``progress`` is a multiple of 50, ``verdicts`` maps answers to whether the stop rule was met
    then, ``dropoff`` is empty until the study has closed.
    """

    totals: Totals
    progress: int
    verdicts: Mapping[int, bool]
    dropoff: tuple[Passed, ...]


def figures_of(stores: Stores, study: Study, *, pilot: bool, over: bool) -> Figures:
    """The figures as they may be shown now; ``over``: collection has closed."""
    counted = tallies.totals(stores.answers(pilot=pilot), study.name)
    shown = _step(stores, study, counted, pilot=pilot).shown
    sent = sum(counted.get(event, 0) for event in SENT)
    return Figures(
        totals={event: shown[event] for event in TOLD if event in shown},
        progress=_down(sent + counted.get("simulated", 0), PROGRESS),
        verdicts=_verdicts(stores, study, counted, sent, pilot=pilot),
        dropoff=_dropoff(study, shown) if over else (),
    )


def tallies_for_release(stores: Stores, study: Study, *, pilot: bool = False) -> Totals:
    """Event → total as shown to staff, for the documents of a release; none before a first step."""
    return figures_of(stores, study, pilot=pilot, over=False).totals


def _down(number: int, grain: int) -> int:
    return number - number % grain


def _step(stores: Stores, study: Study, counted: Totals, *, pilot: bool) -> Step:
    office, name = stores.office, study.name
    present = figures.step(office, name, pilot=pilot)
    if not _far_enough(present, counted):
        return present
    unspent = invitations.unspent(stores.answers(pilot=pilot), name)
    shown = {event: _down(total, GRAIN) for event, total in _with_pages(counted).items()}
    after = Step(
        counted.get("landing", 0),
        counted.get("completed", 0),
        {**shown, UNSPENT: _down(unspent, GRAIN)},
    )
    return figures.change(
        office, name, lambda now: after if _far_enough(now, counted) else now, pilot=pilot
    )


def _far_enough(since: Step, counted: Totals) -> bool:
    return (
        counted.get("landing", 0) - since.landing >= LANDINGS
        and counted.get("completed", 0) - since.completed >= COMPLETIONS
    )


def _with_pages(counted: Totals) -> Totals:
    """What is kept as shown: the told totals and, for later, each page with and without branch."""
    kept = Counter({event: counted.get(event, 0) for event in TOLD})
    for event, total in counted.items():
        if event.startswith(PASSED):
            page = event.removeprefix(PASSED).partition(":")[0]
            kept[event] += total
            kept[PASSED + page] += total
    return kept


def passed(page: str, branch: str | None) -> str:
    """The event of going on from a page, with the branch that the answers so far lead to."""
    return f"{PASSED}{page}:{branch or ''}"


def _dropoff(study: Study, shown: Totals) -> tuple[Passed, ...]:
    if "landing" not in shown:
        return ()
    return tuple(
        Passed(
            page.id,
            shown.get(PASSED + page.id, 0),
            {b.name: shown.get(passed(page.id, b.name), 0) for b in study.branches},
        )
        for page in study.pages
    )


def _verdicts(
    stores: Stores, study: Study, counted: Totals, sent: int, *, pilot: bool
) -> Mapping[int, bool]:
    """What was told so far, and now for the first time where so many have answered."""
    rule, office = study.policy.stop, stores.office
    if rule is None:
        return {}
    told = figures.verdicts(office, study.name, pilot=pilot)
    due = _last_due(sent)
    if due and due > max(told, default=0):
        met = counted.get(STOP_SIGN, 0) > rule.share * sent
        figures.tell(office, study.name, due, met, pilot=pilot)
        return figures.verdicts(office, study.name, pilot=pilot)
    return told


def _last_due(sent: int) -> int:
    """The number of answers at which the stop rule was to be told last; 0 before the first."""
    return _down(sent, STOP_EVERY) or (STOP_FIRST if sent >= STOP_FIRST else 0)


def next_due(figures: Figures) -> int:
    """At how many answers the stop rule is told next."""
    last = max(figures.verdicts, default=0)
    return STOP_FIRST if not last else _down(last, STOP_EVERY) + STOP_EVERY
