"""The board's walk: every screen as a client sees it, carried in a signed field, kept nowhere.

The same functions and templates as the client's walk, with the draft in the page itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from forms.draft import (
    Draft,
    adjacent_pages,
    decode,
    encode,
    first_unanswered,
    page_at,
    reachable,
    save_partial,
    submit_page,
    token_of,
)
from forms.form_fields import choices_of, consent_form, eligibility_form, first_no
from forms.study import Page
from survey.respondents.screens import (
    CHOOSE_CODE,
    NOTHING_YET,
    Navigation,
    render_check,
    render_questions,
    render_screen,
)
from survey.studies.version import StudyVersion

# Plainly no real code: real ones are drawn at random when answers are sent.
SAMPLE_CODE = "0000-0000-0000-0000-0000"
SEED = "preview"  # row order differs from client to client; here it stays the same
# Where a plain button may lead; every other screen follows from what was answered before it.
TURNS = frozenset(
    ["landing", "information", "eligibility", "consent", "support", "stop", "withdraw"]
)


@dataclass(frozen=True)
class WalkthroughState:
    """Where the board member is: a screen, the page on it, the answers so far."""

    screen: str = "landing"
    draft: Draft | None = None
    token: str = ""
    changing: bool = False


def signer(secret_key: str) -> URLSafeSerializer:
    """Signs the hidden field; a changed field is refused."""
    return URLSafeSerializer(secret_key, salt="lacrima/preview")


def pack(state: WalkthroughState, sign: URLSafeSerializer) -> str:
    """The state as the hidden field's value."""
    draft = encode(state.draft).decode() if state.draft else ""
    packed = sign.dumps([state.screen, draft, state.token])
    return packed if isinstance(packed, str) else packed.decode()


def unpack(value: str, sign: URLSafeSerializer) -> WalkthroughState:
    """The reverse; a missing or forged field starts over at the landing page."""
    try:
        screen, draft, token = sign.loads(value)
    except (BadSignature, ValueError):
        return WalkthroughState()
    return WalkthroughState(screen, decode(draft.encode()) if draft else None, token)


@dataclass
class Walkthrough:
    """One step: what was posted on a screen, and the screen it leads to."""

    version: StudyVersion
    posted: Any
    errors: Mapping[str, str] | None = None
    answered: bool = False
    unfold: bool = False

    def opened_at(self, screen: str) -> WalkthroughState:
        """A screen by its name, as far along as it takes to be there; else the first one."""
        if screen in ("questions", "check", "stop", "done"):
            return self._with_draft(screen, self._new_draft())
        plain = {"leave": "left", "declined": "declined"}
        return WalkthroughState(plain.get(screen) or (screen if screen in TURNS else "landing"))

    def _new_draft(self, choices: Mapping[str, bool] | None = None) -> Draft:
        study = self.version.study
        return Draft(
            seed=SEED,
            words=study.fingerprints.words,
            language=study.language,
            started=0,
            choices=choices or {s.id: False for s in study.consent.choices},
        )

    def _with_draft(self, screen: str, draft: Draft) -> WalkthroughState:
        if screen == "questions":
            return self._to_page(draft, first_unanswered(self.version.study, draft))
        if screen == "done":
            code = SAMPLE_CODE if self.version.study.consent.receipt_code else ""
            draft = replace(draft, sent=1, code=code)
        return WalkthroughState(screen, draft)

    def step(self, state: WalkthroughState) -> WalkthroughState:
        """The state after this post."""
        go = self.posted.get("go", "")
        if state.draft is not None and self.posted.get("change"):
            page = self._page_named(self.posted["change"])
            if page is not None:
                return self._to_page(state.draft, page, changing=True)
        if state.screen == "questions" and state.draft is not None:
            return self._questions(state, state.draft, go)
        handler = self._handlers().get(state.screen)
        if handler is not None and go not in ("stop", "support", "information", "leave", "landing"):
            return handler(state, go)
        return self._turn(state, go)

    def _handlers(self) -> dict[str, Callable[[WalkthroughState, str], WalkthroughState]]:
        return {
            "eligibility": self._eligibility,
            "consent": self._consent,
            "check": self._check,
            "stop": self._stop,
            "support": self._support,
            "withdraw": self._withdraw,
        }

    def _turn(self, state: WalkthroughState, go: str) -> WalkthroughState:
        """A way that only leads to another screen."""
        if go == "continue" and state.draft is not None:
            return self._onward(state.draft)
        if go == "leave":
            return WalkthroughState("left")
        if go in TURNS:
            return replace(state, screen=go)
        return state

    def _page_named(self, name: str) -> Page | None:
        return next((p for p in self.version.study.pages if p.id == name), None)

    def _to_page(
        self, draft: Draft, page: Page | None, *, changing: bool = False
    ) -> WalkthroughState:
        if page is None:
            return WalkthroughState("check", draft)
        return WalkthroughState("questions", draft, token_of(draft, page), changing)

    def _onward(self, draft: Draft) -> WalkthroughState:
        study = self.version.study
        here = self._page_named(draft.at)
        if here is not None and not reachable(study, draft, here):
            here = None
        return self._to_page(draft, here or first_unanswered(study, draft))

    def _fail(self, state: WalkthroughState, errors: Mapping[str, Any]) -> WalkthroughState:
        self.errors = {n: e if isinstance(e, str) else e[0] for n, e in errors.items()}
        return state

    def _eligibility(self, state: WalkthroughState, _go: str) -> WalkthroughState:
        questions = self.version.study.consent.eligibility
        form = eligibility_form(questions, self.posted)
        if not form.validate():
            return self._fail(state, form.errors)
        no = first_no(questions, form)
        if no is None:
            return WalkthroughState("consent")
        return WalkthroughState("thanks" if no.ending == "screened_out" else "later")

    def _consent(self, state: WalkthroughState, go: str) -> WalkthroughState:
        if go == "decline":
            return WalkthroughState("declined")
        consent = self.version.study.consent
        form = consent_form(consent, self.posted)
        if not form.validate():
            return self._fail(state, form.errors)
        return self._with_draft("questions", self._new_draft(choices_of(consent, form)))

    def _questions(self, state: WalkthroughState, draft: Draft, go: str) -> WalkthroughState:
        study = self.version.study
        page = page_at(study, draft, state.token)
        if page is None or not reachable(study, draft, page):
            return self._to_page(draft, first_unanswered(study, draft))
        if go == "leave":
            return WalkthroughState("left")
        if go in ("stop", "support", "information", "back"):
            draft = save_partial(study, draft, page, self.posted)
            if go == "back":
                return self._to_page(draft, adjacent_pages(study, draft, page)[0] or page)
            return WalkthroughState(go, draft)
        taken = submit_page(study, draft, page, self.posted)
        if taken.errors:
            return self._fail(state, taken.errors)
        return self._after(taken.draft, page, stay=taken.stay)

    def _after(self, draft: Draft, page: Page, *, stay: bool) -> WalkthroughState:
        changing = bool(self.posted.get("change"))
        if stay:
            return self._to_page(draft, page, changing=changing)
        if draft.support_due:
            return WalkthroughState("support", draft)
        study = self.version.study
        after = (
            first_unanswered(study, draft) if changing else adjacent_pages(study, draft, page)[1]
        )
        return self._to_page(draft, after)

    def _check(self, state: WalkthroughState, go: str) -> WalkthroughState:
        if go == "back" and state.draft is not None:
            study = self.version.study
            pages = [p for p in study.pages if reachable(study, state.draft, p)]
            return self._to_page(state.draft, pages[-1])
        return self._send(state) if go == "send" else self._turn(state, go)

    def _send(self, state: WalkthroughState) -> WalkthroughState:
        code = self.posted.get("code", "")
        if self.version.study.consent.receipt_code and code not in ("yes", "no"):
            return self._fail(state, {"code": CHOOSE_CODE})
        if state.draft is None:
            return WalkthroughState()
        shown = SAMPLE_CODE if code == "yes" else ""
        return WalkthroughState("done", replace(state.draft, sent=1, code=shown, answers={}))

    def _stop(self, state: WalkthroughState, go: str) -> WalkthroughState:
        if go == "delete":
            return WalkthroughState("stopped")
        if go == "send" and state.draft is not None and not state.draft.answers:
            return self._fail(state, {"stop-send": NOTHING_YET})
        return self._send(state) if go == "send" else self._turn(state, go)

    def _support(self, state: WalkthroughState, go: str) -> WalkthroughState:
        if state.draft is None or go not in ("on", "break", "delete", "send"):
            return self._turn(state, go)
        if go in ("delete", "send"):
            return (
                WalkthroughState("stopped")
                if go == "delete"
                else WalkthroughState("stop", state.draft)
            )
        draft = replace(state.draft, support_due=False, at="")
        return WalkthroughState("break", draft) if go == "break" else self._onward(draft)

    def _withdraw(self, state: WalkthroughState, go: str) -> WalkthroughState:
        if go:
            return self._turn(state, go)
        self.answered = True
        return state

    def render(self, state: WalkthroughState, base: str, sign: URLSafeSerializer) -> str:
        """The screen of ``state``, watermarked."""
        version, draft = self.version, state.draft
        live = draft is not None and not draft.sent
        hidden = (("state", pack(state, sign)),)
        ways = Navigation(base, preview=True, hidden=hidden, live=live, unfold=self.unfold)
        errors = tuple((self.errors or {}).items())
        if state.screen == "questions" and draft is not None:
            return self._render_page(state, draft, ways)
        if state.screen == "check" and draft is not None:
            return render_check(version, ways, draft, errors=errors)
        return render_screen(state.screen, version, ways, errors=errors, **self._context(state))

    def _render_page(self, state: WalkthroughState, draft: Draft, ways: Navigation) -> str:
        page = page_at(self.version.study, draft, state.token)
        assert page is not None
        return render_questions(
            self.version, ways, draft, page,
            changing=state.changing or bool(self.errors and self.posted.get("change")),
            errors=self.errors, posted=self.posted,
        )  # fmt: skip

    def _context(self, state: WalkthroughState) -> dict[str, Any]:
        consent = self.version.study.consent
        failed = bool(self.errors)
        forms: dict[str, Callable[[], Any]] = {
            "eligibility": lambda: eligibility_form(
                consent.eligibility, self.posted if failed else None
            ),
            "consent": lambda: consent_form(consent, self.posted if failed else None),
        }
        made = {"form": forms[state.screen]()} if state.screen in forms else {}
        return {
            "draft": state.draft,
            "country": None,
            "youth": False,
            "answered": self.answered,
            **made,
        }
