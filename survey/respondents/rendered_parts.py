"""Questions as HTML. Those that hold no answer look alike to every client and are rendered once.

A part is kept under everything that it is rendered from, so that an equal key means equal bytes;
what holds an answer or an error is neither kept nor part of a key.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any

from flask import current_app
from markupsafe import Markup

from forms.page_view import QuestionView

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


def _anew(macro: Callable[..., Markup], *given: Hashable) -> Markup:
    return macro(*given)
