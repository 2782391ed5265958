"""Three rooms under one roof: whose an address is, and which of them this server has open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, abort, request

from survey.config import ROOMS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

RESPOND, RESEARCH, ETHICS = ROOMS
STAFF_ROOMS = (RESEARCH, ETHICS)

# First part of an address → the room it is in. Health and static files belong to every room.
_FIRST = {"": RESPOND, "s": RESPOND, "i": RESPOND, "research": RESEARCH, "ethics": ETHICS}


def room_of(path: str) -> str:
    """The room that this address is in, or nothing for one that serves them all."""
    return _FIRST.get(path.lstrip("/").split("/")[0], "")  # several count as one when routing


def open_only(app: Flask, rooms: Iterable[str]) -> None:
    """404 for every address in a room that is not one of ``rooms``, whatever was asked of it."""
    served = frozenset(rooms)

    @app.before_request
    def _elsewhere() -> None:
        room = room_of(request.path)
        if room and room not in served:
            abort(404)


class OwnCookies:
    """Passes on to each room its own cookies alone, whatever a browser or a proxy sends.

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
