"""Every passage that a comment can point at: an anchor of the page with every word, and a label."""

from __future__ import annotations

from collections.abc import Iterator

from forms.study import Page, Passage, Study

SCREENS = {
    "landing": "S1 Landing",
    "information": "S2 Information",
    "eligibility": "S3 Before you start",
    "consent": "S4 Consent",
    "check": "S6 Check answers and send",
    "done": "S7 and S8 Thank you",
    "support": "S9 Help",
    "declined": "S10 Decline",
    "stop": "S11 Stop",
    "withdraw": "S12 Delete later",
}
SHOWN = 90  # characters of a text without a heading


def passages_of(study: Study) -> dict[str, dict[str, str]]:
    """Group → anchor → label, in the order of the page; anchors are unique."""
    consent = study.consent
    eligibility = {} if consent.eligibility else {"eligibility"}
    return {
        "Screens": {f"screen-{s}": label for s, label in SCREENS.items() if s not in eligibility},
        "Information": dict(_headed((*consent.key_facts, *consent.details, *consent.notice))),
        "Before you start": {q.id: _short(q.text) for q in consent.eligibility},
        "Consent": {s.id: _short(s.text) for s in consent.statements},
        "Questions": dict(_asked(study.pages)),
        "Afterwards": dict(_headed((*consent.debrief, *study.support.passages))),
    }


def label_of(study: Study, anchor: str) -> str:
    """What is there, in a few words; the anchor itself where this version has no such passage."""
    groups = passages_of(study).values()
    return next((group[anchor] for group in groups if anchor in group), anchor)


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1].rstrip() + "…"


def _headed(passages: tuple[Passage, ...]) -> Iterator[tuple[str, str]]:
    for passage in passages:
        yield passage.id, passage.heading or _short(passage.text)


def _asked(pages: tuple[Page, ...]) -> Iterator[tuple[str, str]]:
    for number, page in enumerate(pages, start=1):
        yield page.id, f"Page {number}: {page.title}"
        for question in page.questions:
            yield f"ask-{question.name}", f"{question.name}: {_short(question.text.texts()[0])}"
