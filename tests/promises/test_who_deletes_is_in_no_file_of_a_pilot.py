"""Who deletes answers to a pilot goes from the files that its releases left on the server."""

import pytest

from forms.load import load_study
from survey.errors import Refusal
from survey.releases import process
from survey.releases.archive import FOLDER
from survey.releases.build import ReleaseRequest
from survey.storage import releases
from survey.storage.batches import ask_deletion
from tests.answering import people_in_pilot
from tests.conftest import folder_of
from tests.journeys.client import Journey
from tests.journeys.releasing import stores_of
from tests.journeys.walking import walk
from tests.waiting import until

NAME = "kinds"
COPIES = "Those that this server keeps are deleted with your answers."


@pytest.fixture
def app(open_app):
    return open_app(NAME, "minimal")


@pytest.fixture
def people(app):
    """Sixty people have answered the pilot; their deletion values."""
    return people_in_pilot(stores_of(app), load_study(folder_of(NAME)), 60)


def release(app, out):
    request = ReleaseRequest(tier="C", out=out, pilot=True)
    return process.run(stores_of(app), load_study(folder_of(NAME)), request)


def kept(app):
    """Names of the files that releases left in the data folder."""
    files = (stores_of(app).folder / FOLDER).rglob("*.*")
    return sorted(path.name for path in files if path.is_file())


def test_a_right_code_takes_every_file_of_that_pilot_with_it(app, people, tmp_path):
    other = stores_of(app).folder / FOLDER / "minimal" / "minimal-001-C-pilot.zip"
    other.parent.mkdir(parents=True)
    other.touch()
    for out in ("one", "two"):
        release(app, tmp_path / out)
    assert len(kept(app)) == 3
    ask_deletion(stores_of(app).pilot, [people[7]])
    assert until(lambda: kept(app) == [other.name])


def test_a_wrong_code_takes_none(app, people, tmp_path):
    release(app, tmp_path / "out")
    ask_deletion(stores_of(app).pilot, [b"x" * 32])
    assert until(lambda: not stores_of(app).pilot.table("withdrawals").count)
    assert kept(app) == [f"{NAME}-001-C-pilot.zip"]


def test_who_deletes_while_a_release_is_made_is_in_none(app, people, tmp_path, monkeypatch):
    write = process.write

    def slow(build, *where):
        ask_deletion(stores_of(app).pilot, [people[7]])
        assert until(lambda: not stores_of(app).pilot.table("withdrawals").count)
        return write(build, *where)

    monkeypatch.setattr(process, "write", slow)
    with pytest.raises(Refusal, match="changed while the release was made"):
        release(app, tmp_path / "out")
    assert (kept(app), (tmp_path / "out").exists()) == ([], False)
    assert releases.all_releases(stores_of(app).office, NAME) == []


def test_where_the_file_went_is_told_on_its_page(app, people, tmp_path, signed_in):
    release(app, tmp_path / "out")
    ask_deletion(stores_of(app).pilot, [people[7]])
    assert until(lambda: kept(app) == [])
    page = signed_in(app).get(f"/research/{NAME}/releases/1/").get_data(as_text=True)
    assert "when somebody deletes their answers to a pilot, its files go too" in page


def test_a_client_of_a_pilot_is_told_before_choosing_and_before_deleting(app):
    client = walk(Journey(app, "mood").begin())
    assert (client.screen, COPIES in client.text) == ("check", True)
    assert COPIES in Journey(app, "mood").open("withdraw").text
