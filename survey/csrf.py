"""Which posted forms are taken: those of our own pages, with the token of this browser's cookie.

Where a form comes from is told by what a page can neither write nor hold back: ``Origin`` and
``Sec-Fetch-Site``, and where both are silent a ``Referer``. One of them is enough, so that people
who hold back the address of the page before, for their privacy, can answer all the same.
"""

from __future__ import annotations

from typing import Literal, NoReturn, get_args
from urllib.parse import urlsplit

from flask import current_app, g, request
from flask_wtf.csrf import CSRFError, CSRFProtect

Source = Literal["ours", "foreign", "untold"]
Cause = Literal["foreign", "untold", "no_cookie", "old_page"]
CAUSES: tuple[Cause, ...] = get_args(Cause)

_FETCH_SITE: dict[str, Source] = {
    "same-origin": "ours",
    "none": "ours",  # the person alone, as when a browser restores its pages
    "same-site": "foreign",
    "cross-site": "foreign",
}


class FormRefused(CSRFError):  # type: ignore[misc]  # Flask-WTF ships no types
    """A form was not taken, for this ``cause``."""

    def __init__(self, cause: Cause) -> None:
        super().__init__()
        self.cause = cause


def source_of_form() -> Source:
    """Return what the headers of this request say about the page that the form was on."""
    told = _FETCH_SITE.get(request.headers.get("Sec-Fetch-Site", ""), "untold")
    # The browser's own verdict goes first: a proxy that loses the port spoils the two others.
    for source in (told, _named(request.headers.get("Origin", ""))):
        if source != "untold":
            return source
    return _named(request.referrer or "")


def _named(address: str) -> Source:
    """Return whose page ``address`` is; nobody's where it is empty, or "null" for privacy."""
    if address in ("", "null"):
        return "untold"
    try:
        named = urlsplit(address)
    except ValueError:
        return "foreign"
    # Where TLS is not seen here it may have ended before, at a proxy that does not say so.
    schemes = ("https",) if request.is_secure else ("http", "https")
    ours = named.scheme in schemes and named.netloc.lower() == request.host.lower()
    return "ours" if ours else "foreign"


class FormProtection(CSRFProtect):  # type: ignore[misc]
    """Flask-WTF's tokens with a check of our own for the source, alike with and without TLS."""

    def protect(self, apply_exemptions: bool = False) -> None:  # noqa: FBT001, FBT002
        """Let this request pass, or raise FormRefused with its cause."""
        if apply_exemptions and (not request.endpoint or self._is_exempt()):
            return
        if request.method in current_app.config["WTF_CSRF_METHODS"]:
            source = source_of_form()
            # In clear there is nothing to be had over a token: that is this machine alone.
            if source == "foreign" or (source == "untold" and request.is_secure):
                raise FormRefused(source)
        super().protect(apply_exemptions)

    def _error_response(self, reason: str) -> NoReturn:
        """Raise FormRefused for a token that is missing, or not that of this cookie."""
        del reason
        name = current_app.session_interface.get_cookie_name(current_app)
        raise FormRefused("old_page" if request.cookies.get(name) else "no_cookie")


def came_from_us() -> bool:
    """Whether the form was on a page of ours, even where its token or cookie had ended."""
    return bool(g.get("csrf_valid")) or source_of_form() == "ours"
