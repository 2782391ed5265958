"""A half-answered survey as a value: what is in a draft, and how a posted page changes it.

Pure: the caller brings the clock, the random seed and the place where a draft is kept.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from forms.form_fields import KeptPost, read_page
from forms.kinds import PREFER_NOT, kind_of
from forms.platform_texts import PAGE_WORDS
from forms.post_length import PAD
from forms.routing import answer_keys, drop_hidden, shown_pages, shown_questions
from forms.study import LEFT_BLANK, Page, Question, Row, Study

Values = dict[str, "int | str"]

SHOWN = "shown"  # hidden input: names of the questions the posted page asked
REFUSE = "refuse"  # button under a grid: its name, to set "prefer not" on every row
DELETE = "delete"  # button on a locked page: the text to delete
OFFER = "support"  # tick: show me support
# Hidden inputs of every form, and buttons of a page of questions: no part of what was answered.
HIDDEN = frozenset(["csrf_token", "state", PAD])
BUTTONS = frozenset([REFUSE, DELETE, "go"])

# ``Draft.unseen``: who opens the study while answers are under way reads none of them.
ASKED = 1  # asked whether to go on or to begin anew
GONE_ON = 2  # went on, and has answered nothing since


@dataclass(frozen=True)
class Draft:
    """A half-answered survey; it lives sealed, or in the board's hidden field.

    ``answers`` maps column → value for every question that was asked (blank ones as -95, blank
    kept-apart texts as ""). ``seed`` draws page tokens and row orders. ``started`` and
    ``touched`` are epoch seconds.
    """

    seed: str
    words: str
    language: str
    started: int
    touched: int = 0
    answers: Values = field(default_factory=dict)
    choices: Mapping[str, bool] = field(default_factory=dict)
    locked: tuple[str, ...] = ()  # texts that can be deleted, not rewritten
    hinted: tuple[str, ...] = ()  # pages whose soft hint has been shown
    hint: bool = False  # the next page shown begins with the soft hint
    opened: tuple[str, ...] = ()  # questions that the last answers opened on the same page
    refused: str = ""  # grid that was refused just now, with answers in it
    removed: bool = False  # the last answers took away others, whose questions are not asked now
    support_due: bool = False
    unseen: int = 0  # ASKED or GONE_ON: no answer is shown
    faulty: str = ""  # page token or screen of the last post, where that had errors
    typed: Mapping[str, Sequence[str]] = field(default_factory=dict)  # what it held
    country: str = ""  # chosen for the help lines
    at: str = ""  # id of the page to come back to from help, information or stop
    waiting: bool = False  # until there is room to begin
    ready: bool = False  # "send" was pressed: code and completion are settled
    code: str = ""  # the deletion code, from "send" until "done" is left
    unused: bool = False  # settled with "send": nothing of it is stored
    sent: int = 0  # 0 not sent; else epoch seconds of the sending
    completion: int = 1
    invitation: str = ""  # keyed hash (hex) of the code that opened it; spent when it is sent


@dataclass(frozen=True)
class PageResult:
    """The draft after a posted page; with errors (input name → sentence) it is unchanged."""

    draft: Draft
    errors: Mapping[str, str]
    stay: bool = False  # the answer opened a further question on the same page
    passed: bool = False  # the client goes on from this page for the first time


_FIELDS = tuple(f.name for f in fields(Draft))


def encode(draft: Draft) -> bytes:
    """Return the draft as compact JSON, defaults left out."""
    blank = Draft(seed="", words="", language="", started=0)
    values = {n: getattr(draft, n) for n in _FIELDS}
    kept = {n: v for n, v in values.items() if v != getattr(blank, n)}
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode()


def decode(plain: bytes) -> Draft:
    """Return the draft that ``encode`` wrote; unknown keys (of another version) are passed over."""
    values: Mapping[str, Any] = json.loads(plain)
    known: dict[str, Any] = {
        n: tuple(v) if isinstance(v, list) else v for n, v in values.items() if n in _FIELDS
    }
    return Draft(**{"seed": "", "words": "", "language": "", "started": 0, **known})


def _digest(seed: str, label: str) -> bytes:
    # 9 bytes are 12 letters of base64, without padding.
    return hashlib.blake2b(label.encode(), key=seed.encode(), digest_size=9).digest()


def token_of(draft: Draft, page: Page) -> str:
    """Return the page's opaque address in this draft; another draft has another one."""
    # The seed is sealed with the draft: an address in a browser's history tells no page.
    return urlsafe_b64encode(_digest(draft.seed, "page:" + page.id)).decode()


def page_word(study: Study, draft: Draft, page: Page) -> str:
    """A neutral word for the page's title, another one in another draft: it tells no branch."""
    size = len(PAGE_WORDS)
    drawn = _digest(draft.seed, "titles")
    place = study.pages.index(page)
    first = PAGE_WORDS[((drawn[0] | 1) * place + drawn[1]) % size]  # an odd factor meets each once
    return first if place < size else f"{first} {PAGE_WORDS[place // size % size]}"


def page_at(study: Study, draft: Draft, token: str) -> Page | None:
    """Return the page behind ``token``, wherever the path leads; None for a foreign token."""
    return next((p for p in study.pages if token_of(draft, p) == token), None)


def open_page(study: Study, draft: Draft, token: str) -> Page | None:
    """Return the page behind ``token`` where it can be answered now."""
    # Once "send" was pressed the row may be stored: what it holds can be changed no more.
    if draft.sent or draft.ready:
        return None
    page = page_at(study, draft, token)
    return page if page is not None and reachable(study, draft, page) else None


def rows_in_order(draft: Draft, question: Question) -> Sequence[Row]:
    """Return the grid's rows in the order drawn for this draft, or as written.

    Drawn anew for each page: what is kept between pages would outlive the draft in memory.
    """
    if not question.random_order:
        return question.rows
    return tuple(sorted(question.rows, key=lambda row: _digest(draft.seed, "row:" + row.variable)))


def first_unanswered(study: Study, draft: Draft) -> Page | None:
    """Return the first page on the path with a question not asked yet; None when all were."""
    return _first_unanswered(shown_pages(study, draft.answers), draft)


def _first_unanswered(pages: Sequence[Page], draft: Draft) -> Page | None:
    return next((page for page in pages if not is_complete(page, draft)), None)


def is_complete(page: Page, draft: Draft) -> bool:
    """Return true when the client has been shown everything on this page and gone on."""
    shown = shown_questions(page, draft.answers)
    return all(name in draft.answers for question in shown for name in answer_keys(question))


def adjacent_pages(study: Study, draft: Draft, page: Page) -> tuple[Page | None, Page | None]:
    """Return (page before, page after) on the path; ``page`` itself must be on it."""
    pages = shown_pages(study, draft.answers)
    at = pages.index(page)
    return (pages[at - 1] if at else None), (pages[at + 1] if at + 1 < len(pages) else None)


def reachable(study: Study, draft: Draft, page: Page) -> bool:
    """Return true for a page on the path, up to the first that is still to be answered."""
    pages = shown_pages(study, draft.answers)
    if page not in pages:
        return False
    first = _first_unanswered(pages, draft)
    return first is None or pages.index(page) <= pages.index(first)


def as_seen(draft: Draft, page: Page) -> Draft:
    """The draft without its answers on ``page``, while no answer may be shown."""
    if not draft.unseen:
        return draft
    names = {name for q in page.questions for name in answer_keys(q)}
    return replace(
        draft,
        answers={n: v for n, v in draft.answers.items() if n not in names},
        locked=tuple(n for n in draft.locked if n not in names),
    )


def _unseen_after(draft: Draft, given: Values) -> int:
    """Who has answered something new is one who answers here: what was answered shows again."""
    return 0 if any(map(_is_answer, given.values())) else draft.unseen


def posted_questions(page: Page, draft: Draft, posted: Any) -> tuple[Question, ...]:
    """Return the questions that the posted page asked, locked ones left out."""
    # Those alone: a question that routing hid was not asked, so it is not blank either.
    names = posted.get(SHOWN, "").split()
    return tuple(q for q in page.questions if q.name in names and q.name not in draft.locked)


def submit_page(study: Study, draft: Draft, page: Page, posted: Any) -> PageResult:
    """Take a posted page into the draft. Errors map input name → sentence; then nothing changes.

    ``posted`` is a multidict. Answers that routing no longer shows are deleted.
    """
    questions = posted_questions(page, draft, posted)
    before = KeptPost(draft.typed) if draft.faulty == token_of(draft, page) else None
    read, errors = read_page(questions, posted, before)
    if errors:
        return PageResult(draft, errors)
    chosen = {q.name for q in questions if any(_is_answer(read[n]) for n in answer_keys(q))}
    given = _with_refusals(questions, read, draft, posted)
    given.update(_locked_answers(page, draft, posted))
    after = _taken(study, draft, page, given)
    if posted.get(REFUSE) in chosen:
        after = replace(after, refused=posted[REFUSE])
    if _stays(page, after, posted, given):
        return PageResult(_with_opened(page, after, posted), {}, stay=True)
    shown = _with_hint(page, after, given, posted)
    return PageResult(shown, {}, passed=not is_complete(page, draft))


def _is_answer(value: int | str) -> bool:
    return value not in (LEFT_BLANK, "")


def _taken(study: Study, draft: Draft, page: Page, given: Values) -> Draft:
    """Return the draft with ``given``, what was said of the last page forgotten."""
    whole = {**draft.answers, **given}
    answers = drop_hidden(study, whole)
    locked = draft.locked
    if page.answer_once:
        texts = [q.name for q in page.questions if kind_of(q).is_text and q.name in given]
        locked = tuple(dict.fromkeys((*locked, *texts)))
    after = replace(
        draft,
        answers=answers,
        locked=locked,
        hint=False,
        opened=(),
        refused="",
        removed=any(_is_answer(whole[name]) for name in whole.keys() - answers.keys()),
        unseen=_unseen_after(draft, given),
    )
    return without_typed(after, token_of(draft, page))


def question_ids(page: Page, draft: Draft) -> Mapping[str, str]:
    """Return name → id of the questions shown; ids count and name nothing."""
    shown = shown_questions(page, draft.answers)
    return {question.name: f"q{n}" for n, question in enumerate(shown, start=1)}


def first_opened(page: Page, draft: Draft) -> str:
    """Return the id of the first question that the last answers opened; empty without one."""
    return next((i for name, i in question_ids(page, draft).items() if name in draft.opened), "")


def _with_opened(page: Page, draft: Draft, posted: Any) -> Draft:
    """Note which questions the page shows now that it did not ask before."""
    asked = posted.get(SHOWN, "").split()
    shown = shown_questions(page, draft.answers)
    return replace(draft, opened=tuple(q.name for q in shown if q.name not in asked))


def save_partial(study: Study, draft: Draft, page: Page, posted: Any) -> Draft:
    """Return the draft with what the posted page holds so far, for a turn to another screen.

    Nothing is lost and nothing is asked for: blank inputs stay as they were, and with a faulty one
    the page is kept as it was typed, to be mended when it is shown again.
    """
    questions = posted_questions(page, draft, posted)
    read, errors = read_page(questions, posted)
    sound = tuple(q for q in questions if all(name in read for name in answer_keys(q)))
    given = _with_refusals(sound, read, draft, posted)
    kept = {n: v for n, v in given.items() if _is_answer(v) or n in draft.answers}
    after = replace(_taken(study, draft, page, kept), at=page.id, locked=draft.locked)
    if any(any(posted.getlist(name)) for name in errors):
        return with_typed(after, token_of(draft, page), posted, without=HIDDEN | BUTTONS)
    return after


def with_typed(draft: Draft, where: str, posted: Any, *, without: frozenset[str] = HIDDEN) -> Draft:
    """Return the draft that keeps a posted page or screen as it was, faults and all."""
    typed = {name: posted.getlist(name) for name in posted if name not in without}
    return replace(draft, faulty=where, typed=typed)


def without_typed(draft: Draft, where: str) -> Draft:
    """Return the draft without what was kept of ``where``, which is mended or left."""
    return replace(draft, faulty="", typed={}) if draft.faulty == where else draft


def _stays(page: Page, draft: Draft, posted: Any, given: Values) -> bool:
    """Return true when the page shows more: a follow-up, or what stands beside a refused grid."""
    if posted.get(DELETE) or not is_complete(page, draft):
        return True
    if not posted.get(REFUSE):
        return False
    if draft.refused:
        return True
    others = [q for q in shown_questions(page, draft.answers) if q.name != posted.get(REFUSE)]
    return any(not _is_answer(given.get(n, 0)) for q in others for n in answer_keys(q))


def _with_refusals(
    questions: Sequence[Question], given: Values, draft: Draft, posted: Any
) -> Values:
    """Return ``given`` with the rows refused that a grid, refused now or before, leaves blank."""
    for question in questions:
        refusal = next((m.code for m in question.missing if m.name == PREFER_NOT), None)
        if not question.rows or refusal is None:
            continue
        if posted.get(REFUSE) == question.name:
            given.update({row.variable: refusal for row in question.rows})
        elif is_refused(draft, question):
            blank = [r.variable for r in question.rows if given[r.variable] == LEFT_BLANK]
            given.update(dict.fromkeys(blank, refusal))
    return given


def is_refused(draft: Draft, question: Question) -> bool:
    """Return true when a row of this grid is "prefer not", which no row offers by itself."""
    codes = {m.code for m in question.missing if m.name == PREFER_NOT}
    return any(draft.answers.get(row.variable) in codes for row in question.rows)


def _locked_answers(page: Page, draft: Draft, posted: Any) -> Values:
    """Return each locked text: as it is, deleted, or (hidden and shown again) blank."""
    shown = posted.get(SHOWN, "").split()
    return {
        q.name: "" if posted.get(DELETE) == q.name else draft.answers.get(q.name, "")
        for q in page.questions
        if q.name in draft.locked and q.name in shown
    }


def wants_support(posted: Any) -> bool:
    """Return whether "show me support" is ticked on a posted page."""
    return bool(posted.get(OFFER))


def _with_hint(page: Page, draft: Draft, given: Values, posted: Any) -> Draft:
    """Note whether the next page opens with the soft hint, and whether support comes first."""
    blank = not all(map(_is_answer, given.values()))
    hint = blank and page.id not in draft.hinted
    hinted = (*draft.hinted, page.id) if hint else draft.hinted
    due = False
    if page.support is not None:
        level = given.get(page.support.variable)
        high = isinstance(level, int) and level >= page.support.at_least
        due = wants_support(posted) or high
    return replace(draft, hint=hint, hinted=hinted, support_due=due)
