"""A study with a folder that can be changed while it is served, and people who sign or stop it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from survey.clock import today_here
from survey.ethics.checklist import missing_elements
from survey.storage import board, studies
from survey.studies.availability import FRESH_SECONDS
from tests.conftest import CHECKED, STUDIES, UNCHECKED
from tests.journeys.client import Journey
from tests.journeys.site import Site

FACTS = '[site]\ninstitution = "A house"\nclinician_contact = "B"\nconflict_text = ""\n'


def day(after: int) -> str:
    """ISO date so many days from today."""
    return (today_here() + timedelta(after)).isoformat()


class Served(Site):
    """A tiny study as a real one, from a folder of its own."""

    def __init__(
        self, open_app: Callable[..., Flask], catalogue: Path, name: str = "minimal"
    ) -> None:
        self.name, self.folder, self.site_facts = (
            name,
            catalogue / name,
            catalogue.parent / "site.toml",
        )
        self.folder.mkdir(parents=True)
        for file in (STUDIES / name).iterdir():
            checked = file.read_text().replace(UNCHECKED, CHECKED)
            (self.folder / file.name).write_text(checked)
        self.site_facts.write_text(FACTS)
        super().__init__(self._open(open_app), name)
        lacking = [element.id for element in missing_elements(self.version.study)]
        self.waive(*lacking, reason="A tiny study.")

    def _open(self, open_app: Callable[..., Flask]) -> Flask:
        catalogue = self.folder.parent
        return open_app(self.name, studies=(catalogue,), site=self.site_facts, demo=False)

    def started_anew(self, open_app: Callable[..., Flask]) -> Site:
        """The same served by another process."""
        return Site(self._open(open_app), self.name)

    def change(self, old: str, new: str, file: str = "questionnaire.toml") -> None:
        """Somebody edits a file of the study folder."""
        path = self.folder / file
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
        self.later(FRESH_SECONDS)

    def become(self, status: studies.Status) -> None:
        """Somebody opens or closes it."""
        studies.set_status(self.services.stores.office, self.name, status, day(0))
        self.later(FRESH_SECONDS)

    def waive(self, *elements: str, reason: str) -> None:
        """The board does without elements of the checklist, or with no reason asks for them."""
        office = self.services.stores.office
        change = partial(board.waive, reason=reason) if reason else board.take_back
        change(office, self.name, elements, at=day(0), who="A board")

    @property
    def state(self) -> str:
        """OPEN, EXPIRED …"""
        return self.services.availability.state_of(self.name).state


class Staff(Journey):
    """A signed-in member of staff at the pages of a study."""

    def __init__(self, browser: FlaskClient, name: str = "minimal") -> None:
        super().__init__(None, "", browser=browser)
        self.base = f"/ethics/{name}/"

    def fill_in(self, **filled: Any) -> Staff:
        """Open the form and fill it in without pressing anything yet."""
        self.open("approve")
        self.typed = {
            "reference": "2026-7", "approved_on": day(0), "expires_on": day(30), "read": 1, **filled
        }  # fmt: skip
        return self

    def sign(self, **filled: Any) -> Staff:
        """Sign what the open page shows, or open it first."""
        if not hasattr(self, "typed"):
            self.fill_in()
        self.submit("approve", **{**self.typed, **filled})
        return self

    def rule(self, go: str, why: str = "A complaint.") -> Staff:
        """Suspend, lift or revoke."""
        self.open("suspend")
        self.press("go", go, why=why)
        return self

    def submit(self, action: str, form: str = "", **filled: Any) -> None:
        """Send the first form that goes to ``action``, or the one with this id."""
        same = (f.id for f in self.page.forms.values() if f.action.endswith("/" + action))
        form = form or next(same)
        data: dict[str, list[str]] = {}
        for key, value in self.filled(form, filled):
            data.setdefault(key, []).append(value)
        self._ask("POST", self.page.forms[form].action, data=data)
