"""The page of long work looks again by itself, and spares whoever waits for long."""

import fcntl
from datetime import UTC, datetime

import pytest

from survey.releases.jobs import LOCK, folder_of
from survey.storage import jobs
from survey.storage.jobs import Job
from tests.journeys.releasing import NAME, stores_of
from tests.journeys.staff import later, services_of


@pytest.fixture
def under_way(app):
    """Address of a preview that was asked for just now, and whose process is at work."""
    stores, now = stores_of(app), services_of(app).clock()
    at = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    asked = Job(study=NAME, kind="preview", tier="C", pilot=True, who="deb", asked_at=at)
    folder = folder_of(stores.folder, jobs.begin(stores.office, asked, now=now).number)
    folder.mkdir(parents=True)
    with (folder / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield f"/research/{NAME}/work/{folder.name}"


@pytest.mark.parametrize(("waited", "again"), [(0, "1"), (9, "3"), (600, "5")])
def test_it_looks_again_soon_at_first_and_then_less_often(app, signed_in, under_way, waited, again):
    browser = signed_in(app)
    later(app, waited)
    assert browser.get(under_way).headers["Refresh"] == again


def test_it_can_be_kept_still(app, signed_in, under_way):
    assert "Refresh" not in signed_in(app).get(f"{under_way}?still=1").headers
