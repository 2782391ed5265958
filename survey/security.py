"""Protections around every request: rooms, cookies, CSRF, headers, logs without a person.

The staff's cookie is signed with a key of its own and sent to staff addresses only. It is
``SameSite=Lax``, not ``Strict``: a link in a letter to the board must find its reader signed in,
and under ``Strict`` it would open a sign-in page whose new cookie replaces the one they have. What
changes something is a POST with a token, and a foreign site's POST brings no ``Lax`` cookie.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from flask import Flask, Request, Response, abort, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode, want_bytes
from werkzeug.routing import RequestRedirect

from survey.assets import accepts_gzip
from survey.config import ROOMS, Config
from survey.csrf import FormProtection
from survey.log_lines import count_lines
from survey.padding import BELOW, rounded_up

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

RESPOND, RESEARCH, ETHICS = ROOMS
STAFF_ROOMS = (RESEARCH, ETHICS)

# First part of an address → the room it is in. Health and static files belong to every room.
_FIRST = {"": RESPOND, "s": RESPOND, "i": RESPOND, "research": RESEARCH, "ethics": ETHICS}


def room_of(path: str) -> str:
    """Return the room that this address is in, or nothing for one that serves them all."""
    return _FIRST.get(path.lstrip("/").split("/")[0], "")  # several count as one when routing


def open_only(app: Flask, rooms: frozenset[str]) -> None:
    """Answer 404 to every address in a room that is not one of ``rooms``, by any method."""

    @app.before_request
    def _refuse_other_rooms() -> None:
        room = room_of(request.path)
        if room and room not in rooms:
            abort(404)


class OwnCookies:
    """Middleware that passes on to each room its own cookies alone, whatever a browser sends.

    The staff's cookie is bound to the staff's addresses; the client's cannot be bound to the
    client's (``__Host-`` asks for the path ``/``), so here it ends for the other rooms.
    """

    def __init__(self, app: WSGIApplication, *, client: str, staff: str) -> None:
        self.app = app
        self._foreign = {True: client, False: staff}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve without the other rooms' cookie."""
        sent = environ.get("HTTP_COOKIE", "")
        foreign = self._foreign[room_of(environ.get("PATH_INFO", "")) in STAFF_ROOMS]
        if foreign in sent:
            environ["HTTP_COOKIE"] = "; ".join(
                pair
                for pair in (p.strip() for p in sent.split(";"))
                if pair.split("=")[0].strip() != foreign
            )
        return self.app(environ, start_response)


class StaffSession(SecureCookieSession):
    """The content of the staff's cookie: a random name for the sign-in, and the CSRF token."""


class EquallyLongSerializer(URLSafeTimedSerializer):
    """Signer of a cookie filled up with spaces: its length tells nothing of what it holds."""

    def dump_payload(self, obj: Any) -> bytes:
        """Return the encoded content; nothing is compressed, which would undo the filling."""
        content = want_bytes(self.serializer.dumps(obj, **self.serializer_kwargs))
        return base64_encode(content.ljust(rounded_up(len(content), COOKIE_STEP)))


class SignedCookie(SecureCookieSessionInterface):
    """Flask's signed cookie with one signer, read whatever the clock says.

    The serializer is made once, reads plain JSON, and signs (HMAC-SHA256) with a key derived for
    this purpose alone, so that it need not be derived anew for every request.
    """

    serializer_class = URLSafeTimedSerializer

    def __init__(self, key: bytes) -> None:
        self._signer = self.serializer_class(
            key,
            serializer=json,
            signer_kwargs={"key_derivation": "none", "digest_method": hashlib.sha256},
        )

    def get_signing_serializer(self, _app: Flask) -> URLSafeTimedSerializer:
        """Return the signer of the cookie, which keeps no cookie."""
        return self._signer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        """Open what the cookie holds; nothing of one that is forged or damaged.

        Flask asks for its age, and refuses one signed before the clock was set back. What a cookie
        opens ends on the server: a draft, a sign-in.
        """
        value = request.cookies.get(self.get_cookie_name(app), "")
        try:
            return self.session_class(self._signer.loads(value) if value else {})
        except BadSignature:
            return self.session_class()


class StaffCookie(SignedCookie):
    """One session in two cookies of one name, a path each: both staff rooms, no client's page."""

    session_class = StaffSession

    def __init__(self, key: bytes, name: str) -> None:
        super().__init__(key)
        self._name = name

    def get_cookie_name(self, _app: Flask) -> str:
        """Return the name of the staff's cookie, never the client's."""
        return self._name

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the cookie for both paths when it changed; an emptied one is expired."""
        if session.accessed:
            response.vary.add("Cookie")
        if not session.modified:
            return
        value = self._signer.dumps(dict(session))
        for path in (f"/{room}" for room in STAFF_ROOMS):
            response.set_cookie(
                self._name,
                value if session else "",
                max_age=None if session else 0,
                path=path,
                secure=self.get_cookie_secure(app),
                httponly=True,
                samesite="Lax",
            )


class ClientCookie(SignedCookie):
    """The client's: a few short strings that seldom change."""

    serializer_class = EquallyLongSerializer

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the cookie when it changed; a page that only read it varies with it."""
        if session.modified:
            super().save_session(app, session, response)
        elif session.accessed:
            response.headers.add("Vary", "Cookie")


class SessionsByRoom(SecureCookieSessionInterface):
    """The client's sessions on the client's pages, the staff's in the staff's rooms."""

    def __init__(self, client: ClientCookie, staff: StaffCookie) -> None:
        self._client, self._staff = client, staff

    def _of(self, request: Request) -> ClientCookie | StaffCookie:
        return self._staff if room_of(request.path) in STAFF_ROOMS else self._client

    def get_cookie_name(self, app: Flask) -> str:
        """Return the name of this room's cookie."""
        return self._of(request).get_cookie_name(app)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        """Open the session of this room's cookie."""
        return self._of(request).open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Save the session in the cookie that it came from."""
        room = self._staff if isinstance(session, StaffSession) else self._client
        room.save_session(app, session, response)


csrf = FormProtection()

# No inline script or style, nothing from third parties, no framing.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: of an old browser it is all that tells whose page a form was on.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}
HSTS = f"max-age={int(timedelta(days=365).total_seconds())}"
NO_STORE = "no-store"
# Not "cookies": that would sign people out of everything on a university's domain.
CLEAR_SITE_DATA = '"cache", "storage"'
# Every page of the survey posts small forms; the largest text is a few thousand characters.
MAX_BODY = 256 * 1024
# Documents of a submission, from whoever is signed in to a staff room; a form is read before its
# view is asked who may send it.
UPLOADS = frozenset({"submission.put"})
MAX_UPLOAD = 21 * 1024 * 1024
MAX_FIELDS = 1000
SMALLEST_TO_COMPRESS = 1000
COOKIE_STEP = 255  # bytes of a client's cookie before it is encoded


def protect(
    app: Flask, config: Config, *, cookie_key: str, session_key: bytes, staff_key: bytes
) -> None:
    """Set cookie flags, CSRF, body limits and headers; silence logs of people."""
    app.secret_key = cookie_key
    # Not __Host- for staff: it would send their cookie to clients' pages.
    client, staff = ("__Host-s", "__Secure-staff") if config.https else ("s", "staff")
    app.config.update(
        SESSION_COOKIE_NAME=client,
        SESSION_COOKIE_SECURE=config.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as the cookie it belongs to
        WTF_CSRF_SSL_STRICT=False,  # it wants a Referer of everybody: survey.csrf asks instead
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        MAX_FORM_PARTS=MAX_FIELDS,
    )
    app.session_interface = SessionsByRoom(ClientCookie(session_key), StaffCookie(staff_key, staff))
    open_only(app, config.rooms)  # before anything else is asked of an address
    app.before_request(_room_for_uploads)
    csrf.init_app(app)
    app.after_request(_without_host)
    app.after_request(_compressed)
    app.wsgi_app = OwnCookies(app.wsgi_app, client=client, staff=staff)  # type: ignore[method-assign]
    app.wsgi_app = Headers(app.wsgi_app)  # type: ignore[method-assign]
    quiet_logs()


def _room_for_uploads() -> None:
    if request.endpoint in UPLOADS and "_user_id" in session:
        request.max_content_length = MAX_UPLOAD


def _without_host(response: Response) -> Response:
    """Lead to the address with its slash on this very site, whichever name was asked for."""
    moved = request.routing_exception
    if isinstance(moved, RequestRedirect):
        response.location = urlunsplit(("", "", *urlsplit(moved.new_url)[2:]))
    return response


class Headers:
    """Middleware that puts the headers on every response: a page, an error, a redirect."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve with the headers added; a response that says how it may be kept keeps that."""
        more = list(HEADERS.items())
        if environ.get("wsgi.url_scheme") == "https":
            more.append(("Strict-Transport-Security", HSTS))

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            kept = any(name.lower() == "cache-control" for name, _ in headers)
            own = more if kept else [*more, ("Cache-Control", NO_STORE)]
            return start_response(status, [*headers, *own], *rest)

        return self.app(environ, start)


def _compressed(response: Response) -> Response:
    """Compress pages that hold no secret; one with a CSRF token would let its size be probed."""
    if (
        response.status_code != 200
        or session
        or request.path.startswith(BELOW)  # all of one length: no size to be told
        or response.mimetype != "text/html"
        or "Content-Encoding" in response.headers
        or not accepts_gzip()
    ):
        return response
    body = response.get_data()
    if len(body) >= SMALLEST_TO_COMPRESS:
        response.set_data(_small(body))
        response.headers["Content-Encoding"] = "gzip"
        response.headers.add("Vary", "Accept-Encoding")
    return response


@lru_cache(maxsize=32)
def _small(body: bytes) -> bytes:
    return gzip.compress(body, 9, mtime=0)


class _NoPerson(logging.Filter):
    """Filter that keeps an exception's type and place; its words could quote an answer."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            tb = error.__traceback__
            while tb and tb.tb_next:
                tb = tb.tb_next
            place = f"{tb.tb_frame.f_code.co_filename}:{tb.tb_lineno}" if tb else "unknown place"
            record.msg, record.args = f"{type(error).__name__} at {place}", ()
            record.exc_info = record.exc_text = None
        return True


def quiet_logs() -> None:
    """Keep addresses, paths and answers out of every log of this process."""
    for name in ("survey", "flask.app", "granian.access", "werkzeug", "flask_wtf.csrf"):
        logger = logging.getLogger(name)
        if not any(isinstance(f, _NoPerson) for f in logger.filters):
            logger.addFilter(_NoPerson())
    count_lines()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    logging.getLogger("flask_wtf.csrf").setLevel(logging.CRITICAL)
