"""``lacrima review``: a person reads clients' own words, one text at a time."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import click

from exports.texts.identifiers import CAUTION, IdentifierSpan, marked
from exports.texts.redaction import NoSuchMark, RedactionDraft
from forms.typed_text import visible_words
from survey.accounts.audit import claimed_name, note_command
from survey.cli.installation import open_version
from survey.cli.main import main
from survey.errors import Refusal
from survey.releases import text_review as process
from survey.releases.floors import least_new_rows
from survey.releases.text_review import ReviewQueue
from survey.storage.texts import StoredText
from survey.studies.data_use import check_use

HELP = """\
  a              the words may leave as they stand here
  1 3            replace marks 1 and 3 by their kind; 1 3 name: by [name]; all: every mark
  /some words/   replace these words by [detail]; /some words/place: by [place]
  o              begin again with the words as they were
  w              withhold the text: it never leaves
  s              skip it for now       u  undo the last decision       q  quit"""

_NUMBERS = re.compile(r"((?:\d+[\s,]*)+)([a-z]*)")
_WORDS = re.compile(r"/(.+)/\s*([a-z]*)")


@dataclass
class TerminalReview:
    """One reader's session: the texts put off, and those decided, the last one last."""

    queue: ReviewQueue
    questions: Mapping[str, str]
    skipped: set[bytes] = field(default_factory=set)
    decided: list[bytes] = field(default_factory=list)


class _Quit(Exception):
    """A reader's wish to end the session."""


def _now() -> datetime:
    return datetime.now(UTC)


def _coloured(text: str, marks: tuple[IdentifierSpan, ...]) -> str:
    """Return the text with its marks in colour, numbered, for a terminal."""
    parts, at = [], 0
    for number, mark in enumerate(marks, 1):
        parts.append(text[at : mark.start])
        parts.append(click.style(text[mark.start : mark.end], fg="black", bg="yellow"))
        parts.append(click.style(f"[{number} {mark.kind}]", fg="yellow"))
        at = mark.end
    return "".join((*parts, text[at:]))


def _show(draft: RedactionDraft) -> None:
    paint = _coloured if sys.stdout.isatty() else marked
    click.echo("\n" + paint(visible_words(draft.words), draft.marks) + "\n")


def _changed(draft: RedactionDraft, line: str) -> RedactionDraft:
    """Return the draft after a line that replaces something. Raises NoSuchMark."""
    if line == "all":
        return draft.without(range(1, len(draft.marks) + 1))
    if match := _NUMBERS.fullmatch(line):
        return draft.without([int(n) for n in re.findall(r"\d+", match[1])], match[2])
    if match := _WORDS.fullmatch(line):
        return draft.without_words(match[1], *([match[2]] if match[2] else []))
    raise NoSuchMark(f"{line!r} is nothing I know; ? lists what can be said.")


def _read(session: TerminalReview, text: StoredText) -> None:
    """Show one text until it is decided, put off, or the last decision is taken back."""
    question = session.questions.get(text.variable, "")
    second = "  (read once by somebody else)" if text.state == "once" else ""
    click.echo(f"── {text.variable}: {question}{second}")
    draft = first = RedactionDraft(text.words, text.lang or "")
    _show(draft)
    while True:
        if sys.stdin.isatty():
            click.echo("a · numbers · /words/ · o · w · s · u · q · ? > ", nl=False)
        line = (sys.stdin.readline() or "q").strip()  # the end of the input ends the session
        if line in ("a", "w"):
            _decide(session, text, draft if line == "a" else None)
            return
        if line == "s":
            session.skipped.add(text.key)
            return
        if line == "u":
            _undo(session)
            return
        draft = _edited(first, draft, line)


def _edited(first: RedactionDraft, draft: RedactionDraft, line: str) -> RedactionDraft:
    if line == "q":
        raise _Quit
    if line in ("?", ""):
        click.echo(HELP)
        return draft
    try:
        draft = first if line == "o" else _changed(draft, line)
    except NoSuchMark as wrong:
        click.echo(str(wrong))
        return draft
    _show(draft)
    return draft


def _decide(session: TerminalReview, text: StoredText, draft: RedactionDraft | None) -> None:
    try:
        state = process.record_decision(
            session.queue,
            text,
            draft.words if draft else None,
            replaced=draft.replaced if draft else {},
            at=_now(),
        )
    except Refusal as refusal:
        session.skipped.add(text.key)
        click.echo(str(refusal))
        return
    session.decided.append(text.key)
    click.echo("read once; a second person has to agree." if state == "once" else f"{state}.")


def _undo(session: TerminalReview) -> None:
    if not session.decided:
        click.echo("Nothing was decided in this sitting.")
        return
    try:
        process.undo(session.queue, session.decided.pop(), at=_now())
    except Refusal as refusal:
        click.echo(str(refusal))
        return
    click.echo("undone; that text waits again.")


def _say_counts(queue: ReviewQueue) -> None:
    for variable, states in sorted(process.review_counts(queue).items()):
        counts = ", ".join(f"{n} {state}" for state, n in sorted(states.items()))
        click.echo(f"{variable}: {counts}")
    if left_over := process.explain_left_over(queue):
        click.echo(left_over)


@main.command()
@click.argument("study")
@click.option("--pilot", is_flag=True, help="Read the texts of the pilot.")
@click.option("--status", is_flag=True, help="Only say how many texts stand where.")
def review(study: str, *, pilot: bool, status: bool) -> None:
    """Read the texts of STUDY one by one, in random order, before any of them may leave."""
    config, version, stores = open_version(study, pilot=pilot)
    name = version.study.name
    queue = ReviewQueue(
        stores.answers(pilot=pilot), stores.office, name, pilot,
        claimed_name(), config.text_readers, least_new_rows(version.study),
    )  # fmt: skip
    if status:
        _say_counts(queue)
        return
    check_use(stores.office, name, pilot=pilot)
    waiting = process.waiting(queue, _now())
    if not waiting:
        left_over = process.explain_left_over(queue)
        raise Refusal(f"{process.explain_empty(queue, _now())} {left_over}".strip())
    note_command(stores.office, f"{name}: began to read texts")
    questions = {q.name: q.text.texts()[0] for q in version.study.questions.values()}
    click.echo(f"{waiting} texts of {name} wait for {queue.reader}. {CAUTION}\n{HELP}")
    try:
        session = TerminalReview(queue, questions)
        while text := process.next_text(queue, _now(), skip=session.skipped):
            _read(session, text)
        click.echo("No text waits for you." + " Skipped ones do." * bool(session.skipped))
    except _Quit:
        click.echo("")
    _say_counts(queue)
