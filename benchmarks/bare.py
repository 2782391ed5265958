"""The limit: Flask and Flask-WTF with one page as large as ours, and nothing else.

No draft, no database, no routing: a form that is built, rendered with plain Jinja, validated and
forgotten. A walk here asks for as many pages and sends as many forms as one through the survey, so
that pages per second can be compared. Served by the same server with the same workers and threads.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from typing import Any

from flask import Flask, redirect, render_template
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField
from wtforms.validators import Length, Optional

from benchmarks.process import free_port, serving
from benchmarks.product import THREADS, WORKERS, Server, without_settings

SHAPE = "BARE_SHAPE"  # environment variable that tells the workers what to serve
TEXT_LENGTH = 500
FILLER = "Rough answers are fine, and every question can be left out. "

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }} – Survey</title>
<link rel="stylesheet" href="/static/site.css"></head><body><main><h1>{{ title }}</h1>
{% if form %}<form method="post">{{ form.csrf_token }}
{% for name in names %}<fieldset><legend>{{ name }}</legend>
{%- for code, label in codes %}<label><input type="radio" name="{{ name }}" value="{{ code }}">
<span>{{ label }}</span></label>{% endfor %}</fieldset>{% endfor %}
<textarea name="words" maxlength="500">{{ form.words.data or "" }}</textarea>
<button>Next</button></form>{% elif ahead %}<a href="{{ ahead }}" rel="next">Next</a>{% endif %}
<p>{{ filler }}</p></main></body></html>"""


@dataclass(frozen=True, slots=True)
class Shape:
    """A walk to imitate: pages in all, forms among them, bytes of a page, fields of a form."""

    pages: int
    forms: int
    size: int
    fields: int
    options: int

    @property
    def links(self) -> int:
        """Pages that are left by a link, before the first form."""
        return self.pages - self.forms - 1


def form_class(names: Sequence[str], codes: Sequence[tuple[str, str]]) -> type[FlaskForm]:
    """One Flask-WTF form with a row of buttons for each name, and a text."""
    fields: dict[str, Any] = {
        name: RadioField(choices=codes, validators=[Optional()]) for name in names
    }
    fields["words"] = StringField(validators=[Optional(), Length(max=TEXT_LENGTH)])
    return type("BareForm", (FlaskForm,), fields)


def create_app(shape: Shape) -> Flask:
    """The application: pages 0, 1, … of which the last says thank you."""
    app = Flask("bare")
    app.secret_key = "the same in every worker"
    names = [f"item_{n}" for n in range(shape.fields)]
    codes = [(str(n), f"Answer number {n}") for n in range(shape.options)]
    form_of = form_class(names, codes)
    template = app.jinja_env.from_string(PAGE)  # compiled once, as a file would be

    def page(number: int, form: FlaskForm | None, filler: str) -> str:
        last = number >= shape.pages - 1
        return render_template(
            template,
            title="Thank you" if last else f"Page {number}",
            form=form,
            ahead="" if last else f"/{number + 1}",
            names=names,
            codes=codes,
            filler=filler,
        )

    def padding(form: FlaskForm | None) -> str:
        """Text that makes the page as large as ours."""
        missing = shape.size - len(page(1, form, ""))
        return (FILLER * (1 + max(missing, 0) // len(FILLER)))[: max(missing, 0)]

    with app.test_request_context():
        with_form, without = padding(form_of()), padding(None)

    @app.get("/<int:number>")
    def show(number: int) -> str:
        has_form = shape.links <= number < shape.pages - 1
        return page(number, form_of() if has_form else None, with_form if has_form else without)

    @app.post("/<int:number>")
    def take(number: int) -> Any:
        form = form_of()
        if form.validate_on_submit():
            return redirect(f"/{number + 1}", code=303)
        return page(number, form, with_form), 400

    return app


def build() -> Flask:
    """The application for one worker; its shape comes through the environment."""
    return create_app(Shape(*map(int, os.environ[SHAPE].split())))


@contextmanager
def bare(shape: Shape) -> Iterator[Server]:
    """The bare page, served like the product."""
    port = free_port()
    environ = {**without_settings(), SHAPE: " ".join(map(str, astuple(shape)))}
    command = [sys.executable, "-m", "benchmarks.bare", str(port)]
    with serving(command, port=port, environ=environ, health="/0") as pid:
        yield Server(port, pid)


def _serve(port: int) -> None:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    Granian(
        "benchmarks.bare:build",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=WORKERS,
        blocking_threads=THREADS,
        websockets=False,
        factory=True,
        log_access=False,
        log_level=LogLevels("warning"),
    ).serve()


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
