"""The first page of the site, whether its stores can be written, and ``/i/`` for invitations."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, render_template, request

from forms.dates import in_words
from forms.platform_texts import (
    ERROR_TITLE,
    INVITATION_ERRORS,
    INVITATION_KEY_LOST,
    INVITATION_TITLE,
    SITE_TITLE,
    TITLE,
)
from survey.csrf import CAUSES
from survey.error_pages import error_page
from survey.respondents import browser, invitations
from survey.routes.respondent.request import Answer, see_other
from survey.services import services
from survey.storage.server_keys import lost_until
from survey.studies.availability import OPEN
from survey.throttle import WRONG_INVITATIONS

bp = Blueprint("site", __name__)

log = logging.getLogger("survey")


@bp.get("/")
def home() -> str:
    """Show what this site is; one Start link for each study that takes people now."""
    availability = services().availability
    versions = [
        v for v in availability.versions() if availability.state_of(v.study.name).state == OPEN
    ]
    return render_template("site/home.html", title=SITE_TITLE, versions=versions)


@bp.get("/healthz")
def health() -> Response:
    """Answer 200 when the stores could be written a moment ago, else 503; say nothing more.

    Whether they can be written is told as it was seen then: a wait for a turn to write would tell
    anybody when somebody else is writing. A file that is no longer ours is noticed at once; a
    duty of maintenance, a deletion by code among them, once it has failed for ten minutes.
    """
    maintenance = services().maintenance
    fine = services().stores.unchanged() and maintenance.writable and not maintenance.late
    return Response(
        "ok\n" if fine else "cannot write\n", 200 if fine else 503, mimetype="text/plain"
    )


@bp.get("/i/")
def invitation() -> Answer:
    """Ask for the code; after one that opened nothing, say why."""
    for cause in CAUSES:
        if cause in request.args:
            return error_page(400, cause=cause)
    error = next((name for name in INVITATION_ERRORS if name in request.args), "")
    title = TITLE.format(INVITATION_TITLE)
    if error:
        title = ERROR_TITLE.format(title)
    sentence = INVITATION_ERRORS.get(error, "")
    if error == "unknown" and (lost := lost_until(services().stores)):
        sentence += " " + INVITATION_KEY_LOST.format(day=in_words(lost, "en"))
    return render_template("invite/code.html", title=title, error=sentence)


@bp.post("/i/")
def enter() -> Answer:
    """Lead to the study that the code opens; it is spent when the answers are sent.

    The code comes in the body of a form, never in an address, and what answers it is no page:
    browsers keep what was sent to one. Nobody waits for what others typed: a code has 55 random
    bits, and wrong ones are only counted, for the log (docs/decisions/0017-invitations.md).
    """
    typed, here = request.form.get("invitation", ""), services()
    read = invitations.read_code(typed)
    if not read:
        return see_other("/i/?shape" if typed.strip() else "/i/?empty")
    invited = invitations.find(here.stores, here.keys, read)
    published = here.availability.published(invited.study) if invited else None
    if invited is None:
        invitations.note_leak(here.stores, here.keys, read)
    if invited is None or published is None or published.version.pilot != invited.pilot:
        if not here.throttle.take(WRONG_INVITATIONS):
            log.warning("Many invitation codes that open nothing are being entered.")
        return see_other("/i/?unknown")
    sealed = invitations.sealed_invitation(here.keys, invited)
    browser.keep(invited.study, **{browser.INVITATION: sealed})
    return see_other(f"/s/{published.version.study.address}/")
