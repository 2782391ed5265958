"""A study with a folder that can be changed while it is served, and people who sign or stop it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from survey.clock import iso_utc, today_here
from survey.signing.key_files import sign_with_file
from survey.storage import board_submissions, studies
from survey.storage.board_submissions import BoardSubmission
from survey.studies.availability import FRESH_SECONDS
from survey.studies.version import StudyVersion, fingerprints_of
from tests.approving import FACTS, copied, explain_slots, item
from tests.conftest import STUDIES
from tests.journeys.client import Journey
from tests.journeys.site import Site
from tests.signing import GOOD, approve_and_confirm, key_of


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
        copied(STUDIES / name, self.folder)
        self.site_facts.write_text(FACTS)
        super().__init__(self._open(open_app), name)
        explain_slots(self.services.stores, name)

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

    def amend(self, old: str, new: str, file: str = "questionnaire.toml") -> None:
        """Somebody edits a file of the study folder, and the researcher submits why."""
        self.change(old, new, file)
        self.say_why()

    def say_why(self) -> None:
        """The researcher submits the folder's version as an amendment, with its reason."""
        said = {"why": "It reads better.", "risk": "None.", "consent": "It holds."}
        version = self.proposed
        made = BoardSubmission(
            0, iso_utc(), "Rob", "amendment", *fingerprints_of(version), "", **said
        )
        board_submissions.submit(self.services.stores.office, self.name, made)

    def become(self, status: studies.Status) -> None:
        """Somebody opens or closes it."""
        studies.set_status(self.services.stores.office, self.name, status, day(0))
        self.later(FRESH_SECONDS)

    def unsay(self, *elements: str) -> None:
        """Somebody takes these elements out of the study's checklist."""
        for element in elements:
            self.change(item(element), "", "consent.toml")

    @property
    def proposed(self) -> StudyVersion:
        """The folder's version, this moment."""
        return self.services.catalogue.folders[self.name].version(now=True)

    @property
    def state(self) -> str:
        """OPEN, EXPIRED …"""
        return self.services.availability.state_of(self.name).state


class Staff(Journey):
    """A signed-in member of staff at the pages of a study."""

    def __init__(self, browser: FlaskClient, name: str = "minimal") -> None:
        super().__init__(None, "", browser=browser)
        self.base = f"/ethics/{name}/"
        self.account: str = browser.account  # type: ignore[attr-defined]

    def fill_in(self, **filled: Any) -> Staff:
        """Open the form and fill it in without pressing anything yet."""
        self.open("approve")
        self.typed = {
            "reference": "2026-7", "approved_on": day(0), "expires_on": day(30), "read": 1, **filled
        }  # fmt: skip
        return self

    def propose(self, **filled: Any) -> Staff:
        """Propose the approval of what the open page shows, or open it first."""
        if not hasattr(self, "typed"):
            self.fill_in()
        self.submit("approve", **{**self.typed, **filled})
        return self

    def sign(self, **filled: Any) -> Staff:
        """Propose the approval, and sign it where that was taken."""
        return self.propose(**filled).sign_proposal()

    def sign_proposal(self, *, by: str = "", password: str = GOOD) -> Staff:
        """Sign the proposal of the page with a key file; nothing where the page shows none."""
        if "/proposals/" not in self.here:
            return self
        statement = self.browser.get(f"{self.here}/statement.json").get_data(as_text=True).strip()
        signed = sign_with_file(key_of(by or self.account), statement)
        self.send_signature(signed, password=password)
        return self

    def send_signature(self, signed: str, *, password: str = GOOD) -> Staff:
        """Send a signature file on the open page."""
        token = self.page.named("csrf_token")[0].value
        sent = {"csrf_token": token, "now": password, "signature": (BytesIO(signed.encode()), "s")}
        self._ask("POST", self.here, data=sent, content_type="multipart/form-data")
        return self

    def rule(self, go: str, why: str = "A complaint.") -> Staff:
        """Suspend, or propose and sign to lift or revoke."""
        self.open("suspend")
        self.press("go", go, why=why)
        return self.sign_proposal()

    def submit(self, action: str, form: str = "", **filled: Any) -> None:
        """Send the first form that goes to ``action``, or the one with this id."""
        same = (f.id for f in self.page.forms.values() if f.action.endswith("/" + action))
        form = form or next(same)
        data: dict[str, list[str]] = {}
        for key, value in self.filled(form, filled):
            data.setdefault(key, []).append(value)
        self._ask("POST", self.page.forms[form].action, data=data)


def signed_and_open(open_app: Callable[..., Flask], catalogue: Path) -> Served:
    """The tiny study, signed by its board and open to everybody."""
    served = Served(open_app, catalogue)
    approve_and_confirm(served.services.stores, served.version)
    served.become("open")
    return served
