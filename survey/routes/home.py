"""The first page of the site, and whether the stores can be written.

``/i/``: somebody enters an invitation. The code comes in a form's body, never in an address.
"""

from __future__ import annotations

import time

from flask import Blueprint, Response, current_app, render_template, request, session

from survey.ethics.platform_wording import EMPTY, SLIP, UNKNOWN, WAIT_MINUTES
from survey.respondents import invitations
from survey.respondents.invitations import Invitation
from survey.routes.respondent.request import INVITATION, Answer, see_other
from survey.services import services
from survey.studies.availability import OPEN
from survey.studies.current import current_catalogue
from survey.studies.version import StudyVersion
from survey.throttle import Limit, Throttle, household

bp = Blueprint("site", __name__)


@bp.get("/")
def home() -> str:
    """What this site is; one Start link for each study that takes people now."""
    open_now = services().availability
    versions = [version for version in current_catalogue() if open_now.of(version) == OPEN]
    return render_template("site/home.html", title="Surveys", versions=versions)


@bp.get("/healthz")
def health() -> Response:
    """200 when the stores can be written, else 503; says nothing more."""
    fine = services().stores.writable()
    return Response(
        "ok\n" if fine else "cannot write\n", 200 if fine else 503, mimetype="text/plain"
    )


invite_bp = Blueprint("invite", __name__, url_prefix="/i")

# Wrong codes in a quarter of an hour; a proxy that hides addresses makes all of them one.
INVITATION_BY_ADDRESS = Limit("invitation", 30)
INVITATION_BY_NOBODY = Limit("invitation of nobody", 600)


@invite_bp.record_once
def _throttle(state: object) -> None:
    state.app.extensions[invite_bp.name] = Throttle(time.monotonic)  # type: ignore[attr-defined]


@invite_bp.get("/")
def code() -> str:
    """A place for the code."""
    return _page()


@invite_bp.post("/")
def enter() -> Answer:
    """On to the study that the code opens; it is spent when the answers are sent."""
    typed = request.form.get("invitation", "")
    throttle: Throttle = current_app.extensions[invite_bp.name]
    whence = _whence()
    if not throttle.take(*whence):
        return render_template(
            "invite/wait.html", title="Invitation – Survey", minutes=WAIT_MINUTES
        ), 429
    read = invitations.read_code(typed)
    invited = invitations.find(services().stores, services().seal, read) if read else None
    version = _offer(invited)
    if invited is None or version is None:
        return _page(UNKNOWN if read else SLIP if typed.strip() else EMPTY)
    throttle.give_back(*whence)
    session[INVITATION] = invitations.sealed_invitation(services().seal, invited)
    return see_other(f"/s/{version.study.address}/")


def _offer(invited: Invitation | None) -> StudyVersion | None:
    """The study that is served here under the invitation's name, as what it was made for."""
    version = current_catalogue().named(invited.study) if invited else None
    return version if version and invited and version.pilot == invited.pilot else None


def _page(error: str = "") -> str:
    title = "Error: " * bool(error) + "Invitation – Survey"
    return render_template("invite/code.html", title=title, error=error)


def _whence() -> tuple[Limit, str]:
    """How tries from this address are counted, in memory and under a hash."""
    hidden = services().config.proxies > 0 and not request.headers.get("X-Forwarded-For")
    if hidden:
        return INVITATION_BY_NOBODY, ""
    return INVITATION_BY_ADDRESS, household(request.remote_addr or "")
