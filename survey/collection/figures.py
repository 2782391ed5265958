"""Figures about a collection, for the methods section: totals that move in steps. No row is read.

They come from the tallies, which know neither people nor times. Daily figures would show a clinic
that invited one client whether she answered, so nothing here moves for one (docs/decisions/0018).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from forms.study import Study
from survey.store import figures, invitations, tallies
from survey.store.connect import Stores
from survey.store.figures import Step

# A total moves after so many more page loads and completions, rounded down (docs/design.md).
LANDINGS, COMPLETIONS, GRAIN = 20, 10, 5
PROGRESS = 50  # steps of the way to the wanted number
FEW = 20  # by page no smaller number is told, nor one from which a smaller one would follow

SIMULATED = "simulated"  # a synthetic client; it marks a pilot's file as holding such
STOP_SIGN = "stop_sign"  # a sent answer that shows a sign of the stop rule (stoprule.py)
PASSED = tallies.PASSED  # and the page, and the page with the branch it leads to

# What else is kept with a step: invitations not used, and answers in steps of PROGRESS.
UNSPENT, ON_THE_WAY = "unspent_invitations", "on_the_way"

SENT = ("completed", "stopped_sent")  # answers, whole or in part

# The totals a release's documents tell (exports.documents.told.Told.tallies).
TOLD = (
    "landing", "info", "screened_out", "not_now", "consented", "declined", "completed",
    "stopped_sent", "stopped_deleted", "support", "quick_exit", "withdrawn",
)  # fmt: skip

Totals = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Passed:
    """How many went on from a page: everybody, and by branch (its name); 0 for fewer than 20.

    A branch that too few took is absent.
    """

    page: str
    everybody: int
    by_branch: Totals


@dataclass(frozen=True, slots=True)
class Figures:
    """What may be shown. ``totals`` is empty before the first step.

    ``progress`` is a multiple of 50, ``verdicts`` maps answers to whether the stop rule was met
    then, ``dropoff`` is empty until the study has closed. ``synthetic``: some clients were made up.
    """

    totals: Totals
    progress: int
    verdicts: Mapping[int, bool]
    dropoff: tuple[Passed, ...]
    synthetic: bool = False


def figures_of(stores: Stores, study: Study, *, pilot: bool, over: bool) -> Figures:
    """The figures as they may be shown now; ``over``: collection has closed."""
    counted = tallies.totals(stores.answers(pilot=pilot), study.name)
    shown = _step(stores, study, counted, pilot=pilot).shown
    return Figures(
        totals={event: shown[event] for event in TOLD if event in shown},
        progress=shown.get(ON_THE_WAY, 0),
        verdicts=figures.verdicts(stores.office, study.name, pilot=pilot),
        dropoff=_dropoff(study, shown) if over else (),
        synthetic=SIMULATED in counted,
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
    shown = {event: _down(total, GRAIN) for event, total in _with_pages(counted).items()}
    unspent = invitations.unspent(stores.answers(pilot=pilot), name)
    sent = sum(counted.get(event, 0) for event in SENT)
    also = {UNSPENT: _down(unspent, GRAIN), ON_THE_WAY: _down(sent, PROGRESS)}
    after = Step(counted.get("landing", 0), counted.get("completed", 0), {**shown, **also})
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
    found = tuple(
        Passed(
            page.id,
            _at_least(shown.get(PASSED + page.id, 0), FEW),
            {
                way: _at_least(shown.get(passed(page.id, way), 0), FEW)
                for way in _ways_told(study, shown)
            },
        )
        for page in study.pages
    )
    return found if any(page.everybody for page in found) else ()


def _at_least(total: int, least: int) -> int:
    return total if total >= least else 0


def _ways_told(study: Study, shown: Totals) -> list[str]:
    """Branches that may be told by page, as the study lists them.

    One that few took is not; and as long as all that are left out are few together, neither is the
    next smallest: what is told, taken away from everybody, would tell them.
    """
    most = {
        branch.name: max(shown.get(passed(page.id, branch.name), 0) for page in study.pages)
        for branch in study.branches
    }
    told = sorted(most, key=lambda way: most[way], reverse=True)
    hidden: list[int] = []
    while told and (most[told[-1]] < FEW or (len(hidden) > 0 and sum(hidden) < FEW)):
        hidden.append(most[told.pop()])
    return [way for way in most if way in told]
