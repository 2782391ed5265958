"""A researcher sees what a release would hold, makes it, and lives through bad days."""

import hashlib
import io
import os
import re
import shutil
import signal
import zipfile

import pytest

from forms.load import load_study
from survey.app import close_app
from survey.releases import jobs as job_runner
from survey.storage import jobs, releases
from tests.answering import people_in_pilot
from tests.conftest import folder_of
from tests.journeys.releasing import (
    NAME,
    Room,
    audit_of,
    freeze,
    ledger_of,
    left_behind,
    pilot_answers,
    real_answers,
    stores_of,
    with_pages,
)

WHO = {"name": "Dr Ada Example", "agreement": "DUA 7", "date": "2026-01-02"}


@pytest.fixture
def served(open_app):
    def serve(**changes):
        return with_pages(open_app(NAME, **changes))

    return serve


@pytest.fixture
def site(served, study):
    """A pilot with 60 answers."""
    app = served()
    pilot_answers(app, study(NAME))
    return app


@pytest.fixture
def real(served, study):
    """A real study with 60 frozen answers."""
    app = served(demo=False)
    real_answers(app, study(NAME), 60)
    freeze(app, study(NAME))
    return app


@pytest.fixture
def ada(site, signed_in):
    return Room(signed_in(site, name="Ada"))


@pytest.fixture
def bea(real, signed_in):
    return Room(signed_in(real, name="Bea"))


def test_whoever_would_publish_rows_is_told_to_invite_people(open_app, signed_in):
    told = "also 11 that are like somebody’s"
    app = open_app("coarse", NAME)
    ada = signed_in(app)
    assert told in ada.get("/research/coarse/releases/").text
    assert told not in ada.get(f"/research/{NAME}/releases/").text


def test_a_rehearsal_shows_what_each_tier_would_keep(open_app, signed_in, tmp_path):
    folder = tmp_path / NAME
    shutil.copytree(folder_of(NAME), folder)
    (folder / "simulation.toml").write_text("[shares]\nc_open = 0.9\n")
    app = with_pages(open_app(NAME, studies=(folder,)))
    ada = Room(signed_in(app, name="Ada"))
    ada.rehearsed()
    study = load_study(folder)
    for size in ("300", "600", "1,080"):
        for tier in study.policy.tiers.values():
            if tier.kind.holds == "rows":
                assert f"{size} answers, tier {tier.name}: {tier.label}" in ada.text
    assert all(name in ada.text for name in study.policy.groups)
    assert (ledger_of(app), left_behind(app)) == ([], ["work/turn"])
    assert audit_of(app)[-1] == f"Ada: {NAME}: rehearsal with simulated answers, seen"


def test_a_rehearsal_of_a_study_without_a_recipe_says_what_is_missing(ada):
    ada.rehearsed()
    assert f"{NAME} has no simulation.toml" in ada.text


def test_a_release_is_seen_before_it_is_made(site, ada):
    ada.seen()
    assert (
        "60 rows, each among at least 60 that read alike (60 among the rows that lack nothing "
        "there); 5 are asked for"
    ) in ada.text
    assert ledger_of(site) == []


def test_a_preview_warns_of_groups_with_fewer_different_answers_than_the_policy_wants(
    tmp_path, open_app, signed_in
):
    folder = shutil.copytree(folder_of("coarse"), tmp_path / "shelf" / "coarse")
    with (folder / "release.toml").open("r+", encoding="utf-8") as file:
        policy = file.read()
        file.seek(0)
        file.write(f"distinct_warning = 6\n{policy}")
    app = with_pages(open_app(studies=(folder,)))
    pilot_answers(app, load_study(folder), count=60)
    room = Room(signed_in(app), "coarse").seen()
    assert re.search(r"answers differ little \(different values: reason [1-5]\)", room.text)


def test_a_made_release_stands_in_the_ledger_with_who_asked(site, ada):
    ada.seen().make()
    [made] = ledger_of(site)
    assert {made.sha256, made.policy} <= set(ada.text.split())
    assert "by Ada" in ada.text


def test_everything_that_was_done_is_in_the_audit(site, ada):
    ada.seen().make().browser.get(f"/research/{NAME}/releases/1/zip").close()
    assert [line.removeprefix(f"Ada: {NAME}: ") for line in audit_of(site)] == [
        "preview of tier C, seen",
        "asked for a release of tier C",
        "release 1 of the pilot, tier C, made",
        "release 1, tier C, downloaded",
    ]


def test_the_download_is_what_the_ledger_names_and_is_kept_nowhere(site, ada):
    answer = ada.seen().make().browser.get(f"/research/{NAME}/releases/1/zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        sums = packed.read(f"{NAME}-C/SHA256SUMS")
    answer.close()
    assert hashlib.sha256(sums).hexdigest() == ledger_of(site)[0].sha256
    assert answer.headers["Cache-Control"] == "no-store"


def test_nothing_but_the_release_stays_on_the_disk(site, ada):
    ada.seen().make()
    assert left_behind(site) == [f"releases/{NAME}/{NAME}-001-C-pilot.zip", "work/turn"]


def test_the_second_of_two_researchers_is_told_who_was_quicker(site, ada, signed_in):
    ada.look_at()
    second = Room(signed_in(site, name="Eve")).look_at()
    assert second.status == 409
    assert "Ada has asked for a preview of tier C" in second.text
    ada.wait()


def test_a_second_press_of_the_same_button_begins_nothing_new(ada):
    first = ada.look_at().here
    assert ada.look_at().here == first
    ada.wait()


def test_a_form_that_is_sent_again_later_makes_nothing_twice(site, ada):
    preview = ada.seen().here
    ada.make().open(preview).press("go", "make")
    assert ada.page.title == "Release 1 – Lacrima"
    assert len(ledger_of(site)) == 1


def test_work_ended_by_a_server_that_stops_is_not_called_cancelled(site, ada):
    ada.look_at()
    os.killpg(begun(site, ada).pid, signal.SIGTERM)
    assert "perhaps because the server was stopped" in ada.wait().text


def test_a_page_under_way_can_be_kept_still(ada):
    ada.look_at()
    assert ada.under_way
    assert not Room(ada.browser).open(f"{ada.here}?still=1").under_way
    ada.wait()


def test_cancelled_work_leaves_nothing(site, ada):
    ada.seen().press("go", "make")
    ada.press("go", "cancel").wait()
    assert "It was cancelled" in ada.text
    assert (ledger_of(site), left_behind(site)) == ([], ["work/turn"])


def begun(app, ada):
    """The job of the page that is open, once its process works."""
    number = int(ada.here.rpartition("/")[2])
    while (job := jobs.find(stores_of(app).office, number)) and job.state == "waiting":
        ada.open(ada.here)
    assert job is not None
    return job


def test_work_that_was_killed_is_told_and_can_be_started_again(site, ada):
    ada.seen().press("go", "make")
    os.killpg(begun(site, ada).pid, signal.SIGKILL)
    ada.wait()
    assert (ada.page.title, ledger_of(site)) == ("It broke off – Lacrima", [])
    ada.press("go", "again")
    ada.wait()
    assert [made.number for made in ledger_of(site)] == [1]


def test_work_that_was_killed_leaves_nothing(site, ada):
    ada.look_at()
    os.killpg(begun(site, ada).pid, signal.SIGKILL)
    ada.wait()
    assert left_behind(site) == ["work/turn"]


def test_work_outlives_the_server_that_began_it(site, ada, served, signed_in):
    here = ada.seen().press("go", "make").here
    close_app(site)
    later = served()
    found = Room(signed_in(later, name="Eve")).open(here).wait()
    assert "Release 1 – Lacrima" in found.page.title


def test_too_few_answers_are_refused_with_how_many_more_it_takes(served, study, signed_in):
    app = served()
    pilot_answers(app, study(NAME), count=4)
    room = Room(signed_in(app)).seen()
    assert "takes 20 rows or more; there are 4. Wait for 16 more." in room.text
    assert "What would help" in room.text


def test_a_file_deleted_by_hand_is_named_and_can_be_made_again(real, bea):
    bea.seen().make(**WHO)
    [file] = (stores_of(real).folder / "releases" / NAME).glob("*.zip")
    before = file.read_bytes()
    file.unlink()
    bea.open("releases/1/zip")
    assert (bea.status, file.name in bea.text) == (410, True)
    bea.press("go", "restore")
    bea.wait()
    assert file.read_bytes() == before


def test_a_file_changed_by_hand_is_not_handed_out(site, ada):
    ada.seen().make()
    [file] = (stores_of(site).folder / "releases" / NAME).glob("*.zip")
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:-30])
    assert "is not what was released" in ada.open("releases/1/zip").text


def test_what_came_out_differently_is_not_put_in_its_place(real, bea, study):
    bea.seen().make(**WHO)
    [file] = (stores_of(real).folder / "releases" / NAME).glob("*.zip")
    file.unlink()
    office = stores_of(real).office
    releases.recall(office, NAME, [1], at="2020-01-01T00:00:00+00:00", why="Wrong labels.")
    bea.open("releases/1/").press("go", "restore")
    assert "cannot be made again with equal bytes" in bea.wait().text
    assert not file.exists()


def test_a_restricted_file_is_made_only_for_somebody(real, bea):
    bea.seen().make(name="Dr Ada Example")
    assert "Say under which agreement." in bea.text
    assert ledger_of(real) == []
    bea.make(**WHO)
    assert "Dr Ada Example, under DUA 7, agreed 2026-01-02" in bea.text


def test_what_changed_since_the_preview_is_not_made(real, bea, study):
    bea.seen()
    real_answers(real, study(NAME), 60, seed=2)
    freeze(real, study(NAME))
    assert "Something has changed since the preview" in bea.make(**WHO).text
    assert ledger_of(real) == []


def test_after_a_change_the_way_on_is_a_new_preview(real, bea, study):
    bea.seen()
    real_answers(real, study(NAME), 60, seed=2)
    freeze(real, study(NAME))
    bea.make(**WHO)
    assert "Wait for more answers" not in bea.text
    bea.press("tier", "C")
    assert "120 rows" in bea.wait().text


def test_a_pilot_of_a_few_people_is_not_counted_out(served, study, signed_in):
    app = served(demo=False, pilots=frozenset({NAME}))
    people_in_pilot(stores_of(app), study(NAME), 34)
    room = Room(signed_in(app)).seen()
    assert "Wait for more answers: 50 or more, each time." in room.text
    assert (" 34 " in room.text, "coarser tier" in room.text) == (False, False)


def test_a_second_look_at_a_pilot_shows_nobody_who_came_in_between(served, study, signed_in):
    app = served(demo=False, pilots=frozenset({NAME}))
    people_in_pilot(stores_of(app), study(NAME), 60)
    room = Room(signed_in(app)).seen()
    people_in_pilot(stores_of(app), study(NAME), 1, after=60)
    assert "would show single people" in room.make().text
    assert "would show single people" in room.seen().text
    assert ledger_of(app) == []


def test_a_later_preview_says_what_the_earlier_release_and_it_reveal_together(real, bea, study):
    bea.seen().make(**WHO)
    real_answers(real, study(NAME), 60, seed=2)
    freeze(real, study(NAME))
    bea.seen()
    assert "60 rows stand in earlier releases and are repeated byte for byte." in bea.text
    assert "60 rows are new in this tier (segment 2)." in bea.text


def test_answers_that_are_not_frozen_are_not_released(served, study, signed_in):
    app = served(demo=False)
    real_answers(app, study(NAME), 60)
    room = Room(signed_in(app)).seen()
    assert "has no frozen answers" in room.text
    assert room.page.link(text="freeze them as a batch") == f"/research/{NAME}/life/"


def test_a_recall_says_what_it_means_and_stays(site, ada):
    ada.seen().make().open("releases/1/recall")
    assert "It cannot be undone." in ada.text
    ada.press(why="")
    assert "An erratum says what is wrong" in ada.text
    ada.press(why="Wrong labels.")
    assert "Wrong labels." in ada.text
    assert "Ada: kinds: recalled release 1" in audit_of(site)


def test_a_hand_over_is_noted_for_good(ada):
    ada.seen().make()
    ada.press("go", "note", **WHO | {"date": "yesterday"})
    assert (ada.status, "Write the day as year-month-day" in ada.text) == (400, True)
    ada.press("go", "note", **WHO)
    assert "Dr Ada Example, under DUA 7, agreed 2026-01-02." in ada.text


def test_nothing_is_begun_on_a_full_disk(site, ada, monkeypatch):
    monkeypatch.setattr(job_runner, "WORK_ROOM_BYTES", 2**63)
    ada.open("releases/")
    token = ada.page.named("csrf_token")[0].value
    form = {"csrf_token": token, "tier": "C"}
    answer = ada.browser.post(f"/research/{NAME}/releases/preview", data=form)
    assert (answer.status_code, b"disk of this server is full" in answer.data) == (503, True)
    assert left_behind(site) == []


def test_a_release_cannot_be_made_without_having_been_seen(site, ada):
    ada.look_at()
    token = ada.page.named("csrf_token")[0].value
    number = ada.here.rpartition("/")[2]
    address = f"/research/{NAME}/releases/make/{number}"
    assert ada.browser.post(address, data={"csrf_token": token}).status_code == 400
    ada.wait()
