"""Tier D: approved texts as a file of their own, with no key and no order of arrival.

A text is released in a group: one question in one language. A later release holds the earlier file
byte for byte; what was approved since follows, sorted by itself, group by group, once a group has
enough new texts to hide in.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from exports.codebook import Entry, describe
from exports.columns import Field, data_name
from exports.documents.all_documents import finish, note_files, put
from exports.documents.context import DocumentContext
from exports.errors import ExportRefused
from exports.output_files import csv_text, guarded
from exports.report import ReleaseContext, Report, about_release
from exports.texts.redaction import FIT, STATES, WITHHELD, ReviewedText
from forms.routing import asked_of_few
from forms.study import Question, Study, Tier
from forms.typed_text import tidy_words

COLUMNS = ("variable", "lang", "may_quote", "text")


@dataclass(frozen=True, slots=True, order=True)
class TextRow:
    """One line of the file, in the order of the file's columns after ``row`` and the marks."""

    variable: str
    lang: str
    may_quote: int
    text: str

    @property
    def group(self) -> tuple[str, str]:
        """Question and language."""
        return self.variable, self.lang


@dataclass(frozen=True, slots=True)
class TextGroup:
    """One question in one language: lines in the file, and texts that wait for more."""

    variable: str
    lang: str
    released: int
    waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRelease:
    """A finished tier D file. ``counts`` are exact and for staff: question → state → texts.

    ``new`` is the number of lines that no earlier release held, ``about`` the page for readers,
    whose small counts are blurred. ``codebook`` has one entry a column, as exports.codebook makes.
    """

    name: str
    data: bytes
    rows: int
    new: int
    groups: tuple[TextGroup, ...]
    counts: Mapping[str, Mapping[str, int]]
    codebook: tuple[Entry, ...]
    about: str


@dataclass(frozen=True, slots=True)
class TextContext:
    """The origin of a text release's texts; ``earlier`` is the last file."""

    pilot: bool = False
    synthetic: bool = False
    earlier: bytes = b""

    @property
    def marks(self) -> tuple[str, ...]:
        """Columns that mark each line, so that the mark survives a renamed file."""
        return ("pilot",) * self.pilot + ("synthetic",) * self.synthetic


ORDINARY = TextContext()


def text_name(study_name: str) -> str:
    """File name after Psych-DS; ``description`` is one of its own keywords."""
    return data_name(study_name).replace("_data.csv", "_description-texts_data.csv")


def released_questions(study: Study, tier: Tier) -> dict[str, Question]:
    """Variable → question, of texts that the tier may hold, in the order asked.

    A text that only a few are asked for is stored without language and never released.
    """
    return {
        name: q
        for name, q in study.questions.items()
        if q.apart and not asked_of_few(study, name) and name not in tier.leave_out
    }


def tidy_text(words: str) -> str:
    """``words`` as they stand in the file: as they were read when they were typed, no formula."""
    return guarded(tidy_words(words))


def _earlier(occasion: TextContext) -> list[TextRow]:
    """The lines of the earlier file. Raise ExportRefused where it is none of this study's kind."""
    if not occasion.earlier:
        return []
    lines = csv.reader(io.StringIO(occasion.earlier.decode(), newline=""))
    if next(lines, []) != ["row", *occasion.marks, *COLUMNS]:
        raise ExportRefused(
            "The earlier file of texts has other columns than this release would have."
        )
    # The row number and the marks stand before these.
    kept = len(COLUMNS)
    return [TextRow(v, lang, int(q), text) for v, lang, q, text in (line[-kept:] for line in lines)]


def _not_released(rows: Sequence[TextRow], earlier: Sequence[TextRow]) -> list[TextRow]:
    """Return what is approved now and stands in no earlier release."""
    now, before = Counter(rows), Counter(earlier)
    if lost := (before - now).total():
        raise ExportRefused(
            f"{lost} texts of the earlier release are no longer approved in the same words, and a "
            "later release has to hold them byte for byte: approve them so, or recall it first."
        )
    return list((now - before).elements())


def _refusal(groups: Mapping[tuple[str, str], int], k: int, *, unread: int) -> str:
    short = "; ".join(
        f"{variable} in {lang} has {n}, {k - n} too few" for (variable, lang), n in groups.items()
    )
    reading = f" {unread} texts are not read yet." if unread else ""
    return (
        f"No question has {k} approved texts in one language that no release held before: "
        f"{short or 'none is approved'}.{reading} `lacrima review` goes on reading."
    )


def _counts(texts: Iterable[ReviewedText]) -> dict[str, dict[str, int]]:
    """Question → state → texts; ``unread`` is not finished, ``never`` may not be released."""
    found: dict[str, Counter[str]] = {}
    for t in texts:
        state = "never" if t.lang is None else t.state if t.state in STATES else "unread"
        found.setdefault(t.variable, Counter())[state] += 1
    return {variable: dict(sorted(counts.items())) for variable, counts in sorted(found.items())}


def _groups(
    earlier: Sequence[TextRow], new: Sequence[TextRow], k: int, questions: Mapping[str, Question]
) -> Iterator[TextGroup]:
    before, fresh = Counter(r.group for r in earlier), Counter(r.group for r in new)
    # What an earlier file has of questions that are released no longer comes first.
    order = {name: at for at, name in enumerate(questions)}
    for group in sorted(before.keys() | fresh.keys(), key=lambda g: (order.get(g[0], -1), g)):
        enough = fresh[group] >= k
        yield TextGroup(
            *group,
            released=before[group] + fresh[group] * enough,
            waiting=fresh[group] * (not enough),
        )


def text_release(
    study: Study, texts: Sequence[ReviewedText], *, tier: Tier, occasion: TextContext = ORDINARY
) -> TextRelease:
    """Return the file of approved texts. Raise ExportRefused where no group is large enough.

    ``texts`` are all frozen texts of the study (of a pilot all), in any order: the same texts give
    the same bytes.
    """
    questions = released_questions(study, tier)
    earlier = _earlier(occasion)
    fit = [
        TextRow(t.variable, t.lang, t.c_quote, tidy_text(t.words))
        for t in texts
        if t.state in FIT and t.lang is not None and t.variable in questions
    ]
    fresh = _not_released(fit, earlier)
    groups = tuple(_groups(earlier, fresh, tier.k, questions))
    large = {(g.variable, g.lang) for g in groups if not g.waiting}
    # By content: neither the order of arrival nor that of reading is left.
    new = sorted(r for r in fresh if r.group in large)
    counts = _counts(texts)
    if not new and not earlier:
        unread = sum(counts.get(name, {}).get("unread", 0) for name in questions)
        raise ExportRefused(_refusal(Counter(r.group for r in fresh), tier.k, unread=unread))
    rows = len(earlier) + len(new)
    # The earlier file has the header already.
    head = [] if earlier else [("row", *occasion.marks, *COLUMNS)]
    lines = (
        (number, *(1 for _ in occasion.marks), r.variable, r.lang, r.may_quote, r.text)
        for number, r in enumerate(new, len(earlier) + 1)
    )
    return TextRelease(
        name=text_name(study.name),
        data=occasion.earlier + csv_text([*head, *lines]).encode(),
        rows=rows,
        new=len(new),
        groups=tuple(g for g in groups if g.released),
        counts=counts,
        codebook=tuple(_codebook(study, occasion, groups, rows=rows)),
        about=_about(study, tier, groups, counts),
    )


def _codebook(
    study: Study, occasion: TextContext, groups: Sequence[TextGroup], *, rows: int
) -> Iterator[Entry]:
    def entry(name: str, label: str, **more: object) -> Entry:
        found = describe(study, Field("row", "administrative"), rows=rows)
        counted = {"n_valid": rows, "n_missing": {}}
        return {**found, "variable": name, "label": label, "range": None, **counted, **more}

    yield entry("row", "Position of the text in this file; says nothing about arrival",
                range=[1, rows])  # fmt: skip
    for mark in occasion.marks:
        found = describe(study, Field(mark, "administrative"), rows=rows)
        yield {**found, "n_valid": rows, "n_missing": {}}
    asked = {g.variable: study.questions[g.variable] for g in groups if g.released}
    yield entry("variable", "Question that the text answers", type="text",
                codes={name: " / ".join(q.text.texts()) for name, q in asked.items()})  # fmt: skip
    yield entry("lang", "Language in which the question was shown", type="text",
                codes={g.lang: g.lang for g in groups if g.released})  # fmt: skip
    yield entry("may_quote", "Whether the person agreed to be quoted, with details removed",
                codes={"0": "No: for counting themes only", "1": "Yes"})  # fmt: skip
    yield entry("text", "The person's own words, as approved after reading", type="text",
                role="free_text",
                note="[name], [place] and the like stand for what a reader took out")  # fmt: skip


def _blurred(count: int) -> str:
    """Counts of what is not in the file tell no single text."""
    return "fewer than 10" if count < 10 else f"about {round(count / 5) * 5}"


APART = (
    "Clients' own words, one text a line. Texts are stored apart from all other answers: nothing "
    "joins a text to a row of another tier, nor two texts of one person, and you agreed not to "
    "try. A person has read each of them and left it, replaced words in it by their kind in square "
    "brackets ([name], [place] …), or held it back. A program helped to find such words; neither "
    "it nor the reader can promise that nobody is recognised, least of all by somebody who was "
    "there."
)
QUOTING = (
    "Quote only lines with `may_quote` = 1, and only the words as they stand here. All others are "
    "for counting themes."
)


def _about(
    study: Study, tier: Tier, groups: Sequence[TextGroup], counts: Mapping[str, Mapping[str, int]]
) -> str:
    """The part of README.md about the texts."""
    order = (
        "Lines are sorted by their content within a release; later releases add lines below. A "
        f"question comes in a language only with {tier.k} texts or more."
    )
    lines = (f"\n| {g.variable} | {g.lang} | {g.released} |" for g in groups if g.released)
    table = "| question | language | texts |\n|---|---|---|" + "".join(lines)
    held = _blurred(sum(c.get(WITHHELD, 0) for c in counts.values()))
    unread = _blurred(sum(c.get("unread", 0) for c in counts.values()))
    absent = f"- Held back by a reader: {held}. Not read to the end: {unread}."
    if waiting := sum(g.waiting for g in groups):
        many = _blurred(waiting)
        absent += f"\n- Approved, waiting for others of their question and language: {many}."
    # From the study, not from what was written: that somebody wrote one is told to nobody.
    if never := [n for n, q in study.questions.items() if q.apart and asked_of_few(study, n)]:
        absent += f"\n- Never released, because only some are asked: {', '.join(never)}."
    return "\n\n".join(("## Texts", APART, QUOTING, order, table, absent)) + "\n"


_RECOGNISED = (
    "Words can give away what no list of names knows: a story, a turn of phrase, an event that "
    "was in the papers. Somebody who was there may recognise them. Keep the file as you would keep "
    "personal data, and do not join it with anything."
)
LIMITS = (_RECOGNISED,)


def assemble_texts(
    study: Study, release: TextRelease, tier: Tier, out: Path, *, occasion: ReleaseContext
) -> Report:
    """Write tier D into the new folder ``out``."""
    report = {
        **about_release(study, tier, (), seed=0, occasion=occasion),
        "rows": release.rows,
        "new_rows": release.new,
        "texts": {f"{g.variable} ({g.lang})": g.released for g in release.groups},
        "holds": "texts",
        "how": release.about.removeprefix("## Texts").strip(),
        "limits": list(LIMITS),
    }
    put(out, {f"data/{release.name}": release.data})
    note_files(out, report)
    context = DocumentContext(
        study=study, codebook=release.codebook, report=report, data_file=release.name,
        wordings=occasion.archived, facts=occasion.facts, tallies=occasion.tallies,
        deposit=occasion.deposit,
    )  # fmt: skip
    finish(out, context, report)
    return report
