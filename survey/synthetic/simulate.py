"""Synthetic clients: complete answers, and the events of those who send none, by recipe and seed.

They go to the pilot's file only, marked there as simulated, so that no release can take them for
people. Totals follow the same rules as those of people.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice, repeat, takewhile
from pathlib import Path
from random import Random
from secrets import token_bytes

from forms.answers import stored_values, text_language
from forms.kinds import columns_of_question, columns_of_study, kind_of
from forms.routing import answer_keys, branch_of, condition_holds, page_passed_event
from forms.simulation import Recipe, RecipeFault, load_recipe
from forms.stop_signs import check_ins, events_of_sending, events_of_stopping
from forms.study import LEFT_BLANK, NOT_REACHED, NOT_SHOWN, Column, Page, Question, Study
from survey.collection.figures import SIMULATED
from survey.collection.stop_rule import record_due
from survey.errors import Refusal
from survey.storage import answer_tables, answers
from survey.storage.counters import EventCounters
from survey.storage.database import Database
from survey.storage.stores import Stores

# Marked as made up, so that nobody who reads one takes it for a client's words.
PLAIN_TEXTS = (
    "[synthetic] A sentence made up for this simulation.",
    "[synthetic] Another made-up sentence, a little longer than the first one.",
)
REACHED_THE_END, STOPPED = 1, 2


@dataclass(frozen=True, slots=True)
class SimulatedResponse:
    """One synthetic client as the store takes it: every column of the row, and texts apart."""

    lang: str
    c_open: int
    c_quote: int
    completion: int
    dur_band: int
    values: Mapping[str, int | str]
    texts: Mapping[str, str]


@dataclass
class _Person:
    """A client half-way through: what was drawn and answered so far."""

    draw: random.Random
    recipe: Recipe
    careless: bool = False
    latents: dict[str, float] = field(default_factory=dict)
    answers: dict[str, int | str] = field(default_factory=dict)

    def happens(self, share: float) -> bool:
        return self.draw.random() < share

    def latent(self, name: str) -> float:
        """Return the person's value of a latent, worked out when first asked for."""
        if name not in self.latents:
            made = self.recipe.latents[name]
            value = made.spread * self.draw.gauss(0, 1)
            value += sum(share * self.latent(other) for other, share in made.parts.items())
            value += sum(
                codes.get(int(self.answers.get(column, LEFT_BLANK)), 0.0)
                for column, codes in made.when.items()
            )
            self.latents[name] = value
        return self.latents[name]

    def pick(self, weights: Mapping[int, float]) -> int:
        return self.draw.choices(tuple(weights), tuple(weights.values()))[0]


def _code(person: _Person, column: Column) -> int:
    """Return an answer in one column; codes without a recipe are all as likely."""
    recipe = person.recipe
    if person.careless and column.name in recipe.careless:
        return person.pick(recipe.careless[column.name])
    if item := recipe.items.get(column.name):
        value = item.mean + item.loading * person.latent(item.latent)
        value += item.noise * person.draw.gauss(0, 1)
        return min(max(round(value), min(column.codes)), max(column.codes))
    if choice := recipe.choices.get(column.name):
        weights = dict(choice.weights)
        for other, cases in choice.given.items():
            weights.update(cases.get(int(person.answers.get(other, LEFT_BLANK)), {}))
        for name, tilts in choice.tilt.items():
            for code, tilt in tilts.items():
                weights[code] *= math.exp(tilt * person.latent(name))
        return person.pick(weights)
    return person.draw.choice(column.codes)


def _missing(person: _Person, question: Question, *, refusable: bool = True) -> int | None:
    """Return a missing code for this question, or None: most people answer."""
    choice, shares = person.recipe.choices.get(question.name), person.recipe.shares
    if choice and not choice.missing:
        return None
    offered = {m.name: m.code for m in question.missing}
    if refusable and "prefer_not" in offered and person.happens(shares.prefer_not):
        return offered["prefer_not"]
    if "dont_know" in offered and person.happens(shares.dont_know):
        return offered["dont_know"]
    if not question.required and person.happens(shares.left_blank):
        return LEFT_BLANK
    return None


def _grid(person: _Person, question: Question) -> dict[str, int | str]:
    """Return answers to a grid or a statement list; it is refused as a whole, as on the page."""
    columns = columns_of_question(question)
    refused = {m.name: m.code for m in question.missing}.get("prefer_not")
    if refused is not None and person.happens(person.recipe.shares.prefer_not):
        return dict.fromkeys((c.name for c in columns), refused)
    if person.careless:  # goes down one column of buttons, the same in every grid
        place = person.latents.setdefault(" place", person.draw.random())  # no latent has a space
        codes = columns[0].codes
        return dict.fromkeys((c.name for c in columns), codes[int(place * len(codes))])
    answers: dict[str, int | str] = {}
    for column in columns:
        missing = _missing(person, question, refusable=False)
        answers[column.name] = _code(person, column) if missing is None else missing
    return answers


def _answer(person: _Person, question: Question) -> dict[str, int | str]:
    if kind_of(question).is_text:
        texts = person.recipe.texts.get(question.name, PLAIN_TEXTS)
        if person.happens(person.recipe.shares.text):
            return {question.name: person.draw.choice(texts)[: question.max_length]}
        return {question.name: "" if question.apart else LEFT_BLANK}
    if question.rows and not kind_of(question).is_ticked:
        return _grid(person, question)
    missing = _missing(person, question)
    if kind_of(question).is_ticked:
        names = [column.name for column in columns_of_question(question)]
        shares = [person.recipe.ticks.get(name, 1 / len(names)) for name in names]
        ticks = [int(person.happens(share)) for share in shares]
        if missing is None and any(ticks):
            return dict(zip(names, ticks, strict=True))
        return dict.fromkeys(names, LEFT_BLANK if missing is None else missing)
    code = _code(person, columns_of_question(question)[0]) if missing is None else missing
    return {question.name: code}


def _band(person: _Person, study: Study) -> int:
    """Return the band of the time taken; who is careless is quick."""
    if person.careless:
        return 1
    branch = branch_of(study, person.answers) or ""
    even = dict.fromkeys(range(1, len(study.duration_bands) + 2), 1.0)
    return person.pick(person.recipe.durations.get(branch, even))


def _client(study: Study, draw: random.Random, recipe: Recipe) -> SimulatedResponse:
    person = _Person(draw, recipe, careless=draw.random() < recipe.shares.careless)
    stopped = len(study.pages) > 1 and person.happens(recipe.shares.stopped)
    last = draw.randrange(1, len(study.pages)) if stopped else len(study.pages)
    for page in study.pages[:last]:
        if condition_holds(page.show_if, person.answers):
            for question in page.questions:
                if condition_holds(question.show_if, person.answers):
                    person.answers.update(_answer(person, question))
    languages = recipe.languages or {study.language: 1.0}
    apart = [q.name for q in study.questions.values() if q.apart]
    return SimulatedResponse(
        lang=draw.choices(tuple(languages), tuple(languages.values()))[0],
        c_open=int(person.happens(recipe.shares.c_open)),
        c_quote=int(person.happens(recipe.shares.c_quote)),
        completion=STOPPED if stopped else REACHED_THE_END,
        dur_band=_band(person, study),
        values=stored_values(study, person.answers),
        texts={name: str(person.answers[name]) for name in apart if person.answers.get(name)},
    )


MOST_TRIED = 1000  # clients in a row whose answers are not to be used


def simulate(
    study: Study, *, count: int, seed: int, recipe: Recipe | None = None
) -> Iterator[SimulatedResponse]:
    """Yield ``count`` synthetic clients, who follow from study, recipe and seed alone.

    Of somebody whose answers are not to be used nothing is stored, so nobody here says so. Raises
    RecipeFault where nearly everybody would.
    """
    draw = random.Random(seed)  # noqa: S311  (repeatable on purpose; nothing here is secret)
    plain = recipe or Recipe()
    for _ in range(count):
        tried = (_client(study, draw, plain) for _ in range(MOST_TRIED))
        found = next((c for c in tried if not study.policy.unused(c.values)), None)
        if found is None:
            raise RecipeFault(f"{study.name}: by this recipe nobody's answers may be used.")
        yield found


def as_stored(
    study: Study, client: SimulatedResponse, table: str, *, deletion: bytes = b""
) -> answers.Response:
    """Return a client as the store takes it, with random bytes where a person's hashes go."""
    texts = []
    for variable, text in client.texts.items():
        lang = text_language(study, variable, client.lang)
        quote = client.c_quote
        texts.append(answers.Text(study.name, variable, lang, quote, token_bytes(32), text))
    return answers.Response(
        study=study.name,
        table=table,
        fingerprint=bytes.fromhex(study.fingerprints.words),
        lang=client.lang,
        c_open=client.c_open,
        completion=client.completion,
        dur_band=client.dur_band,
        deletion=deletion or token_bytes(32),
        values=client.values,
        texts=tuple(texts),
        submit=token_bytes(32),
        invitation=None,
    )


def store_clients(
    db: Database, study: Study, folder: Path, *, count: int, seed: int
) -> Iterator[SimulatedResponse]:
    """Store synthetic clients in the pilot's file ``db``, one a turn, by the recipe in ``folder``.

    The mark comes first: whatever happens later, no release takes these rows for people. Raises
    RecipeFault where the recipe cannot be used, Refusal where the file is not the pilot's.
    """
    path: str = db.conn.execute("PRAGMA database_list").fetchone()[2]
    if Path(path).name != "pilot.db":
        raise Refusal("Synthetic clients go to a pilot's file, never among real answers.")
    recipe = load_recipe(study, folder)
    table = answer_tables.prepare(
        db,
        study=study.name,
        fingerprint=bytes.fromhex(study.fingerprints.words),
        content=study.content,
        columns=columns_of_study(study),
    )
    _count(db, study, repeat(SIMULATED, count))
    # Which of them an open file takes follows from the seed too.
    lots = Random(f"lots {seed}")  # noqa: S311  (nobody is to be hidden)
    for client in simulate(study, count=count, seed=seed, recipe=recipe):
        answers.accept(db, as_stored(study, client, table, deletion=lots.randbytes(32)))
        yield client


def _count(db: Database, study: Study, events: Iterable[str]) -> None:
    """Add these events to the pilot's totals, all in one write."""
    tallies = EventCounters()
    for event in events:
        tallies.add(study.name, event, pilot=True)
    tallies.flush(db, pilot=True)


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
        yield from _events_on_pages(self.study, client, len(self.study.pages))
        stopped = client.completion == STOPPED
        yield from events_of_sending(self.study, client.values, stopped=stopped)
        yield "stopped_sent" if stopped else "completed"
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
        yield from _events_on_pages(self.study, next(self.leavers), pages)
        way = self.draw.random()
        if way >= DELETES + QUICK_EXIT:
            return
        yield "stopped_deleted" if way < DELETES else "quick_exit"
        for page in check_ins(self.study)[:1]:
            if page in self.study.pages[: pages + 1]:
                yield from events_of_stopping(self.study, {}, page.id)


def _events_on_pages(study: Study, client: SimulatedResponse, most: int) -> Iterator[str]:
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
        _count(stores.pilot, study, chain.from_iterable(map(visitors.around, some)))
        record_due(stores, study, pilot=True)
