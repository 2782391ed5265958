"""A request of a client at one study: the draft, the screen to show, the effects of a step."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any, cast

from flask import Blueprint, Response, g, redirect, request

from forms.dates import in_words
from forms.draft import ASKED, Draft, with_typed, without_typed
from forms.flow import (
    ERRORS,
    SCREENS,
    AskDeletion,
    BeginDraft,
    CountEvent,
    CountUnderstanding,
    DropDraft,
    Effect,
    FlowState,
    SendDraft,
    StepResult,
    arrive,
    shown_again,
    step,
)
from forms.platform_texts import FROZEN_AGAIN, FROZEN_ALL, FROZEN_ONCE, KEY_LOST
from forms.post_length import filling
from forms.stop_signs import events_of_sending
from survey.errors import InvitationSpent
from survey.respondents import browser, invitations, submission
from survey.respondents.drafts import Kept
from survey.respondents.screens import Navigation, render_screen, render_state
from survey.services import current_state, services
from survey.storage.server_keys import lost_until
from survey.studies.availability import FROZEN, OPEN, TAKES_NOTHING
from survey.studies.current import current_version as current_version

bp = Blueprint("respond", __name__, url_prefix="/s/<address>")

SAME_ORIGIN = "same-origin"
# Show no answer, whoever comes: leave drops the draft, or does nothing.
SHOW_NONE = frozenset(["respond.exits.leave", "respond.exits.not_taken"])
TYPED = "typed"  # in the address of the delete page: a code of the right shape was typed

Answer = str | tuple[str, int] | Response
"""The return value of a route: a page, a page with its status, or a redirect."""


@bp.before_request
def choose_version() -> None:
    """Choose the version that this browser's draft was begun under, while it is still in force."""
    secret = draft_secret() if g.earlier else None
    if secret is not None:
        drafts, versions = services().drafts, (g.version, *g.earlier)
        there = ("unfinished", "sent")
        mine = (version for version in versions if drafts.kept(secret, version.study) in there)
        g.version = next(mine, g.version)


@bp.before_request
def _ask_who_comes_from_elsewhere() -> None:
    """An address out of the history, a bookmark or a letter: perhaps another person comes."""
    came = request.headers.get("Sec-Fetch-Site", SAME_ORIGIN)  # a reload keeps what it was
    if request.method == "GET" and came != SAME_ORIGIN and request.endpoint not in SHOW_NONE:
        ask_who_answers()


def ask_who_answers() -> None:
    """Show no answer of this browser's draft until somebody has chosen to go on or begin anew."""
    if (secret := draft_secret()) is not None:
        services().drafts.change(
            secret, lambda draft: draft if draft.sent else replace(draft, unseen=ASKED)
        )


def kept(name: str) -> Any:
    """Return what this browser's cookie holds of this study."""
    return browser.kept(current_version().study.name, name)


def keep(**values: Any) -> None:
    """Put ``values`` into this browser's cookie, for this study."""
    browser.keep(current_version().study.name, **values)


def draft_secret() -> bytes | None:
    """The browser's half of the key of its draft of this study; None without one."""
    return browser.secret_of(current_version().study.name)


def current_draft() -> Draft | None:
    """This browser's draft of this study, after a lost end of sending was put right."""
    secret, drafts = draft_secret(), services().drafts
    draft = drafts.find(secret, current_version().study) if secret else None
    return (
        submission.recover_interrupted(drafts, secret, current_version(), draft)
        if secret and draft
        else None
    )


def kept_answers() -> Kept:
    """What the store keeps for this browser, for a request that may change nothing."""
    choose_version()
    secret = draft_secret()
    return services().drafts.kept(secret, current_version().study) if secret else "none"


def current_invitation() -> str:
    """The keyed hash (hex) of the invitation that this browser carries for this study, or none."""
    sealed = kept(browser.INVITATION) or ""
    return (
        invitations.opened_invitation(services().keys, sealed, current_version().study.name)
        if sealed
        else ""
    )


def uninvited_page() -> Response | None:
    """To the page that takes the code, where only an invitation opens the study."""
    return see_other("/i/") if current_version().invited and not current_invitation() else None


ON_PAPER = "on_paper"  # set for the information page alone


def navigation(draft: Draft | None = None) -> Navigation:
    """The ways on from a page, by link and cookie."""
    live = draft is not None and not draft.sent
    study = current_version().study
    return Navigation(
        base=f"/s/{study.address}/",
        live=live,
        kiosk=bool(kept(browser.KIOSK)),
        on_paper=bool(g.get(ON_PAPER)),
        filling=filling(study, ()),
    )


def ways_for(answers: Kept) -> Navigation:
    """The ways on from a page that says of this browser's answers that they are ``answers``."""
    return replace(navigation(), live=answers == "unfinished")


def count(event: str) -> None:
    """One more of ``event`` in the study's totals."""
    version = current_version()
    services().counters.add(version.study.name, event, pilot=version.pilot)


def see_other(address: str) -> Response:
    """POST-redirect-GET: 303, so that a reload never sends twice."""
    return cast("Response", redirect(address, code=303))


def go_to(screen: str, query: str = "", *, anchor: str = "") -> Response:
    """On to another screen of this study, to the element with the id ``anchor`` on it."""
    return see_other(navigation().to(screen, query) + (f"#{anchor}" if anchor else ""))


def go_on(state: FlowState) -> Answer:
    """On to the screen of a state, or the screen itself where it has no address of its own."""
    in_place = state.screen == "gone" and request.method == "GET"
    if in_place or not SCREENS[state.screen].addressed:
        return show(StepResult(state))
    if state.screen == "questions":
        query = "change=1" if state.changing else ""
        return go_to(f"questions/{state.token}", query, anchor=state.anchor)
    part = f"part={state.part}" if state.part > 1 else ""
    said = TYPED if state.answered else state.error
    return go_to(state.screen, "&".join(filter(None, (part, said))))


def show(result: StepResult, *, country: str | None = None) -> tuple[str, int]:
    """The screen of a state, after a faulty post with what was typed."""
    state = result.state
    told: dict[str, Any] = {}
    if state.screen == "withdraw":
        told = {"frozen": _frozen(), "late": services().maintenance.deletes_late}
    version, ways = current_version(), navigation(state.draft)
    html = render_state(version, ways, result, country=country, **told)
    return html, SCREENS[state.screen].status


def _frozen() -> str:
    """What no code can delete any more, as everybody is told alike, whatever was typed."""
    here, language = current_state(), current_version().study.language
    lost = lost_until(services().stores)
    key_lost = KEY_LOST.format(day=in_words(lost, language)) if lost else ""
    if not here.frozen_on:
        return key_lost
    told = FROZEN_ONCE if len(here.frozen_on) == 1 else FROZEN_AGAIN
    day = in_words(here.frozen_on[-1], language)
    frozen = (FROZEN_ALL if here.state == FROZEN else told).format(day=day)
    return f"{frozen} {key_lost}".rstrip()


def visit(state: FlowState) -> Answer:
    """The screen at an address, and a step from it on a post; or where the way leads instead."""
    study, posted = current_version().study, request.method == "POST"
    if posted and state.draft is not None:
        return change_draft(state)
    error = next((name for name in ERRORS if name in request.args), "")
    there = arrive(study, replace(state, error=error, answered=TYPED in request.args))
    if there.screen != state.screen or there.token != state.token:
        return go_on(replace(there, error="", answered=False))
    if not posted:
        return show(shown_again(study, there))
    return follow(step(study, there, request.form, seed=secrets.token_hex(16)))


def change_draft(state: FlowState) -> Answer:
    """A step from a state on the draft as it is now, whatever another tab did meanwhile."""
    study, secret = current_version().study, draft_secret()
    result = StepResult(FlowState("gone"))

    def change(draft: Draft) -> Draft:
        nonlocal result
        ours = draft if draft.words == study.fingerprints.words else None
        here = replace(state, draft=ours)
        there = here if state.screen == "questions" else arrive(study, here)
        if there.screen == here.screen:
            result = step(study, there, request.form)
        else:
            result = StepResult(there)
        if result.errors:
            return with_typed(draft, state.token or state.screen, request.form)
        # Of a page of questions the step itself keeps or forgets what was typed.
        return without_typed(result.state.draft or draft, state.screen)

    if secret is None or services().drafts.change(secret, change) is None:
        return go_on(FlowState("gone"))
    return follow(result)


def follow(result: StepResult) -> Answer:
    """Carry out the effects of a step, then on to the screen that it leads to."""
    state = result.state
    if result.errors:
        return go_on(state)  # no page that answers a post: browsers keep what was sent with one
    for effect in result.effects:
        if (refused := _carry_out(effect, state.draft)) is not None:
            return refused
    if state.eligible:
        keep(**{browser.MAY_CONSENT: 1})
    if state.screen == "thanks":
        keep(**{browser.UNFIT: state.unfit})
    return go_on(state)


def _carry_out(effect: Effect, draft: Draft | None) -> Response | None:
    """Do what a step asks for; the page to show instead where answers cannot be sent."""
    match effect:
        case CountEvent(event):
            count(event)
        case CountUnderstanding(answers):
            version = current_version()
            services().understanding.add(version.study.name, answers, pilot=version.pilot)
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
    drop_draft()
    invitation = current_invitation()
    waiting = not invitation and not _has_room()
    secret = services().drafts.begin(replace(draft, invitation=invitation, waiting=waiting))
    browser.keep_secret(current_version().study.name, secret)


def _has_room() -> bool:
    """Take a place of this minute; a pilot has room for everybody."""
    version = current_version()
    return version.pilot or services().starts.admit(version.study.name)


def let_in(draft: Draft | None) -> Draft | None:
    """Return the draft, waiting no more where there is room now; its time begins anew."""
    secret, drafts = draft_secret(), services().drafts
    if draft is None or secret is None or not draft.waiting:
        return draft
    waiting = not _has_room()
    return drafts.change(
        secret, lambda now: replace(now, waiting=waiting, started=int(drafts.clock()))
    )


def drop_draft() -> None:
    """Delete this browser's draft of this study, of whatever version it is."""
    secret = draft_secret()
    if secret:
        services().drafts.drop(secret)


def forget_here() -> None:
    """Delete this browser's draft of this study, and all that its cookie holds of it."""
    drop_draft()
    browser.forget(current_version().study.name)


def _send(send: SendDraft, draft: Draft | None) -> Response | None:
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
            return go_to("gone")
    except InvitationSpent:
        drop_draft()
        return go_to("spent")
    if not draft.ready and not version.study.policy.unused(draft.answers):
        stopped = send.completion != 1
        judged = events_of_sending(version.study, draft.answers, stopped=stopped, at=draft.at)
        for event in (*judged, "stopped_sent" if stopped else "completed"):
            count(event)
    return None


def closed_page() -> str | None:
    """The kind page instead of a start, while the study takes nobody new."""
    now = current_state()
    if now.state == OPEN:
        return None
    return render_screen(
        "closed", current_version(), navigation(), state=now.state, told=now.told, refused=False
    )


def refused_page() -> Response | None:
    """To the page that is shown instead of sending, where nothing may be taken; the draft goes."""
    if current_state().state not in TAKES_NOTHING:
        return None
    drop_draft()
    return go_to("refused")


def final_page(screen: str, **context: Any) -> Response:
    """A last page: the study leaves the cookie with it."""
    version = current_version()
    html = render_screen(screen, version, navigation(), **context)
    return browser.clear_site(Response(html, mimetype="text/html"), version.study.name)
