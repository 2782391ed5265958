"""Every error becomes a page with a sentence; one fallback ends the matter."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, current_app, g, render_template, request, session
from werkzeug.exceptions import HTTPException

from forms.flow import TURNS
from forms.platform_texts import ANY_ERROR, ERROR_PAGES, NOT_TAKEN, TITLE
from survey.accounts.access import behind_sign_in, signed_in, signed_out
from survey.csrf import Cause, FormRefused
from survey.errors import StoreError
from survey.routes.respondent.request import go_to, kept_answers, see_other, ways_for
from survey.security import RESPOND, STAFF_ROOMS, room_of
from survey.studies.version import StudyVersion

log = logging.getLogger("survey")

# What differs for staff, who send nothing and can tell whoever runs the server; of a form that was
# not taken by its cause (survey.csrf).
STAFF_SENTENCES: Mapping[int | str, tuple[str, str]] = {
    503: (
        "Nothing can be saved just now",
        "The disk of this server may be full. Nothing was changed, and nothing is lost.",
    ),
    "no_cookie": (
        "Your browser sent no cookie",
        (
            "Staff pages need one cookie, so nothing was done. Allow cookies for this site, open "
            "the page anew and try again. If you were signed in here, this browser no longer is."
        ),
    ),
    "old_page": (
        "This page is out of date",
        (
            "It was opened before somebody signed in or out in this browser, or it did not arrive "
            "whole, so nothing was done. Open it anew and try again."
        ),
    ),
    "foreign": (
        "This did not come from our page",
        (
            "Your browser names another site as the one that sent it, so nothing was done. If it "
            "was our page, tell whoever runs the server: the proxy in front must pass on the "
            "site's own name, port and https."
        ),
    ),
    "untold": (
        "Your browser did not say where this came from",
        (
            "A form is taken only when the browser says that it was on our own page, by Origin, "
            "Sec-Fetch-Site or Referer. Allow one of them for this site, or use another browser. "
            "Nothing was done."
        ),
    ),
}


def _study_here() -> StudyVersion | None:
    """Return the study that a respondent's page is about."""
    return g.get("version") if room_of(request.path) == RESPOND else None


def error_page(code: int, *, cause: Cause | None = None) -> tuple[str, int]:
    """Return the page for this status; inside a study with its exit and its footer."""
    staff = room_of(request.path) in STAFF_ROOMS
    heading, sentence = _words(cause or code, STAFF_SENTENCES if staff else {})
    try:
        title = f"{heading} – Lacrima" if staff else TITLE.format(heading)
        frame: dict[str, Any] = {"title": title, "errors": (), "in_room": staff and signed_in()}
        frame["again"] = request.path if cause and _can_be_opened() else ""
        if _study_here() is not None:
            ways = ways_for(kept_answers())
            frame |= {"version": g.version, "study": g.version.study, "ways": ways}
        page = render_template("errors/page.html", heading=heading, sentence=sentence, **frame)
    except Exception as error:  # or one failure would become two
        log.error("the page of an error failed", exc_info=error)
        page = f"{heading}. {sentence}"
    return page, code


def _words(key: int | Cause, ours: Mapping[int | str, tuple[str, str]]) -> tuple[str, str]:
    if key in ours:
        return ours[key]
    if isinstance(key, int):
        return ERROR_PAGES.get(key, ANY_ERROR)
    heading, *sentences = NOT_TAKEN[key]
    return heading, " ".join(sentences)


def _can_be_opened() -> bool:
    """Return whether the address that was posted to has a page of its own."""
    adapter = current_app.create_url_adapter(request)
    return adapter is not None and adapter.test(request.path, "GET")


def _not_taken(error: FormRefused) -> tuple[str, int] | Response:
    """Lead to the page that says why a form was not taken; nothing is begun, kept or changed by it.

    A browser keeps what was posted beside a page that answers it, and nothing beside a redirect.
    """
    cause = error.cause
    if room_of(request.path) in STAFF_ROOMS:
        bool(session)  # asked, so that the page says what it varies with
        ended = cause in ("no_cookie", "old_page") and behind_sign_in(request.endpoint)
        return signed_out() if ended and signed_in() is None else error_page(400, cause=cause)
    if _study_here() is None:
        return see_other(f"{request.path}?{cause}") if _can_be_opened() else error_page(400)
    screen = request.path.rpartition("/")[2]
    return go_to("not_taken", f"{cause}&{screen}" if screen in TURNS else cause)


def _cannot_save(error: Exception) -> tuple[str, int]:
    """Answer when the stores refused: nothing was sent, and the draft is as it was."""
    log.error("store error", exc_info=error)
    return error_page(503)


def _unless_ours(error: sqlite3.DatabaseError) -> tuple[str, int]:
    """Answer when SQLite refused: a damaged or full disk is no fault of a page, a constraint is."""
    ours = isinstance(error, (sqlite3.IntegrityError, sqlite3.ProgrammingError))
    return _anything(error) if ours else _cannot_save(error)


def _anything(error: Exception) -> tuple[str, int]:
    # Kind and place only: the words of an exception could quote an answer (survey.security).
    log.error("unexpected error", exc_info=error)
    return error_page(500)


def init_app(app: Flask) -> None:
    """Register the handlers, the most particular first."""
    app.register_error_handler(FormRefused, _not_taken)
    app.register_error_handler(HTTPException, lambda error: error_page(error.code or 500))
    app.register_error_handler(StoreError, _cannot_save)
    app.register_error_handler(sqlite3.DatabaseError, _unless_ours)
    app.register_error_handler(Exception, _anything)
