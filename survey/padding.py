"""One length for every response of a walk, so that an observer of encrypted lengths learns none.

Whoever sees encrypted traffic sees how long each response is. So every response below a study's
address leaves with the study's one length, headers included; redirects have one of their own.
Addresses of the walk, which stand in requests, are filled up in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PAGE_STEP = 4096  # a study's length is the smallest multiple that holds each of its pages
HEADERS_ROOM = 1536  # bytes of a response's first line and headers, at most, the cookie included
REDIRECT_LENGTH = 3072  # of every redirect
# Characters of an address after the study's own, so many that the longest needs filling up.
ADDRESS_LENGTH = 48
FILLED = "p"  # the part of an address that only fills it up
LENGTH = "lacrima.page_length"  # key of the environment: bytes of this study's pages
BELOW = "/s/"  # begins the addresses of every walk
KEPT_AS_SENT = "no-store, no-transform"  # no proxy may compress what was filled up

_FIRST_LINE = "HTTP/1.1 "
_ENDINGS = frozenset(["GET", "POST"])


def rounded_up(size: int, step: int) -> int:
    """Return the smallest multiple of ``step`` that holds ``size``."""
    return -(-size // step) * step


def page_length(largest: int) -> int:
    """Return the length of every response of a study whose largest page has so many bytes."""
    return rounded_up(largest + HEADERS_ROOM, PAGE_STEP)


def filled_address(path: str, query: str = "") -> str:
    """Return ``path``, which begins below the study's address, as long as any other."""
    return f"{path}?{query}{query and '&'}{FILLED}=".ljust(ADDRESS_LENGTH, "0")


def filled_up(status: str, headers: Iterable[tuple[str, str]], body: bytes, length: int) -> bytes:
    """Return ``body`` with spaces behind it: the whole response is a multiple of ``length``.

    ``headers`` hold everything but the length of the body.
    """
    head = len(f"{_FIRST_LINE}{status}\r\nContent-Length: \r\n\r\n")
    head += sum(len(f"{name}: {value}\r\n") for name, value in headers)
    # The number of digits that say how long the body is are part of the whole.
    for digits in range(len(str(len(body))), 10):
        room = rounded_up(head + digits + len(body), length) - head - digits
        if len(str(room)) == digits:
            return body.ljust(room)
    return body


class FilledUp:
    """Middleware that fills up every response for which the application named a length."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve as it is outside of a walk, where no length is named, and where no body is sent."""
        if not environ["PATH_INFO"].startswith(BELOW):
            return self.app(environ, start_response)
        begun: list[tuple[str, list[tuple[str, str]], tuple[Any, ...]]] = []

        def begin(status: str, headers: list[tuple[str, str]], *rest: Any) -> Callable[..., Any]:
            begun[:] = [(status, headers, rest)]
            return lambda _: None  # nothing here writes before it returns

        given = self.app(environ, begin)
        try:
            body = b"".join(given)
        finally:
            getattr(given, "close", lambda: None)()
        status, headers, rest = begun[0]
        length = environ.get(LENGTH)
        if length and environ["REQUEST_METHOD"] in _ENDINGS and not status.startswith("204"):
            headers = [pair for pair in headers if pair[0].lower() != "content-length"]
            body = filled_up(
                status, headers, body, REDIRECT_LENGTH if status.startswith("3") else length
            )
            headers.append(("Content-Length", str(len(body))))
        start_response(status, headers, *rest)
        return [body]
