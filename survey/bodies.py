"""Bodies of requests: read whole before anything is done, and by a part of the threads only.

Who sends a form slowly, or stops in the middle of it, keeps a thread waiting. A proxy that passes
on whole forms prevents that (docs/host.md); where none does, pages are answered all the same.
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, abort, request

from survey.security import MAX_BODY

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATIENCE_SECONDS = 1.0  # within which an honest body is read, even by a busy machine
UNREAD = "lacrima.unread"  # key of the environment: status that says why a body was not read


class WholeBodies:
    """Middleware that reads bodies, at most ``places`` at a time; what is not read is refused."""

    def __init__(self, app: WSGIApplication, *, places: int) -> None:
        self.app = app
        self._places = threading.BoundedSemaphore(places)
        self._taken = 0.0  # when a place was taken last

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve with the whole body at hand."""
        size = int(environ.get("CONTENT_LENGTH") or 0)
        if "HTTP_TRANSFER_ENCODING" in environ:  # no form comes so, and no proxy need gather it
            return self._refuse(400, environ, start_response)
        if not size:
            return self.app(environ, start_response)
        if not self._take_place():
            return self._refuse(503, environ, start_response)
        try:
            if size > MAX_BODY:  # a document: refused, or read by the view, which keeps the place
                return self.app(environ, start_response)
            body = environ["wsgi.input"].read(size)
        finally:
            self._places.release()
        if len(body) < size:  # the server gives what came before the connection ended as if all
            return self._refuse(400, environ, start_response)
        environ["wsgi.input"] = io.BytesIO(body)
        return self.app(environ, start_response)

    def _take_place(self) -> bool:
        """Return whether there is a place to read in; none is waited for where all are slow."""
        left = PATIENCE_SECONDS - (time.monotonic() - self._taken)
        if not self._places.acquire(timeout=max(0.0, left)):
            return False
        self._taken = time.monotonic()
        return True

    def _refuse(
        self, status: int, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        environ[UNREAD], environ["wsgi.input"], environ["CONTENT_LENGTH"] = status, io.BytesIO(), ""
        return self.app(environ, start_response)


def init_app(app: Flask) -> None:
    """Answer a request whose body was not read with the page of its status."""

    @app.before_request
    def _refuse_unread() -> None:
        if status := request.environ.get(UNREAD):
            abort(status)
