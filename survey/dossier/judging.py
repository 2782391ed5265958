"""The chapters a board judges by: ways through, reading grades, checklist, notes, facts."""

from __future__ import annotations

from collections.abc import Iterator

from forms.effort import Way
from forms.effort import ways as ways_through
from forms.reading import grade
from forms.routesvg import picture as drawn
from forms.routing import condition_in_words
from forms.study import Passage
from survey.dossier.blocks import (
    Block,
    Runs,
    between,
    code,
    coded,
    heading,
    note,
    pairs,
    passage,
    picture,
    plain,
    prose,
    ref,
    table,
)  # fmt: skip
from survey.dossier.words import SCREEN, SCREENS
from survey.shelf import Offer

MOST_WAYS = 120  # rows of the table of ways; more are told by their number


def routing(offer: Offer) -> Iterator[Block]:
    """The picture, what hangs on which answer, and every way through with what it asks."""
    study = offer.study
    if study.routed:
        yield picture(drawn(study), "The pages in order, and which answers lead to which of them. "
                      "The tables below say the same in words.")  # fmt: skip
    yield heading("What hangs on an answer")
    hanging = list(_hanging(offer))
    if not hanging:
        yield prose("Nothing: every client meets every page and every question, in this order.")
    else:
        yield table(("Page or question", "Shown only if"), (2, 5), hanging)
    yield heading("Every way through")
    yield from _ways(offer)
    if study.minutes:
        told = "; ".join(f"about {m:g} minutes on the way “{b}”" for b, m in study.minutes.items())
        yield prose(f"Clients are told to expect {told}.")


def _hanging(offer: Offer) -> Iterator[tuple[Runs, str]]:
    study = offer.study
    for page in study.pages:
        if page.show_if:
            yield [ref(page.title, page.id)], condition_in_words(study, page.show_if)
        for one in page.questions:
            if one.show_if:
                yield [code(one.name)], condition_in_words(study, one.show_if)


def _ways(offer: Offer) -> Iterator[Block]:
    study = offer.study
    ways = list(ways_through(study))
    yield prose(
        f"{len(study.pages)} pages in all, {len(ways)} "
        f"{'way' if len(ways) == 1 else 'ways'} through. Which pages a client meets depends on "
        "these answers; a grid is one question with an answer a row; minutes are an estimate.",
        leads=True,
    )
    yield table(
        ("Answers that lead there", "Pages", "Questions", "Answers", "Minutes"),
        (17, 2, 3, 3, 3),
        (_way(way) for way in ways[:MOST_WAYS]),
    )
    if len(ways) > MOST_WAYS:
        yield note(f"The first {MOST_WAYS} ways. The file texts.json lists what each shows.")


def _way(way: Way) -> tuple[str, ...]:
    answers = ", ".join(f"{column}={value}" for column, value in way.answers.items())
    numbers = (len(way.pages), way.questions, way.answers_asked)
    return (answers or "every client", *map(str, numbers), f"{way.minutes:.0f}")


def _text_of(passages: tuple[Passage, ...], offer: Offer) -> str:
    return " ".join(f"{p.heading}. {offer.fill(p.text)}" for p in passages)


def reading(offer: Offer) -> Iterator[Block]:
    """How hard each part is to read."""
    study, consent = offer.study, offer.study.consent
    texts = consent.texts
    parts = [
        ("Key facts", _text_of(consent.key_facts, offer)),
        ("More detail", _text_of(consent.details, offer)),
        ("Data protection notice", _text_of(consent.notice, offer)),
        ("Questions before the start", " ".join(q.text for q in consent.eligibility)),
        ("Consent", " ".join([texts["consent_intro"], *(s.text for s in consent.statements)])),
        ("Questions", " ".join(t for q in study.questions.values() for t in q.text.texts())),
        ("Thank you", _text_of(consent.debrief, offer)),
        ("Help", " ".join([study.support.intro, _text_of(study.support.passages, offer)])),
    ]
    yield heading("Reading grades")
    yield prose(
        "Flesch-Kincaid, US school grade, with the site’s facts in place. The ceiling set for this "
        f"study’s information is {study.reading_grade:g}.",
        leads=True,
    )
    yield table(
        ("Part", "Grade", "Words"),
        (4, 1, 1),
        (
            (name, f"{grade(text):.1f}", str(len(text.split())))
            for name, text in parts
            if text.strip()
        ),
    )


def checklist(offer: Offer) -> Iterator[Block]:
    """What boards look for, each with the passages that say it and their pages."""
    consent = offer.study.consent
    if not consent.checklist:
        yield prose("This study has no checklist.")
        return
    bare = [c.id for c in consent.checklist if not c.passages]
    titles = _titles(offer)
    yield prose(f"{len(consent.checklist)} elements that boards look for.")
    yield prose(
        f"{len(bare)} have no passage: {', '.join(bare)}." if bare else "Each has its passage."
    )
    yield table(
        ("Element", "Source", "The text must contain", "Where it is said"),
        (4, 8, 12, 12),
        (
            (
                c.id,
                c.source,
                c.must,
                [coded(c.where), between([ref(titles.get(p, p), p) for p in c.passages])],
            )
            for c in consent.checklist
        ),
    )


def _titles(offer: Offer) -> dict[str, str]:
    """What a board reads in place of a passage's id."""
    consent = offer.study.consent
    passages = (
        *consent.key_facts, *consent.details, *consent.notice, *consent.debrief,
        *consent.board_note, *offer.study.support.passages,
    )  # fmt: skip
    screens = {SCREEN + name: f"screen {name}" for name in SCREENS}
    return screens | {p.id: offer.fill(p.heading).rstrip(".?") for p in passages if p.heading}


def board_notes(offer: Offer) -> Iterator[Block]:
    """What the study tells the board alone."""
    for one in offer.study.consent.board_note:
        if one.heading:
            yield heading(one.heading, anchor=one.id)
        yield passage(one.text, offer, anchor="" if one.heading else one.id)


def site_facts(offer: Offer) -> Iterator[Block]:
    """Every fact that the study names, as this site gives it."""
    consent = offer.study.consent
    named = sorted(consent.facts | consent.optional_facts | consent.board_facts)
    required = consent.facts - consent.optional_facts - consent.board_facts

    def value(name: str) -> Runs:
        given = offer.facts.get(name, "")
        if given:
            return [plain(given)]
        return [("gap", "not given yet")] if name in required else [plain("none")]

    yield prose(
        "What differs from site to site, as it stands in the words of this dossier. Where a fact "
        "is not given yet, the words show its name in square brackets."
    )
    yield pairs((name, value(name)) for name in named)
