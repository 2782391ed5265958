"""Elements that boards look for, the passages that say them, and the screens they stand on.

The list of elements is the platform's (forms/elements.toml): a study that leaves one out of its
checklist has not said where it is satisfied, which is as if nothing did. What a client must read
is satisfied by no note to the board, and nothing by a fact that this site leaves empty. A member's
verdict on an element of one version goes before all that. Opens no store.

Every passage that a comment can point at: an anchor of the page with every word, and a label.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from forms.dates import fact_of
from forms.elements import ChecklistElement, elements
from forms.flow import CITED, SCREENS, anchors
from forms.parse_documents import passages_of
from forms.readability import grade, words
from forms.site_facts import fill, placeholders
from forms.study import Passage, Study
from forms.validate_wording import FEWEST_WORDS, sections

SCREEN = "screen:"
# Where a passage is met, by the table of consent.toml that it stands in.
SCREEN_OF = {table: screen.name for screen in SCREENS.values() for table in screen.passages}


@dataclass(frozen=True, slots=True)
class Spot:
    """A passage that can satisfy an element.

    ``screen`` and ``anchor`` are where a client meets it, ``text_anchor`` where it stands on the
    page with every word. A note for the board has no screen, the leaflet no ``anchor`` either. A
    whole screen has no ``text``.
    """

    label: str
    text: str
    screen: str
    anchor: str
    text_anchor: str

    @property
    def screen_name(self) -> str:
        """Name of the screen."""
        return SCREENS[self.screen].brief


@dataclass(frozen=True, slots=True)
class ElementAnswer:
    """An element, where the study says it is satisfied, and the passages it names.

    ``fault`` says why these do not satisfy it, in words; nothing where they do.
    """

    element: ChecklistElement
    where: str
    spots: tuple[Spot, ...]
    fault: str


class JudgedElement(Protocol):
    """A member's verdict on an element: met, weak, missing, not applicable or waived."""

    @property
    def verdict(self) -> str:
        """Return the verdict."""


@dataclass(frozen=True, slots=True)
class Graded:
    """The reading grade of a section; None where it has too few words for one."""

    section: str
    words: int
    grade: float | None
    ceiling: float

    @property
    def verdict(self) -> str:
        """The grade against its ceiling."""
        if self.grade is None:
            return "too short to grade"
        return "within" if self.grade <= self.ceiling else "above"


def spots(study: Study) -> Mapping[str, Spot]:
    """Return where each passage (by its id, or ``screen:NAME``) is met."""
    consent = study.consent
    headed = [(SCREEN_OF.get(table.split()[0], ""), p) for table, p in passages_of(consent)]
    headed += [("support", p) for p in study.support.passages]
    headed += [("", p) for p in consent.board_note]
    found = {p.id: Spot(p.heading or p.text, p.text, screen, p.id, p.id) for screen, p in headed}
    found |= {p.id: Spot(p.heading or p.text, p.text, "", "", p.id) for p in consent.leaflet}
    for q in consent.eligibility:
        anchor = anchors(study, "eligibility")[q.id]
        found[q.id] = Spot(q.text, q.text, "eligibility", anchor, q.id)
    for name, text in consent.asked_at_consent:
        found[name] = Spot(text, text, "consent", anchors(study, "consent")[name], name)
    for cited in CITED:
        anchor = f"screen-{cited.name}"
        found[SCREEN + cited.name] = Spot(f"Screen {cited.brief}", "", cited.name, "main", anchor)
    return found


def answered(
    study: Study, facts: Mapping[str, str], slots: Collection[str] = ()
) -> tuple[ElementAnswer, ...]:
    """Return every element with the passages that the study names; its own additions last.

    ``facts`` are the site's, as they are filled into the words; ``slots`` are those of the
    submission with a document in them.
    """
    known, named = spots(study), {item.id: item for item in study.consent.checklist}
    wanted = {element.id: element for element in elements()}
    for item in study.consent.checklist:
        wanted.setdefault(item.id, ChecklistElement(item.id, item.source, item.must))
    found = []
    for element in wanted.values():
        said = named.get(element.id)
        passages = tuple(known[p] for p in said.passages if p in known) if said else ()
        where = said.where if said else ""
        held = bool(element.slot) and element.slot in slots
        fault = "" if held else _fault(element, where, passages, facts)
        found.append(ElementAnswer(element, where, passages, fault))
    return tuple(found)


def _fault(
    element: ChecklistElement, where: str, passages: tuple[Spot, ...], facts: Mapping[str, str]
) -> str:
    """Return why these passages do not satisfy the element, in words; nothing where they do."""
    if not passages:
        return "no document in its slot, and no passage" if element.slot else "no passage"
    read = [p for p in passages if p.screen or element.held_by == "file"]
    if not read:
        return "only a note to the board, where a client must read it"
    # A fact named in ``where`` is what satisfies it.
    empty = [fact for fact in _facts_of(where) if not facts.get(fact)]
    if not empty and any(_says_something(p.text, facts) for p in read):
        return ""
    empty = empty or [fact for p in read for fact in _facts_of(p.text) if not facts.get(fact)]
    return f"says nothing while the site leaves {', '.join(dict.fromkeys(empty))} empty"


def _facts_of(text: str) -> list[str]:
    return [fact_of(name) for name in placeholders(text)]


def _says_something(text: str, facts: Mapping[str, str]) -> bool:
    """Return whether a passage is finished: no fact is missing, and something is left of it."""
    finished = all(facts.get(fact) is not None for fact in _facts_of(text))
    return not text or (finished and bool(fill(text, facts).strip()))


@dataclass(frozen=True, slots=True)
class Judged:
    """What the office holds on the checklist of a version: slots with a document, and verdicts.

    A verdict is (element, verdict, reason, who, day).
    """

    slots: frozenset[str] = frozenset()
    verdicts: tuple[tuple[str, str, str, str, str], ...] = ()


NOT_JUDGED = Judged()

SETTLED = ("met", "weak", "not applicable", "waived")


def unsettled(
    lines: Iterable[ElementAnswer], verdicts: Mapping[str, JudgedElement]
) -> tuple[ElementAnswer, ...]:
    """Return what stands in the way of an approval, given the members' verdicts on this version.

    An element that no passage satisfies waits for a verdict; "missing" is one that blocks.
    """
    found = []
    for line in lines:
        judged = verdicts.get(line.element.id)
        if (judged.verdict not in SETTLED) if judged else bool(line.fault):
            found.append(line)
    return tuple(found)


def grades(study: Study) -> tuple[Graded, ...]:
    """Return the reading grade of each section; none for a language without a formula."""
    if study.language.partition("-")[0] != "en":
        return ()
    held = [
        (section.capitalize(), [text for _, _, text in parts], study.reading_grade)
        for _, section, parts in sections(study)
    ]
    found = []
    for section, texts, ceiling in held:
        whole = "\n\n".join(texts)
        count = len(words(whole))
        # With fewer words one long word would decide (docs/design.md, The walk).
        reached = grade(whole) if count >= FEWEST_WORDS else None
        found += [Graded(section, count, reached, ceiling)] if texts else []
    return tuple(found)


SHOWN = 90  # characters of a text without a heading


def consent_passages(study: Study) -> dict[str, dict[str, str]]:
    """Return labels by group and anchor, in the order of the page; anchors are unique."""
    consent, questions = study.consent, dict[str, str]()
    for number, page in enumerate(study.pages, start=1):
        questions[page.id] = f"Page {number}: {page.title}"
        for q in page.questions:
            questions[f"ask-{q.name}"] = f"{q.name}: {_short(q.text.texts()[0])}"
    # Questions are commented on one by one, and leaving shows no text of its own.
    absent = {"questions", "leave"} | ({"eligibility"} if not consent.eligibility else set())
    return {
        "Screens": {f"screen-{s.name}": s.label for s in CITED if s.name not in absent},
        "Information": _headed((*consent.key_facts, *consent.details, *consent.notice)),
        "Before you start": {q.id: _short(q.text) for q in consent.eligibility},
        "Consent": {name: _short(text) for name, text in consent.asked_at_consent},
        "Questions": questions,
        "Afterwards": _headed((*consent.debrief, *study.support.passages, *consent.leaflet)),
    }


def label_of(study: Study, anchor: str) -> str:
    """Return the label of ``anchor``, or itself where this version has no such passage."""
    groups = consent_passages(study).values()
    return next((group[anchor] for group in groups if anchor in group), anchor)


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1].rstrip() + "…"


def _headed(passages: tuple[Passage, ...]) -> dict[str, str]:
    return {p.id: p.heading or _short(p.text) for p in passages}
