"""Every error becomes a page with a sentence; one fallback ends the matter."""

from __future__ import annotations

import logging
import sqlite3
from typing import Any

from flask import Flask, Response, g, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from survey.accounts.access import signed_in, signed_out
from survey.errors import StoreError
from survey.respondents.screens import Navigation, render_screen
from survey.security import RESPOND, STAFF_ROOMS, room_of
from survey.studies.version import StudyVersion

log = logging.getLogger("survey")

SENTENCES = {
    400: ("That did not work", "We could not read what was sent. Please go back and try again."),
    404: ("There is no such page", "The address may have a slip in it, or the page has moved."),
    405: ("That did not work", "This page is not used in that way. Please go back and try again."),
    413: ("That was too much", "This page cannot take so much. Please shorten it and try again."),
    503: ("Please try again in a moment", "Answers cannot be saved just now. Nothing was sent."),
}
# What differs for staff, who send nothing and can tell whoever runs the server.
STAFF_SENTENCES = {
    503: (
        "Nothing can be saved just now",
        "The disk of this server may be full. Nothing was changed, and nothing is lost.",
    )
}
FALLBACK = (
    "Something went wrong here",
    "It was our fault, not yours. Please go back and try again in a moment.",
)


def _study_here() -> tuple[StudyVersion, Navigation] | None:
    """Return the study that a respondent's page is about, and the way back into it."""
    version: StudyVersion | None = g.get("version")
    if version is None or room_of(request.path) != RESPOND:
        return None
    return version, Navigation(base=f"/s/{version.study.address}/")


def _page(code: int) -> tuple[str, int]:
    """Return the page for this status; inside a study with its exit and its footer."""
    ours = STAFF_SENTENCES if room_of(request.path) in STAFF_ROOMS else {}
    heading, sentence = ours.get(code) or SENTENCES.get(code, FALLBACK)
    frame: dict[str, Any] = {"title": f"{heading} – Survey", "errors": ()}
    if found := _study_here():
        version, ways = found
        frame |= {"version": version, "study": version.study, "ways": ways}
    try:
        page = render_template("errors/page.html", heading=heading, sentence=sentence, **frame)
    except Exception as error:  # or one failure would become two
        log.error("the page of an error failed", exc_info=error)
        page = f"{heading}. {sentence}"
    return page, code


def _csrf(_error: CSRFError) -> tuple[str, int] | Response:
    """Answer a form whose cookie is gone, forged or foreign: start over, with a kind sentence."""
    if room_of(request.path) in STAFF_ROOMS and signed_in() is None:
        return signed_out()
    found = _study_here()
    return (render_screen("gone", *found), 400) if found else _page(400)


def _cannot_save(error: Exception) -> tuple[str, int]:
    """Answer when the stores refused: nothing was sent, and the draft is as it was."""
    log.error("store error", exc_info=error)
    return _page(503)


def _anything(error: Exception) -> tuple[str, int]:
    # Kind and place only: the words of an exception could quote an answer (survey.security).
    log.error("unexpected error", exc_info=error)
    return _page(500)


def init_app(app: Flask) -> None:
    """Register the handlers, the most particular first."""
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, lambda error: _page(error.code or 500))
    app.register_error_handler(StoreError, _cannot_save)
    app.register_error_handler(sqlite3.OperationalError, _cannot_save)
    app.register_error_handler(Exception, _anything)
