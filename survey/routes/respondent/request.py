"""One client at one study: which draft is theirs, where the next page is, what is counted."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from typing import Any, cast
from urllib.parse import urlencode

from flask import Blueprint, Response, g, redirect, request, session

from forms.draft import Draft, token_of
from forms.study import Page
from survey.respondents import invitations, submission
from survey.respondents.screens import Navigation, render_screen
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
"""What a route gives: a page, a page with its status, or a redirect."""


@bp.before_request
def _choose_version() -> None:
    """Choose the version that this browser's draft was begun under, while it is still in force."""
    secret = draft_secret() if g.earlier else None
    if secret is not None:
        drafts, versions = services().drafts, (g.version, *g.earlier)
        mine = (version for version in versions if drafts.find(secret, version.study) is not None)
        g.version = next(mine, g.version)


# Pages of somebody who is answering; while nothing may be taken they end at once.
_ANSWERING = frozenset({"respond.questions", "respond.answer", "respond.check", "respond.resume"})


@bp.before_request
def _end_answering() -> Response | None:
    """A study that was suspended or has run out stops here, not only when somebody sends."""
    if request.endpoint not in _ANSWERING or current_state().state not in TAKES_NOTHING:
        return None
    draft = current_draft()
    return None if draft is None or draft.sent else refused_page()


def draft_secret() -> bytes | None:
    """The browser's half of its draft's key; None without one or with a damaged one."""
    try:
        return urlsafe_b64decode(session.get(SECRET, "")) or None
    except (NotBase64, ValueError, TypeError):
        return None


def current_draft() -> Draft | None:
    """This browser's draft of this study, after a lost end of sending was put right."""
    secret, desk = draft_secret(), services().drafts
    draft = desk.find(secret, current_version().study) if secret else None
    return (
        submission.recover_interrupted(desk, secret, current_version(), draft)
        if secret and draft
        else None
    )


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


def spent_page() -> Response:
    """The kind page instead of sending, where the invitation sent other answers; the draft goes."""
    secret = draft_secret()
    if secret:
        services().drafts.drop(secret)
    return final_page("spent")


def navigation(draft: Draft | None = None) -> Navigation:
    """The ways on from a page, by link and cookie."""
    live = draft is not None and not draft.sent
    return Navigation(base=f"/s/{current_version().study.address}/", live=live)


def count(event: str) -> None:
    """One more of ``event`` in the study's totals."""
    services().counters.add(current_version().study.name, event, pilot=current_version().pilot)


def see_other(address: str) -> Response:
    """POST-redirect-GET: 303, so that a reload never sends twice."""
    return cast("Response", redirect(address, code=303))


def go_to(screen: str, **values: Any) -> Response:
    """On to another screen of this study."""
    query = "?" + urlencode(values) if values else ""
    return see_other(f"/s/{current_version().study.address}/{screen}{query}")


def go_to_page(draft: Draft, page: Page | None, **values: Any) -> Response:
    """On to a page of questions, or with none left to the check page."""
    if page is None:
        return go_to("check")
    return go_to(f"questions/{token_of(draft, page)}", **values)


def draft_gone() -> tuple[str, int]:
    """Nothing is here for this browser: expired, forged, foreign, or sent and left."""
    return render_screen("gone", current_version(), navigation()), 410


def closed_page() -> str | None:
    """The kind page instead of a start, while the study takes nobody new."""
    state = current_state().state
    if state == OPEN:
        return None
    return render_screen("closed", current_version(), navigation(), state=state, refused=False)


def refused_page() -> Response | None:
    """The kind page instead of sending, where nothing may be taken any more; the draft goes."""
    state, secret = current_state().state, draft_secret()
    if state not in TAKES_NOTHING:
        return None
    if secret:
        services().drafts.drop(secret)
    return final_page("closed", state=state, refused=True)


def final_page(screen: str, **context: Any) -> Response:
    """A last page: the cookie expires with it."""
    return clear_site(
        Response(
            render_screen(screen, current_version(), navigation(), **context), mimetype="text/html"
        )
    )
