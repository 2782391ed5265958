"""A study that is served by an application of the test's own, and what lies in its files."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from typing import Any

from flask import Flask

from survey.respondents.browser import SECRET, entry_of
from survey.services import Services
from survey.storage import answer_tables
from survey.studies.current import NAME
from tests.journeys.client import Journey


class Site:
    """One study being served, and what lies in its files."""

    def __init__(self, app: Flask, name: str) -> None:
        self.app, self.name = app, name
        self.services: Services = app.extensions[NAME]
        self.version = app.extensions["lacrima"].catalogue.folders[name].latest

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Every stored row."""
        return list(
            answer_tables.rows(self.services.stores.answers(pilot=self.version.pilot), self.name)
        )

    @property
    def texts(self) -> list[dict[str, Any]]:
        """Every text kept apart."""
        return list(
            answer_tables.texts(self.services.stores.answers(pilot=self.version.pilot), self.name)
        )

    @property
    def drafts(self) -> int:
        """How many drafts are kept."""
        return int(
            self.services.stores.drafts.conn.execute("SELECT count(*) FROM drafts").fetchone()[0]
        )

    def secret_of(self, client: Journey) -> bytes:
        """The browser's half of its draft's key."""
        with client.browser.session_transaction() as session:
            return urlsafe_b64decode(session[entry_of(self.name)][SECRET])

    def plant_secret(self, client: Journey, secret: Any) -> None:
        """Put something else in its place."""
        with client.browser.session_transaction() as session:
            session[entry_of(self.name)] = {SECRET: secret}

    def client(self) -> Journey:
        """Somebody new."""
        return Journey(self.app, self.version.study.address)

    def later(self, seconds: float) -> None:
        """Let time pass, for drafts and for what is known of the study's state."""
        drafts, availability = self.services.drafts, self.services.availability
        clock, steady = drafts.clock, availability._clock
        drafts.clock = lambda: clock() + seconds
        availability._clock = lambda: steady() + seconds
