"""The chapters that hold every word: the walk in its order, then the platform's own sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from forms.flow import SCREENS
from forms.kinds import kind_of
from forms.platform_texts import SHOW_WHERE, TWO_QUESTIONS, TWO_QUESTIONS_TEXT
from forms.routing import condition_by_question
from forms.study import Page, Passage, Question, Wording
from survey.ethics.dossier.blocks import (
    Block,
    Runs,
    code,
    heading,
    items,
    note,
    offered,
    passage,
    plain,
    prose,
    question,
    ref,
    runs,
    said,
    table,
)
from survey.ethics.platform_wording import TEXT_LABELS, own_words
from survey.studies.version import StudyVersion

SCREEN = "screen:"  # what a checklist puts before the name of a whole screen
ENDING = {"screened_out": "the kind ending", "not_now": "come back later"}


def _screen(name: str) -> Block:
    return heading(SCREENS[name].label, anchor=SCREEN + name)


def _said(version: StudyVersion, *keys: str) -> Iterator[Block]:
    for key in keys:
        yield said(TEXT_LABELS[key], version.study.consent.texts[key], version)


def _passages(passages: Iterable[Passage], version: StudyVersion) -> Iterator[Block]:
    for one in passages:
        if one.heading:
            yield heading(version.fill(one.heading), level=3, anchor=one.id)
        yield passage(one.text, version, anchor="" if one.heading else one.id)


def before_questions(version: StudyVersion) -> Iterator[Block]:
    """Yield landing, information, eligibility, consent and decline."""
    consent = version.study.consent
    yield _screen("landing")
    yield from _said(version, "landing_title", "landing_lead", "landing_exit", "landing_draft")
    yield _screen("information")
    yield from _said(version, "information_title")
    yield note("Key facts, shown first", leads=True)
    yield from _passages(consent.key_facts, version)
    yield note("More detail, folded on the screen, printed in full", leads=True)
    yield from _passages(consent.details, version)
    if consent.notice:
        yield note("Data protection notice, folded on the screen", leads=True)
        yield from _passages(consent.notice, version)
    yield from _eligibility(version)
    yield from _consent(version)
    yield _screen("declined")
    yield from _said(version, "declined_title", "declined")


def _eligibility(version: StudyVersion) -> Iterator[Block]:
    consent = version.study.consent
    if not consent.eligibility:
        return
    yield _screen("eligibility")
    yield from _said(version, "eligibility_title")
    asked = []
    for q in consent.eligibility:
        aside = f"{q.yes} / {q.no}. “{q.no}” leads to: {ENDING[q.ending]}. Not stored."
        aside += f" Then said first: {version.fill(q.why)}" if q.why else ""
        asked.append((q.id, [*runs(version.fill(q.text)), ("aside", aside)]))
    yield items(asked, numbered=True)
    yield from _said(version, "screened_out_title", "screened_out", "not_now_title", "not_now")


def _consent(version: StudyVersion) -> Iterator[Block]:
    consent = version.study.consent
    words = consent.texts
    yield _screen("consent")
    yield from _said(version, "consent_title")
    yield from _comprehension(version)
    yield from _said(version, "consent_intro")
    yield note("Required: each a box of its own, none ticked beforehand", leads=True)
    required = ((s.id, runs(version.fill(s.text))) for s in consent.required_statements)
    yield items(required, numbered=True)
    if consent.choices:
        about = "Optional: yes or no, neither chosen beforehand, a blank counts as no"
        yield note(about, leads=True)
        chosen = []
        for s in consent.choices:
            effect = [("aside", f"Effect: {s.effect}")] if s.effect else []
            chosen.append((s.id, [*runs(version.fill(s.text)), *effect]))
        yield items(chosen, numbered=True)
    yield note(
        f"Two buttons of the same size and colour: “{words['agree']}” and “{words['decline']}”."
    )


def _comprehension(version: StudyVersion) -> Iterator[Block]:
    asked = version.study.consent.comprehension
    if asked:
        yield note(f"{TWO_QUESTIONS} {TWO_QUESTIONS_TEXT}", leads=True)
        rows = []
        for q in asked:
            about = f"{' / '.join(q.options)}. Right: {q.right}. “{SHOW_WHERE}” shows: "
            where = ref(version.study.consent.informing[q.passage].heading or q.passage, q.passage)
            rows.append((q.id, [*runs(version.fill(q.text)), ("aside", about), where]))
        yield items(rows, numbered=True)


def questions(version: StudyVersion) -> Iterator[Block]:
    """Yield every page and question in order, with the routing in words."""
    for number, page in enumerate(version.study.pages, start=1):
        yield heading(f"{number}. {page.title}", anchor=page.id)
        yield note(_about_page(version, page), leads=True)
        yield from _wording(page.intro, version)
        for one in page.questions:
            yield _question(one, version)


def _about_page(version: StudyVersion, page: Page) -> str:
    parts = [f"Shown {_when(version, page) or 'to everybody'}."]
    if page.sensitive:
        opening = version.study.consent.texts["skip_anything"]
        parts.append(f"Sensitive page: begins with “{opening}” and a link to help.")
    if page.answer_once:
        parts.append("What is written here can later be deleted, not changed.")
    if page.support:
        parts.append(
            f"{page.support.at_least} or more in {page.support.variable}, or the tick "
            f"“{page.support.label}”, opens the help page."
        )
    return " ".join(parts)


def _when(version: StudyVersion, shown: Page | Question) -> str:
    return f"if {condition_by_question(version.study, shown.show_if)}" if shown.show_if else ""


def _wording(wording: Wording, version: StudyVersion) -> Iterator[Block]:
    if wording.everybody:
        yield passage(wording.everybody, version)
    ways = {branch.name: branch.label for branch in version.study.branches}
    for branch, text in wording.by_branch:
        yield said(f"on the way “{ways[branch]}”", text, version)


def _question(asked: Question, version: StudyVersion) -> Block:
    head: Runs = [
        code(asked.name),
        plain(f" {asked.kind}{', needs an answer' if asked.required else ''}"),
    ]
    body = [note(f"Shown {_when(version, asked)}.")] if asked.show_if else []
    body += _wording(asked.text, version)
    body += [note(asked.hint)] if asked.hint else []
    if asked.rows:
        body.append(
            items(("", [plain(f"{row.text} "), ("small", row.variable)]) for row in asked.rows)
        )
        if asked.random_order:
            body.append(note("Rows in random order, drawn once for each client."))
    # A text that is kept apart has no code of its own: there is no column for one.
    absent = [] if asked.apart else [f"{m.code} {m.label}" for m in asked.missing]
    also = ["Also offered: " + "; ".join(absent)] if absent else []
    body.append(offered(kind_of(asked).in_words(asked), *also))
    return question(anchor=f"ask-{asked.name}", head=head, body=body)


def after_questions(version: StudyVersion) -> Iterator[Block]:
    """Yield what comes after them: check, thank you, help, stop, delete later, leave."""
    consent = version.study.consent
    words = consent.texts
    yield _screen("check")
    yield from _said(version, "check_title", "check_intro")
    if consent.receipt_code:
        yield from _said(version, "code_offer")
        yield said("The two answers", f"“{words['code_yes']}” / “{words['code_no']}”", version)
    yield _screen("done")
    yield from _said(version, "done_title", "done_arrived")
    if consent.receipt_code:
        yield from _said(version, "code_shown")
    yield from _passages(consent.debrief, version)
    yield from _said(version, "history_note")
    support = version.study.support
    yield _screen("support")
    yield passage(support.intro, version)
    yield note("The help lines themselves stand in a chapter of their own.")
    yield from _passages(support.passages, version)
    yield from _said(version, "nobody_watches")
    yield _screen("stop")
    yield from _said(version, "stop_title", "stop_question")
    yield said("The two buttons", f"“{words['stop_delete']}” / “{words['stop_send']}”", version)
    yield from _said(version, "deleted_title", "deleted")
    yield _screen("withdraw")
    yield from _said(version, "withdraw_title", "withdraw_intro", "withdraw_reply")
    yield _screen("leave")
    first = plain("On every page, first in the order of the keyboard. Goes to ")
    yield prose([first, code(version.study.exit_url), plain(" and drops the unfinished answers.")])
    yield from _said(version, "blank_hint")
    if consent.leaflet:
        yield heading("Leaflet", anchor="leaflet")
        yield note("Printed inside it, beside the title and the sentence of the first page.")
        yield from _passages(consent.leaflet, version)


def platform(version: StudyVersion) -> Iterator[Block]:
    """Yield the screens worded by the platform, read off the screens themselves."""
    yield note("Worded by the platform, the same for every study; read off the screens themselves.")
    rows = ((name, [[plain(line)] for line in lines]) for name, lines in own_words(version))
    yield table(("Screen", "What it says"), (1, 5), rows)
