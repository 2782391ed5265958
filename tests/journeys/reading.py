"""Somebody who reads clients' words in the researcher's room, and the words that are there."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from survey.collection.figures import SIMULATED
from survey.routes.research import texts as text_routes
from survey.storage import texts
from survey.storage.answer_tables import count
from survey.storage.answers import Text, accept
from survey.storage.counters import EventCounters
from survey.storage.texts import Reading, StoredText
from tests.journeys.releasing import stores_of, with_pages
from tests.journeys.staff import Worker
from tests.survey.storage.samples import answer, mark, open_study, readings

NAME, QUESTION = "kinds", "story"
ANNA = "my therapist Anna cried in Leeds"


def with_texts(
    app: Flask, *texts: str, name: str = NAME, variable: str = QUESTION, people: bool = False
) -> Flask:
    """``app`` with the pages, and with more texts in a pilot, of synthetic clients or of people."""
    with_pages(app)
    if text_routes.bp.name not in app.blueprints:
        app.register_blueprint(text_routes.bp)
    db, counters = stores_of(app).pilot, EventCounters()
    table = open_study(db, study=name)
    for _ in () if people else texts:  # marked before they are stored
        counters.add(name, SIMULATED, pilot=True)
    counters.flush(db, pilot=True)
    for number, words in enumerate(texts, count(db, name)):
        apart = Text(name, variable, "en", 1, mark("text", number), words)
        accept(db, answer(table, number, study=name, texts=(apart,)))
    return app


def texts_in(app: Flask, name: str = NAME) -> list[StoredText]:
    """Every text of the pilot as it stands, by its words."""
    found = texts.all_texts(stores_of(app).pilot, name, frozen_only=False)
    return sorted(found, key=lambda text: text.text)


def states_in(app: Flask, name: str = NAME) -> list[str]:
    """State of each text, in that order."""
    return [text.state for text in texts_in(app, name)]


def readings_in(app: Flask, name: str = NAME) -> list[Reading]:
    """Every decision that was noted."""
    return readings(stores_of(app).office, name)


class Reader(Worker):
    """A researcher at the texts of one study."""

    def __init__(self, browser: FlaskClient, name: str = NAME) -> None:
        super().__init__(None, browser=browser)
        self.base = f"/research/{name}/texts/"

    def start_reading(self) -> Reader:
        """To a text, by the button on the overview."""
        self.open("").press()
        return self

    def go(self, what: str, /, **filled: Any) -> Reader:
        """A button by what it does."""
        self.press("go", what, **filled)
        return self

    @property
    def shown(self) -> str:
        """The text at hand with its marks; blank where none is shown."""
        after = self.page.html.partition('aria-labelledby="asked">')[2].partition("</blockquote>")[
            0
        ]
        for tag in ("<mark>", "</mark>", '<span class="tag">', "</span>"):
            after = after.replace(tag, "")
        return after.strip()
