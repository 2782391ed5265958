"""A request of a client at one study: the draft, the screen to show, the effects of a step."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlencode

from flask import Blueprint, Response, g, redirect, request, session

from forms.draft import Draft
from forms.flow import (
    SCREENS,
    AskDeletion,
    BeginDraft,
    CountEvent,
    DropDraft,
    Effect,
    FlowState,
    SendDraft,
    StepResult,
    arrive,
    step,
)
from survey.collection.figures import STOP_SIGN
from survey.errors import InvitationSpent
from survey.respondents import invitations, submission
from survey.respondents.screens import Navigation, render_screen, render_state
from survey.security import clear_site
from survey.services import current_state, services
from survey.studies.availability import OPEN, TAKES_NOTHING
from survey.studies.current import current_version as current_version

bp = Blueprint("respond", __name__, url_prefix="/s/<address>")

# What the session cookie holds, beside the CSRF token (docs/decisions/0001-cookies.md).
SECRET = "k"  # the browser's half of the draft's key  # noqa: S105
MAY_CONSENT = "e"  # address of the study whose eligibility questions were answered with yes
COUNTRY = "c"  # country chosen for the help lines
INVITATION = "i"  # sealed: the invitation that opens a study, until the first question
YOUTH = "y"  # until the next page: help lines for young people first

Answer = str | tuple[str, int] | Response
"""The return value of a route: a page, a page with its status, or a redirect."""


@bp.before_request
def choose_version() -> None:
    """Choose the version that this browser's draft was begun under, while it is still in force."""
    secret = draft_secret() if g.earlier else None
    if secret is not None:
        drafts, versions = services().drafts, (g.version, *g.earlier)
        mine = (version for version in versions if drafts.find(secret, version.study) is not None)
        g.version = next(mine, g.version)


def draft_secret() -> bytes | None:
    """The browser's half of its draft's key; None without one or with a damaged one."""
    try:
        return urlsafe_b64decode(session.get(SECRET, "")) or None
    except (NotBase64, ValueError, TypeError):
        return None


def current_draft() -> Draft | None:
    """This browser's draft of this study, after a lost end of sending was put right."""
    secret, drafts = draft_secret(), services().drafts
    draft = drafts.find(secret, current_version().study) if secret else None
    return (
        submission.recover_interrupted(drafts, secret, current_version(), draft)
        if secret and draft
        else None
    )


def kept_draft() -> Draft | None:
    """This browser's draft as it lies in the store, for a request that may change nothing."""
    choose_version()
    secret = draft_secret()
    return services().drafts.find(secret, current_version().study) if secret else None


def current_invitation() -> str:
    """The keyed hash (hex) of the invitation that this browser carries for this study, or none."""
    sealed = session.get(INVITATION, "")
    return (
        invitations.opened_invitation(services().keys, sealed, current_version().study.name)
        if sealed
        else ""
    )


def uninvited_page() -> Response | None:
    """To the page that takes the code, where only an invitation opens the study."""
    return see_other("/i/") if current_version().invited and not current_invitation() else None


def navigation(draft: Draft | None = None) -> Navigation:
    """The ways on from a page, by link and cookie."""
    live = draft is not None and not draft.sent
    return Navigation(base=f"/s/{current_version().study.address}/", live=live)


def count(event: str) -> None:
    """One more of ``event`` in the study's totals."""
    version = current_version()
    services().counters.add(version.study.name, event, pilot=version.pilot)


def see_other(address: str) -> Response:
    """POST-redirect-GET: 303, so that a reload never sends twice."""
    return cast("Response", redirect(address, code=303))


def go_to(screen: str, **values: Any) -> Response:
    """On to another screen of this study."""
    query = "?" + urlencode(values) if values else ""
    path = "" if screen == "landing" else screen
    return see_other(f"/s/{current_version().study.address}/{path}{query}")


def go_on(state: FlowState) -> Answer:
    """On to the screen of a state, or the screen itself where it has no address of its own."""
    if not SCREENS[state.screen].addressed:
        return show(StepResult(state))
    if state.screen == "questions":
        return go_to(f"questions/{state.token}", **({"change": 1} if state.changing else {}))
    return go_to(state.screen)


def show(result: StepResult, *, country: str | None = None) -> tuple[str, int]:
    """The screen of a state, after a faulty post with what was typed."""
    state = result.state
    html = render_state(
        current_version(), navigation(state.draft), result, posted=request.form, country=country
    )
    return html, SCREENS[state.screen].status


def visit(state: FlowState) -> Answer:
    """The screen at an address, and a step from it on a post; or where the way leads instead."""
    study = current_version().study
    there = arrive(study, state)
    if there.screen != state.screen:
        return go_on(there)
    if request.method == "GET":
        return show(StepResult(there))
    return follow(step(study, there, request.form, seed=secrets.token_hex(16)))


def change_draft(state: FlowState) -> Answer:
    """A step from a state on the draft as it is now, whatever another tab did meanwhile."""
    study, secret = current_version().study, draft_secret()
    result = StepResult(FlowState("gone"))

    def change(draft: Draft) -> Draft:
        nonlocal result
        ours = draft if draft.words == study.fingerprints.words else None
        result = step(study, replace(state, draft=ours), request.form)
        return result.state.draft or draft

    if secret is None or services().drafts.change(secret, change) is None:
        return show(StepResult(FlowState("gone")))
    return follow(result)


def follow(result: StepResult) -> Answer:
    """Carry out the effects of a step, then on to the screen that it leads to."""
    state = result.state
    if result.errors:
        return show(result)
    for effect in result.effects:
        if (refused := _carry_out(effect, state.draft)) is not None:
            return refused
    if state.eligible:
        session[MAY_CONSENT] = current_version().study.address
    if state.screen == "thanks":
        session[YOUTH] = state.youth
    return show(result) if state.answered else go_on(state)


def _carry_out(effect: Effect, draft: Draft | None) -> Response | tuple[str, int] | None:
    """Do what a step asks for; the page to show instead where answers cannot be sent."""
    match effect:
        case CountEvent(event):
            count(event)
        case BeginDraft(new):
            _begin(new)
        case DropDraft():
            drop_draft()
        case AskDeletion(code):
            submission.ask_deletion(services(), current_version(), code)
        case SendDraft():
            return _send(effect, draft)
    return None


def _begin(draft: Draft) -> None:
    secret = services().drafts.begin(replace(draft, invitation=current_invitation()))
    session[SECRET] = urlsafe_b64encode(secret).decode()
    session.pop(MAY_CONSENT, None)
    session.pop(INVITATION, None)


def drop_draft() -> None:
    """Delete this browser's draft, of whatever study and version it is."""
    secret = draft_secret()
    if secret:
        services().drafts.drop(secret)


def _send(send: SendDraft, draft: Draft | None) -> Response | tuple[str, int] | None:
    """Send what is answered and count it once; the page to show instead where that failed."""
    version, secret = current_version(), draft_secret()
    try:
        if (
            draft is None
            or secret is None
            or not submission.submit(
                services().drafts,
                secret,
                version,
                completion=send.completion,
                wants_code=send.wants_code,
            )
        ):
            return show(StepResult(FlowState("gone")))
    except InvitationSpent:
        drop_draft()
        return final_page("spent")
    if not draft.ready:
        # The sign first: a verdict on the answers counted so far must miss none of their signs.
        rule = version.study.policy.stop
        if rule is not None and rule.shown_by(draft.answers):
            count(STOP_SIGN)
        count("completed" if send.completion == 1 else "stopped_sent")
    return None


def closed_page() -> str | None:
    """The kind page instead of a start, while the study takes nobody new."""
    state = current_state().state
    if state == OPEN:
        return None
    return render_screen("closed", current_version(), navigation(), state=state, refused=False)


def refused_page() -> Response | None:
    """The kind page instead of sending, where nothing may be taken any more; the draft goes."""
    state = current_state().state
    if state not in TAKES_NOTHING:
        return None
    drop_draft()
    return final_page("closed", state=state, refused=True)


def final_page(screen: str, **context: Any) -> Response:
    """A last page: the cookie expires with it."""
    return clear_site(
        Response(
            render_screen(screen, current_version(), navigation(), **context), mimetype="text/html"
        )
    )
