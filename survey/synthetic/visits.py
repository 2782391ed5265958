"""Events of synthetic clients in a pilot's totals: page loads, consent, pages passed, leaving.

With every client who sends, some come who do not: they look and go, decline, stop, or close the
tab. Totals go to the pilot's file only, beside the mark that it holds synthetic clients, and under
the same rules as those of people.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path
from random import Random

from forms.routing import answer_keys, branch_of, condition_holds, page_passed_event
from forms.simulation import load_recipe
from forms.study import NOT_REACHED, NOT_SHOWN, Page, Study
from survey.collection.figures import STOP_SIGN
from survey.collection.stop_rule import record_due
from survey.storage.counters import EventCounters
from survey.storage.stores import Stores
from survey.synthetic.simulate import STOPPED, SimulatedResponse, simulate, store_clients

SYNTHETIC_BATCH = 10  # clients; the stop rule is due at multiples of it

# Assumptions, for each client who sends: how many others come and go no further than this.
LOOKS_AND_GOES = 0.45
READS_AND_GOES = 0.30
SCREENED_OUT, NOT_NOW, DECLINES = 0.04, 0.05, 0.07
LEAVES_MIDWAY = 0.14  # after consent, at some page

# And of everybody who comes: how many load a page again or ask for help; of those who leave midway,
# how many press the button that deletes, or the quick exit. The others just close the tab.
RELOADS, ASKS_FOR_HELP = 0.08, 0.03
DELETES, QUICK_EXIT = 0.3, 0.2

ENTRY = ("landing", "info")
OTHERS = 1 << 32  # far from the seed of those who send: other people


@dataclass(frozen=True, slots=True)
class _Visitors:
    """All who come; those who will leave midway answer like the others until they do."""

    study: Study
    draw: Random
    leavers: Iterator[SimulatedResponse]

    def happens(self, share: float) -> bool:
        return self.draw.random() < share

    def around(self, client: SimulatedResponse) -> Iterator[str]:
        """Yield the events of a client who sends, and of those who come and go around this one."""
        yield from self._comes(*ENTRY, "eligible", "consented")
        yield from _walk(self.study, client, len(self.study.pages))
        yield from _sends(self.study, client)
        for share, events in (
            (LOOKS_AND_GOES, ENTRY[:1]),
            (READS_AND_GOES, ENTRY),
            (SCREENED_OUT, (*ENTRY, "screened_out")),
            (NOT_NOW, (*ENTRY, "not_now")),
            (DECLINES, (*ENTRY, "eligible", "declined")),
        ):
            if self.happens(share):
                yield from self._comes(*events)
        if self.happens(LEAVES_MIDWAY):
            yield from self._leaves_midway()

    def _comes(self, *events: str) -> Iterator[str]:
        yield from events
        yield from (event for event in events if event in ENTRY and self.happens(RELOADS))
        if self.happens(ASKS_FOR_HELP):
            yield "support"

    def _leaves_midway(self) -> Iterator[str]:
        yield from self._comes(*ENTRY, "eligible", "consented")
        pages = self.draw.randrange(len(self.study.pages))
        yield from _walk(self.study, next(self.leavers), pages)
        way = self.draw.random()
        if way < DELETES:
            yield "stopped_deleted"
        elif way < DELETES + QUICK_EXIT:
            yield "quick_exit"


def _walk(study: Study, client: SimulatedResponse, most: int) -> Iterator[str]:
    """Yield each page passed, as far as the client answered, at most so many."""
    # The last page of a client who stopped was never gone on from.
    pages = study.pages[:-1] if client.completion == STOPPED else study.pages
    reached = takewhile(lambda page: NOT_REACHED not in _given(page, client).values(), pages)
    shown = (page for page in reached if condition_holds(page.show_if, client.values))
    answers: dict[str, int | str] = {}
    for page in islice(shown, most):
        answers.update((n, v) for n, v in _given(page, client).items() if v != NOT_SHOWN)
        yield page_passed_event(page.id, branch_of(study, answers))


def _given(page: Page, client: SimulatedResponse) -> dict[str, int | str]:
    """Return column → what this client has there, for the columns of a page."""
    names = (name for question in page.questions for name in answer_keys(question))
    return {name: client.values[name] for name in names if name in client.values}


def _sends(study: Study, client: SimulatedResponse) -> Iterator[str]:
    rule = study.policy.stop
    if rule is not None and rule.shown_by(client.values):
        yield STOP_SIGN
    yield "stopped_sent" if client.completion == STOPPED else "completed"


def populate(stores: Stores, study: Study, folder: Path, *, count: int, seed: int) -> None:
    """Store ``count`` synthetic clients in the pilot's file, with what they leave in its totals.

    Rows and totals follow from study and seed alone. Raises RecipeFault where the
    recipe in ``folder`` cannot be used.
    """
    recipe = load_recipe(study, folder)
    leavers = simulate(study, count=count, seed=seed + OTHERS, recipe=recipe)
    visitors = _Visitors(study, Random(f"visits {seed}"), leavers)  # noqa: S311  (repeatable on purpose)
    clients = store_clients(stores.pilot, study, folder, count=count, seed=seed)
    while some := list(islice(clients, SYNTHETIC_BATCH)):
        tallies = EventCounters()
        for event in (event for client in some for event in visitors.around(client)):
            tallies.add(study.name, event, pilot=True)
        tallies.flush(stores.pilot, pilot=True)
        record_due(stores, study, pilot=True)
