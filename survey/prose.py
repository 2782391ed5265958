"""Study text to HTML: paragraphs, emphasis, the site's facts. Everything else is escaped."""

from __future__ import annotations

import re
from functools import lru_cache

from markupsafe import Markup, escape

from survey.served.shelf import Offer

_EMPHASIS = re.compile(r"\*([^*\n]+)\*")
_UNFILLED = re.compile(r"\[([a-z][a-z0-9_]*)\]")  # a fact that the site has not given yet
_PARAGRAPHS = re.compile(r"\n\s*\n")


def _marked(text: str) -> Markup:
    """Escaped text with *emphasis*, and unfilled facts marked so that nobody misses one."""
    html = _EMPHASIS.sub(r"<em>\1</em>", str(escape(text)))
    return Markup(_UNFILLED.sub(r"<mark>[\1]</mark>", html))  # noqa: S704 - escaped above


@lru_cache(maxsize=2048)
def prose(text: str, offer: Offer) -> Markup:
    """Paragraphs of ``text`` with this site's facts."""
    parts = (_marked(p.strip()) for p in _PARAGRAPHS.split(offer.fill(text)) if p.strip())
    return Markup("\n").join(Markup("<p>{}</p>").format(part) for part in parts)


@lru_cache(maxsize=2048)
def line(text: str, offer: Offer) -> Markup:
    """``text`` with this site's facts, without a paragraph around it."""
    return _marked(offer.fill(text))
