"""The chapters a board judges by: ways through, reading grades, checklist, notes, facts."""

from __future__ import annotations

from collections.abc import Iterator

from forms.effort import Way
from forms.effort import ways as ways_through
from forms.routesvg import picture as drawn
from forms.routing import condition_in_words
from survey.board.checklist import answered, grades, missing_elements
from survey.board.dossier.blocks import (
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
from survey.board.dossier.words import SCREEN, SCREENS
from survey.served.shelf import Offer

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


def reading(offer: Offer) -> Iterator[Block]:
    """How hard each part is to read; nothing for a language without a formula."""
    graded = grades(offer.study)
    if not graded:
        return
    yield heading("Reading grades")
    yield prose(
        "Flesch-Kincaid, US school grade; a {fact} counts as two words. The ceiling set for this "
        f"study is {offer.study.reading_grade:g}.",
        leads=True,
    )
    yield table(
        ("Part", "Grade", "Words", "Verdict"),
        (4, 1, 1, 2),
        (
            (one.section, "–" if one.grade is None else f"{one.grade:.1f}", str(one.words),
             one.verdict)
            for one in graded
        ),
    )  # fmt: skip


def checklist(offer: Offer) -> Iterator[Block]:
    """What boards look for, each with the passages that say it and their pages."""
    study, titles = offer.study, _titles(offer)
    lines, bare = answered(study), [element.id for element in missing_elements(study)]
    named = {item.id: item.passages for item in study.consent.checklist}
    yield prose(f"{len(lines)} elements that boards look for.")
    yield prose(
        f"{len(bare)} have no passage: {', '.join(bare)}." if bare else "Each has its passage."
    )
    yield table(
        ("Element", "Source", "The text must contain", "Where it is said"),
        (4, 8, 12, 12),
        (
            (
                line.element.id,
                line.element.source,
                line.element.must,
                [
                    coded(line.where),
                    between([ref(titles.get(p, p), p) for p in named.get(line.element.id, ())]),
                ],
            )
            for line in lines
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
