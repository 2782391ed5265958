"""documentation/motivated-intruder.md: a form for a person who tries to find people in the rows.

The motivated intruder test: somebody without special skills, with what anybody can look up, tries
to recognise people in the file (UK Information Commissioner's Office, Anonymisation: managing data
protection risk, 2012). A program measures what it thought of; this is for what it did not.
"""

from __future__ import annotations

from collections.abc import Iterator

from exports.documents import markup
from exports.documents.context import DocumentContext
from exports.documents.protection import attack_rows, attacks_in_words

BLANK = "…"
INTRO = """\
A form for a person who tries to find people in this release with what anybody can look up, ask or \
buy, and without special skills. What the program measured is filled in; the rest is theirs. Fill \
in a copy: the form in the release stays blank, as its sum in SHA256SUMS has it.

Try only what the people responsible for the study have agreed to. Write nobody’s name, row or \
answers into this form: only how many, and how."""
TEST = (
    "Date of the test",
    "Tried by (name, profession, employer)",
    "Knew of the study, its place or somebody who took part",
    "Sources used (registers, social media, news, other files)",
    "Hours spent",
)
RESULT = (
    "People whom somebody claimed to have found",
    "Of these, right; who checked it, and how",
    "Answers that were learnt of somebody",
    "What follows (the release stays, is recalled, the policy changes)",
    "Decided by, and when",
    "Next review: date, or what brings it about",
)
TRIED = ("what", "with which source", "found", "right")
EMPTY_LINES = 3  # empty lines for what the person thought of


def _released(context: DocumentContext) -> Iterator[tuple[str, str]]:
    report, tier = context.report, context.tier
    yield "Study", context.study.title
    yield "Tier", f"{tier['name']}, {tier['label'].lower()}, for {tier['audience']}"
    if "rows" in report:
        yield "Rows", f"{report['rows']:,}. {context.sample}".rstrip(". ") + "."
    if k := report.get("k"):
        yield "Rows alike in the core variables", f"{k['reached']} at least; {k['asked']} promised"
    if digest := context.digest:
        yield "SHA-256 of the data file", f"`{digest}`"


def _ideas(context: DocumentContext) -> Iterator[str]:
    """Yield what may be tried, by what this file shows."""
    known = {
        group: ", ".join(e["variable"] for e in context.codebook if e["group"] == group)
        for group in ("core", "insider")
    }
    if known["core"]:
        yield f"Somebody of whom these are known: {known['core']}."
    if known["insider"]:
        yield f"Somebody of whom these are known besides, from being there: {known['insider']}."
    yield "Somebody who has told a friend, or a page that anybody can read, some of their answers."
    yield "Somebody who is rare by one thing or by two together, in the news or in a place."


def motivated_intruder(context: DocumentContext) -> bytes:
    """Return the form as Markdown, with what the report measured."""
    head = ("attack", "by somebody who", "tried", "right", "control", "difference")
    measured = attack_rows(context.report)
    said = [
        markup.table(head, measured),
        "Shares in percent, with 95 % intervals.",
        markup.bullets(attacks_in_words(context.report)),
    ]
    ideas = [(idea, *[BLANK] * 3) for idea in _ideas(context)]
    ideas += [(BLANK,) * 4] * EMPTY_LINES
    return markup.document(
        [
            "# Motivated intruder test",
            f"**{context.mark}.**" * bool(context.mark),
            INTRO,
            markup.section("What was released", markup.table(("what", ""), _released(context))),
            markup.section("What the program measured", *(said if measured else ())),
            markup.section("Who tries", _blank(TEST)),
            markup.section("What was tried", markup.table(TRIED, ideas)),
            markup.section("Result", _blank(RESULT)),
        ]
    )


def _blank(lines: tuple[str, ...]) -> str:
    return markup.table(("what", "answer"), [(line, BLANK) for line in lines])
