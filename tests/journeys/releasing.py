"""A researcher at the pages on releases and on a study's life, with answers to release."""

from __future__ import annotations

import threading
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from forms.study import Study
from survey.releases.jobs import LOCK
from survey.routes.research import jobs
from survey.routes.research import releases as release_routes
from survey.routes.research import studies as study_routes
from survey.storage import releases, studies
from survey.storage.stores import Stores
from tests import answering
from tests.answering import simulate_into
from tests.conftest import folder_of
from tests.journeys.staff import Worker, services_of

NAME = "kinds"  # its releases are quickly made
PATIENCE = 600  # looks at a page
PAUSE_SECONDS = 0.05


def with_pages(app: Flask) -> Flask:
    """``app`` with the pages on releases and lives, where it does not have them of itself."""
    for part in (jobs, release_routes, study_routes):
        if part.bp.name not in app.blueprints:
            app.register_blueprint(part.bp)
    return app


def stores_of(app: Flask) -> Stores:
    """The files of the running application."""
    return services_of(app).stores


def pilot_answers(app: Flask, study: Study, count: int = 60) -> None:
    """Simulated clients, marked as such."""
    simulate_into(stores_of(app).pilot, study, folder_of(study.name), count=count, seed=1)


def real_answers(app: Flask, study: Study, count: int, *, seed: int = 1) -> None:
    """Answers as sending stores them, in a batch of their own."""
    answering.real_answers(stores_of(app), study, count, seed=seed)


def freeze(app: Flask, study: Study) -> None:
    """What is there becomes a batch."""
    answering.freeze(stores_of(app), study)


def ledger_of(app: Flask, name: str = NAME) -> list[releases.Release]:
    """Every release entered."""
    return releases.all_releases(stores_of(app).office, name)


def audit_of(app: Flask) -> list[str]:
    """What staff did, in order."""
    return [f"{line['who']}: {line['what']}" for line in studies.audit(stores_of(app).office)]


def left_behind(app: Flask) -> list[str]:
    """Files of work and of releases; the lock of a process that is just ending is none."""
    data = stores_of(app).folder
    found = [
        p
        for f in ("work", "releases")
        for p in (data / f).rglob("*")
        if p.is_file() and p.name != LOCK
    ]
    return sorted(p.relative_to(data).as_posix() for p in found)


class Room(Worker):
    """A researcher at one study."""

    def __init__(self, browser: FlaskClient, name: str = NAME) -> None:
        super().__init__(None, browser=browser)
        self.base = f"/research/{name}/"

    def open(self, address: str, **options: Any) -> Room:
        """Go to an address, on through redirects."""
        super().open(address, **options)
        return self

    def look_at(self, tier: str = "C") -> Room:
        """Ask for a preview; on to the page that shows how it goes."""
        self.open("releases/").press("tier", tier)
        return self

    @property
    def under_way(self) -> bool:
        """Whether the page will reload itself."""
        return "Refresh" in self.headers

    def wait(self) -> Room:
        """Until the work is through."""
        pause = threading.Event()
        for _ in range(PATIENCE):
            if not self.under_way:
                return self
            pause.wait(PAUSE_SECONDS)
            self.open(self.here)
        raise AssertionError(f"It takes too long: {self.text}")

    def seen(self, tier: str = "C") -> Room:
        """A preview that is through."""
        return self.look_at(tier).wait()

    def rehearsed(self) -> Room:
        """A rehearsal that is through."""
        self.open("releases/").press("go", "rehearse")
        return self.wait()

    def make(self, **recipient: str) -> Room:
        """Make what the preview has shown; on to the page of the release."""
        self.press("go", "make", **recipient)
        return self.wait()
