"""The staff's own cookie: signed with a key of its own, sent to staff addresses only.

``SameSite=Lax``, not ``Strict``: a link in a letter to the board must find its reader signed in,
and under ``Strict`` it would open a sign-in page whose new cookie replaces the one they have. What
changes something is a POST with a token, and a foreign site's POST brings no ``Lax`` cookie either.
"""

from __future__ import annotations

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import URLSafeTimedSerializer

from survey.staff.rooms import STAFF_ROOMS, room_of

PATHS = tuple(f"/{room}" for room in STAFF_ROOMS)


def staff_cookie(*, https: bool) -> str:
    """The cookie's name; ``__Secure-``, since ``__Host-`` would send it to clients' pages."""
    return "__Secure-staff" if https else "staff"


class StaffSession(SecureCookieSession):
    """What the staff's cookie holds: a random name for the sign-in, and the CSRF token."""


class StaffCookie(SecureCookieSessionInterface):
    """One session in two cookies of one name, a path each: both rooms, and no client's page."""

    session_class = StaffSession

    def __init__(self, signer: URLSafeTimedSerializer, name: str) -> None:
        self._signer, self._name = signer, name

    def get_signing_serializer(self, _app: Flask) -> URLSafeTimedSerializer:
        """What signs and reads the cookie."""
        return self._signer

    def get_cookie_name(self, _app: Flask) -> str:
        """The staff's, never the client's."""
        return self._name

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the cookie for both paths when it changed; an emptied one is expired."""
        if session.accessed:
            response.vary.add("Cookie")
        if not session.modified:
            return
        value = self._signer.dumps(dict(session))
        for path in PATHS:
            response.set_cookie(
                self._name,
                value if session else "",
                max_age=None if session else 0,
                path=path,
                secure=self.get_cookie_secure(app),
                httponly=True,
                samesite="Lax",
            )


class ByRoom(SecureCookieSessionInterface):
    """The client's sessions on the client's pages, the staff's in the staff's rooms."""

    def __init__(self, client: SecureCookieSessionInterface, staff: StaffCookie) -> None:
        self._client, self._staff = client, staff

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of this room's cookie."""
        room = self._staff if room_of(request.path) in STAFF_ROOMS else self._client
        return room.open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Back into the cookie it came from."""
        room = self._staff if isinstance(session, StaffSession) else self._client
        room.save_session(app, session, response)
