"""The board's walk: every screen as a client sees it, carried in a signed field, kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from forms.draft import Draft, decode, encode, first_unanswered
from forms.flow import (
    TURNS,
    FlowState,
    SendDraft,
    StepResult,
    at_page,
    shown_again,
    step,
)
from survey.respondents.screens import Navigation, render_state
from survey.studies.version import StudyVersion

# Plainly no real code: real ones are drawn at random when answers are sent.
SAMPLE_CODE = "0000-0000-0000-0000-0000-0000"
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

    def step(self, state: FlowState, posted: Any) -> StepResult:
        """Take one step as a client would; nothing is kept, a sent draft gets a sample code."""
        if state.screen == "done" and state.draft and not state.draft.code:
            state = replace(state, draft=None)  # a client's cookie expired with this page
        result = step(self.version.study, state, posted, seed=SEED)
        if not result.errors:  # a page left with something to mend says so when it is back
            again = shown_again(self.version.study, result.state)
            result = replace(result, state=again.state, errors=again.errors)
        sent = next((effect for effect in result.effects if isinstance(effect, SendDraft)), None)
        if sent is None or result.state.draft is None:
            return result
        draft = replace(_sent(result.state.draft, wants_code=sent.wants_code), answers={})
        return replace(result, state=replace(result.state, draft=draft))

    def render(
        self, result: StepResult, base: str, sign: URLSafeSerializer, posted: Any = None
    ) -> str:
        """Return the screen that a step led to, watermarked."""
        draft = result.state.draft
        if draft is not None and draft.faulty and draft.faulty == result.state.token:
            posted = None  # the draft keeps what was typed
        ways = Navigation(
            base,
            preview=True,
            hidden=(("state", pack(result.state, sign)),),
            live=draft is not None and not draft.sent,
            unfold=self.unfold,
        )
        return render_state(self.version, ways, result, posted=posted)


def _sent(draft: Draft, *, wants_code: bool) -> Draft:
    return replace(draft, sent=1, code=SAMPLE_CODE if wants_code else "")
