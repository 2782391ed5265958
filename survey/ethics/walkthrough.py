"""The board's walk: every screen as a client sees it, carried in a signed field, kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from forms.draft import Draft, decode, encode, first_unanswered, page_at, with_typed
from forms.flow import (
    SCREENS,
    TURNS,
    FlowState,
    SendDraft,
    StepResult,
    at_page,
    shown_again,
    step,
)
from forms.kinds import columns_of_question
from forms.routing import answer_keys, paths, shown_questions
from forms.study import LEFT_BLANK
from survey.ethics.checklist import consent_passages
from survey.respondents.screens import Navigation, render_state
from survey.studies.version import StudyVersion

# Plainly no real code: real ones are drawn at random when answers are sent.
SAMPLE_CODE = "0000-0000-0000-0000-0000-0000"
OPENED = frozenset({*TURNS, "declined", "done", "check", "stop"})  # screens that open at once
SEED = "preview"  # row order differs from client to client; here it stays the same


def signer(secret_key: str) -> URLSafeSerializer:
    """Return what signs the hidden field; a changed field is refused."""
    return URLSafeSerializer(secret_key, salt="lacrima/preview")


def pack(state: FlowState, sign: URLSafeSerializer) -> str:
    """Return the state as the hidden field's value."""
    draft = encode(state.draft).decode() if state.draft else ""
    packed = sign.dumps([state.screen, draft, state.token])
    return packed if isinstance(packed, str) else packed.decode()


def unpack(value: str, sign: URLSafeSerializer) -> FlowState:
    """Return the state in the field; a missing or forged one starts over at the landing page."""
    try:
        screen, draft, token = sign.loads(value)
    except (BadSignature, ValueError):
        return FlowState()
    return FlowState(screen, decode(draft.encode()) if draft else None, token)


@dataclass
class Walkthrough:
    """One study as a board walks it. ``unfold`` opens folded parts, for a link into one of them."""

    version: StudyVersion
    unfold: bool = False

    def opened_at(self, screen: str) -> StepResult:
        """Return a screen by its name, as far along as it takes to be there; else the first one."""
        study = self.version.study
        draft = Draft(
            seed=SEED,
            words=study.fingerprints.words,
            language=study.language,
            started=0,
            choices={s.id: False for s in study.consent.choices},
        )
        if screen == "questions":
            return StepResult(at_page(draft, first_unanswered(study, draft)))
        if screen == "done":
            return StepResult(
                FlowState(screen, _sent(draft, wants_code=study.consent.receipt_code))
            )
        if screen in ("check", "stop"):
            return StepResult(FlowState(screen, draft))
        return StepResult(FlowState(screen if screen in {*TURNS, "declined"} else "landing"))

    def opened_at_page(self, way: int, page_id: str) -> StepResult | None:
        """Return a page of questions on this way, everything before it blank; None for no page."""
        study = self.version.study
        found = next(islice(paths(study), max(0, way), None), None)
        answers, pages = found or ({}, ())
        page = next((one for one in pages if one.id == page_id), None)
        opened = self.opened_at("questions").state.draft
        if page is None or opened is None:
            return None
        given: dict[str, Any] = dict(answers)
        for before in pages[: pages.index(page)]:
            for question in shown_questions(before, answers):
                for name in answer_keys(question):
                    given.setdefault(name, LEFT_BLANK if columns_of_question(question) else "")
        return StepResult(at_page(replace(opened, answers=given), page))

    def passage_at(self, state: FlowState) -> str:
        """Return the passage that a comment on this screen is about; empty: the whole study."""
        study, page = self.version.study, None
        if state.screen == "questions" and state.draft is not None:
            page = page_at(study, state.draft, state.token)
        wanted = page.id if page else f"screen-{SCREENS[state.screen].part_of or state.screen}"
        known = consent_passages(study).values()
        return wanted if any(wanted in group for group in known) else ""

    def step(self, state: FlowState, posted: Any) -> StepResult:
        """Take one step as a client would; nothing is kept, a sent draft gets a sample code."""
        if state.screen == "done" and state.draft and not state.draft.code:
            state = replace(state, draft=None)  # a client's cookie expired with this page
        result = step(self.version.study, state, posted, seed=SEED)
        if result.errors and state.draft is not None:  # kept and said again, as to clients
            faulty = with_typed(state.draft, state.token or state.screen, posted)
            return replace(result, state=replace(result.state, draft=faulty))
        if not result.errors:
            again = shown_again(self.version.study, result.state)
            result = replace(result, state=again.state, errors=again.errors)
        sent = next((effect for effect in result.effects if isinstance(effect, SendDraft)), None)
        if sent is None or result.state.draft is None:
            return result
        draft = replace(_sent(result.state.draft, wants_code=sent.wants_code), answers={})
        return replace(result, state=replace(result.state, draft=draft))

    def render(
        self,
        result: StepResult,
        base: str,
        sign: URLSafeSerializer,
        posted: Any = None,
        *,
        own: tuple[str, str] = ("", ""),
    ) -> str:
        """Return the screen that a step led to, watermarked.

        ``own`` are the addresses of the list of screens and of the comments.
        """
        draft = result.state.draft
        if draft is not None and draft.faulty and draft.faulty == result.state.token:
            posted = None  # the draft keeps what was typed
        ways = Navigation(
            base,
            preview=True,
            hidden=(("state", pack(result.state, sign)),),
            live=draft is not None and not draft.sent,
            unfold=self.unfold,
            screens=own[0],
            comment=f"{own[1]}?passage={self.passage_at(result.state)}" if own[1] else "",
        )
        return render_state(self.version, ways, result, posted=posted)


def _sent(draft: Draft, *, wants_code: bool) -> Draft:
    return replace(draft, sent=1, code=SAMPLE_CODE if wants_code else "")
