"""Questions and the frame around a page as HTML; what every client is shown alike, rendered once.

A part is kept under everything that it is rendered from, so that an equal key means equal bytes;
what holds an answer or an error is neither kept nor part of a key.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import current_app
from markupsafe import Markup

from forms.page_view import QuestionView

if TYPE_CHECKING:
    from survey.respondents.screens import Navigation

MOST_KEPT = 4096  # about 1 kB each: a few studies of many questions


@lru_cache(maxsize=MOST_KEPT)
def _kept(macro: Callable[..., Markup], *given: Hashable) -> Markup:
    return macro(*given)


def render_question(view: QuestionView) -> Markup:
    """The question with what the client has answered so far."""
    parts: Any = current_app.jinja_env.globals["parts"]
    macros = parts.questions
    macro = getattr(macros, view.question.kind)
    if view.question.rows:
        rows = (
            (_kept if given.blank else _anew)(macros.row, given, view.choices, view.missing)
            for given in view.inputs
        )
        return _anew(macro, view, Markup("\n").join(rows))
    return (_kept if view.blank else _anew)(macro, view)


def render_frame(macro: Callable[..., Markup], ways: Navigation, *given: Hashable) -> Markup:
    """What stands above and below a page; a board's has another signed state each time."""
    return (_anew if ways.hidden else _kept)(macro, ways, *given)


def _anew(macro: Callable[..., Markup], *given: Hashable) -> Markup:
    return macro(*given)
