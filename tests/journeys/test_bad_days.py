"""Disks fill up, files go, processes die: each has a clear page, and nothing is lost."""

import shutil
import zipfile

import pytest

from survey.storage import jobs
from tests.journeys.releasing import NAME, Room, freeze, ledger_of, real_answers, stores_of

WHO = {"name": "Dr Ada Example", "agreement": "DUA 7", "date": "2026-01-02"}


@pytest.fixture
def site(open_app, study):
    """A real study with 60 frozen answers."""
    app = open_app(NAME, demo=False)
    real_answers(app, study(NAME), 60)
    freeze(app, study(NAME))
    return app


@pytest.fixture
def ada(site, signed_in):
    """A researcher who has made a release of it."""
    return Room(signed_in(site, name="Ada")).seen().make(**WHO)


def shelf_of(app):
    return stores_of(app).folder / "releases" / NAME


def rewritten(file, change):
    """The same zip after ``change`` of its files (name → bytes)."""
    with zipfile.ZipFile(file) as packed:
        inside = {name: packed.read(name) for name in packed.namelist()}
    change(inside)
    file.chmod(0o600)
    with zipfile.ZipFile(file, "w") as packed:
        for name, content in inside.items():
            packed.writestr(name, content)


def another_table(inside):
    [name] = [n for n in inside if n.endswith("_data.csv")]
    inside[name] = inside[name].replace(b"1", b"2")


def one_file_more(inside):
    inside[f"{NAME}-C/raw.csv"] = b"key\n1\n"


def one_file_less(inside):
    inside.pop(f"{NAME}-C/README.md")


# Files of releases.


@pytest.mark.parametrize("change", [another_table, one_file_more, one_file_less])
def test_a_file_changed_below_its_list_of_sums_is_not_handed_out(site, ada, change):
    [file] = shelf_of(site).glob("*.zip")
    before = file.read_bytes()
    rewritten(file, change)
    ada.open("releases/1/zip")
    assert (ada.status, "is not what was released" in ada.text) == (410, True)
    ada.press("go", "restore")
    ada.wait()
    assert file.read_bytes() == before


PAGES = ("releases/", "releases/1/", "releases/1/zip", "charts/", "charts/1/", "figures/", "life/")


def test_a_releases_folder_deleted_by_hand_leaves_every_page_standing(site, ada):
    shutil.rmtree(stores_of(site).folder / "releases")
    for page in PAGES:
        assert ada.open(page).status in (200, 410)
    assert len(ledger_of(site)) == 1


def test_what_a_deleted_folder_keeps_from_being_made_is_named(site, ada):
    shutil.rmtree(stores_of(site).folder / "releases")
    assert "is missing. Later releases repeat it byte for byte" in ada.seen().text
    assert len(ledger_of(site)) == 1


# A file that cannot be written.


@pytest.fixture
def unwritable(site):
    """Makes the office's file one that takes nothing, or one that does again."""

    def switch(*, on):
        stores_of(site).office.conn.execute(f"PRAGMA query_only = {'ON' if on else 'OFF'}")

    return switch


def lost(app):
    """The number of a preview that was asked for and whose process is gone."""
    job = jobs.Job(study=NAME, kind="preview", tier="C", who="Ada", asked_at="2026-01-01T00:00:00")
    return jobs.begin(stores_of(app).office, job, now=0).number


def test_when_nothing_can_be_written_staff_are_told_in_their_own_words(site, ada, unwritable):
    ada.open("releases/")
    unwritable(on=True)
    token = ada.page.named("csrf_token")[0].value
    sent = {"csrf_token": token, "tier": "C"}
    answer = ada.browser.post(f"/research/{NAME}/releases/preview", data=sent)
    assert answer.status_code == 503
    assert "Nothing was changed, and nothing is lost." in answer.text


def test_pages_open_while_nothing_can_be_written(site, ada, unwritable):
    unwritable(on=True)
    for page in PAGES:
        if not page.endswith("zip"):
            assert ada.open(page).status == 200


def test_a_download_that_cannot_be_noted_is_not_handed_out(site, ada, unwritable):
    unwritable(on=True)
    answer = ada.browser.get(f"/research/{NAME}/releases/1/zip")
    assert (answer.status_code, answer.mimetype) == (503, "text/html")


def state(office, number):
    job = jobs.find(office, number)
    return job.state if job else "none"


def test_work_that_died_on_a_full_disk_is_told_and_noted_once_there_is_room(site, ada, unwritable):
    office = stores_of(site).office
    number = lost(site)
    unwritable(on=True)
    assert "It broke off" in ada.open(f"work/{number}").text
    unwritable(on=False)
    assert state(office, number) == "waiting"
    assert "It broke off" in ada.open(f"work/{number}").text
    assert state(office, number) == "broken"


def test_a_full_disk_is_not_answered_with_advice_on_answers(site, ada):
    office = stores_of(site).office
    number = lost(site)
    jobs.end(
        office, number, "refused", now=0, result={"reason": "The disk of this server is full."}
    )
    ada.open(f"work/{number}")
    assert ("is full" in ada.text, "What would help" in ada.text) == (True, False)
