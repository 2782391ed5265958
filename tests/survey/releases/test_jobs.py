import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest

from forms.deposit import Deposit
from forms.kinds import columns_of_study
from forms.load import load_study
from forms.site_facts import SiteFacts
from survey.app import close_app, create_app
from survey.config import Config
from survey.crypto import make_key
from survey.errors import Refusal
from survey.releases import process
from survey.releases import worker as job_worker
from survey.releases.build import ReleaseRequest
from survey.releases.jobs import JobRunner, folder_of, is_alive
from survey.releases.preview import NotMade, basis, preview
from survey.storage import accounts, jobs, members, releases, studies
from survey.storage.answer_tables import answer_table
from survey.storage.jobs import Busy, Job, Kind
from survey.storage.stores import Stores
from survey.studies.version import read_version
from tests.answering import freeze, real_answers, simulate_into
from tests.conftest import FLAGSHIP
from tests.conftest import folder_of as folder_of_study
from tests.signing import approve_and_confirm
from tests.survey.releases.test_release import frozen

AT = "2031-01-01T10:00:00+00:00"
NAME = "kinds"


@pytest.fixture(scope="module")
def study():
    return load_study(FLAGSHIP)


@pytest.fixture(scope="module")
def small():
    return load_study(folder_of_study(NAME))


@pytest.fixture
def stores(tmp_path):
    stores = Stores(tmp_path / "data")
    yield stores
    stores.close()


@pytest.fixture
def config(tmp_path):
    data = tmp_path / "data"
    return Config(
        data=data, studies=(folder_of_study(NAME),), site=data / "site.toml", key=data / "key",
        pilots=frozenset({NAME}),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def signals():
    """A job decides what a signal does to its process, which here is that of the tests."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def begun(stores, small):
    """A release of tier C that somebody asked for, of 60 pilot answers; nobody works on it."""
    simulate_into(stores.pilot, small, folder_of_study(NAME), count=60, seed=1)
    wanted = Job(study=NAME, kind="release", tier="C", pilot=True, who="Ada", asked_at=AT)
    job = jobs.begin(stores.office, wanted, now=0)
    folder_of(stores.folder, job.number).mkdir(parents=True)
    return job


@pytest.fixture
def work(config, stores, begun):
    """Does it in this very process; gives how it ended."""

    def run() -> Job:
        job_worker.JobWorker(config, stores, begun).work()
        found = jobs.find(stores.office, begun.number)
        assert found is not None
        return found

    return run


def files(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*") if p.is_file())


def test_a_preview_is_the_release_itself(stores, study, tmp_path):
    frozen(stores, study, 600)
    order = ReleaseRequest(tier="B", out=tmp_path / "out")
    seen = preview(stores, study, order)
    done = process.run(stores, study, order)
    assert seen["sums"] == releases.all_releases(stores.office, study.name)[0].sha256
    assert seen["rows"] == done.report["rows"]


def test_a_preview_enters_and_keeps_nothing(stores, study, tmp_path):
    frozen(stores, study, 330)
    preview(stores, study, ReleaseRequest(tier="C", out=tmp_path / "out"))
    assert files(stores.folder / "releases") == []
    assert (releases.parts(stores.office, study.name), (tmp_path / "out").exists()) == ([], False)


def test_a_preview_says_among_how_many_people_all_releases_together_leave_anybody(
    stores, study, tmp_path
):
    frozen(stores, study, 600)
    process.run(stores, study, ReleaseRequest(tier="C", out=tmp_path / "out"))
    [_, crowd] = preview(stores, study, ReleaseRequest(tier="B", out=tmp_path / "b"))["against"]
    assert crowd.startswith("Somebody who holds this and all 1 other files of segment 1 finds")


def test_the_same_release_again_is_told_as_the_same(stores, study, tmp_path):
    frozen(stores, study, 330)
    order = ReleaseRequest(tier="C", out=tmp_path / "out")
    process.run(stores, study, order)
    assert preview(stores, study, order)["against"][0].startswith("It is byte for byte release 1:")


def test_a_refused_tier_names_a_coarser_one_that_would_be_made(stores, study, tmp_path):
    real_answers(stores, study, 120)
    name, _ = answer_table(study.name, columns_of_study(study))
    stores.responses.conn.execute(f'UPDATE "{name}" SET c_open = 0')
    freeze(stores, study)
    with pytest.raises(NotMade, match="Tier B takes 20 rows or more") as refused:
        preview(stores, study, ReleaseRequest(tier="B", out=tmp_path / "out"))
    assert refused.value.helps == (
        "Tier A (Tables and charts) shows less, and would be made of the same answers now.",
    )


def test_answers_frozen_since_change_what_a_release_is_made_from(stores, study, tmp_path):
    order = ReleaseRequest(tier="C", out=tmp_path / "out")
    frozen(stores, study, 60)
    before = basis(stores, study, order)
    assert before == basis(stores, study, order)
    frozen(stores, study, 60, seed=2)
    assert before != basis(stores, study, order)


def test_a_job_ends_with_its_release_in_the_ledger(stores, work):
    job = work()
    assert (job.state, job.release) == ("done", 1)
    assert jobs.makers(stores.office, NAME) == {1: "Ada"}


# What changes while it is worked out.


@pytest.fixture
def real(config, stores, small, monkeypatch):
    """``real(act)``: a release of frozen answers as its preview showed it.

    ``act`` happens right after it was first looked whether anything has changed.
    """
    in_use = replace(config, pilots=frozenset())
    approve_and_confirm(stores, read_version(folder_of_study(NAME), SiteFacts(), pilot=False))
    real_answers(stores, small, 60)
    freeze(stores, small)

    def ended(kind: Kind, preview: int = 0) -> Job:
        wanted = Job(
            study=NAME, kind=kind, tier="C", who="Ada", asked_at=AT, preview=preview,
            recipient={"name": "Dr Ada", "agreement": "DUA 7", "date": "2026-01-02"},
        )  # fmt: skip
        job = jobs.begin(stores.office, wanted, now=0)
        folder_of(stores.folder, job.number).mkdir(parents=True)
        job_worker.JobWorker(in_use, stores, job).work()
        found = jobs.find(stores.office, job.number)
        assert found is not None
        return found

    def run(act) -> Job:
        seen = ended("preview")

        def and_then(*what):
            found = basis(*what)
            act()
            return found

        monkeypatch.setattr(job_worker, "basis", and_then)
        return ended("release", seen.number)

    return run


def test_a_release_of_what_was_seen_is_made(real):
    assert real(lambda: None).state == "done"


def test_a_batch_frozen_at_the_last_moment_is_not_in_a_release_that_nobody_saw(real, stores, small):
    def one_more_batch():
        real_answers(stores, small, 60, seed=2)
        freeze(stores, small)

    job = real(one_more_batch)
    assert (job.state, job.result["advice"]) == ("refused", "preview")
    assert releases.all_releases(stores.office, NAME) == []


def test_nothing_is_entered_for_an_account_that_was_switched_off_meanwhile(real, stores):
    accounts.add(stores.office, name="Ada", role="researcher", at=AT)
    job = real(lambda: accounts.disable(stores.office, "Ada"))
    assert job.result["reason"].startswith("The account Ada was switched off meanwhile")
    assert releases.all_releases(stores.office, NAME) == []


def test_nothing_is_entered_for_an_account_that_lost_its_study_meanwhile(real, stores):
    accounts.add(stores.office, name="Ada", role="researcher", at=AT)
    members.assign(stores.office, "Ada", [NAME])
    job = real(lambda: members.assign(stores.office, "Ada", []))
    assert "lost its right to this study" in job.result["reason"]
    assert releases.all_releases(stores.office, NAME) == []


def test_a_batch_asked_for_of_a_study_that_was_closed_meanwhile_is_not_frozen(
    config, stores, small
):
    real_answers(stores, small, 60)
    studies.set_status(stores.office, NAME, "closed", AT)
    wanted = Job(study=NAME, kind="batch", who="Ada", asked_at=AT)
    worker = job_worker.JobWorker(
        replace(config, pilots=frozenset()), stores, jobs.begin(stores.office, wanted, now=0)
    )
    with pytest.raises(Refusal, match="no longer where it was"):
        job_worker.KINDS["batch"](worker)


def test_a_job_of_an_account_that_was_switched_off_is_not_begun(stores, work):
    accounts.add(stores.office, name="Ada", role="researcher", at=AT)
    accounts.disable(stores.office, "Ada")
    assert work().result["reason"].startswith("The account Ada was switched off meanwhile")


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("step", ["process.bundle", "archive.shutil.move"])
def test_a_disk_that_fills_up_is_told_and_nothing_is_entered(stores, work, monkeypatch, step):
    monkeypatch.setattr(f"survey.releases.{step}", full)
    job = work()
    assert job.state == "refused"
    assert job.result["reason"].startswith("The disk of this server is full.")
    assert releases.all_releases(stores.office, NAME) == []
    assert files(stores.folder / "releases") == []


def test_an_unforeseen_error_is_told_without_its_words(work, monkeypatch):
    def fail(*_: object) -> None:
        raise ValueError("my own words")

    monkeypatch.setattr("survey.releases.process.bundle", fail)
    job = work()
    assert (job.state, "my own words" in json.dumps(job.result)) == ("broken", False)
    assert "ValueError at test_jobs.py" in job.result["reason"]


def test_what_was_cancelled_before_it_began_is_not_begun(stores, begun, work):
    jobs.move(stores.office, begun.number, "stopping", before=("waiting",), now=1)
    assert work().state == "cancelled"
    assert releases.all_releases(stores.office, NAME) == []


def test_what_was_entered_is_told_as_done_even_if_the_process_could_not(
    config, stores, begun, small, tmp_path
):
    order = ReleaseRequest(tier="C", out=tmp_path / "out", pilot=True, made_at=begun.asked_at)
    process.run(stores, small, order)
    job = JobRunner(config, stores, lambda: 1.0).current(begun)
    assert (job.state, job.release) == ("done", 1)


def test_files_of_a_release_that_was_not_entered_are_removed(config, stores, begun):
    parts = stores.folder / "releases" / NAME / "parts"
    parts.mkdir(parents=True)
    for stray, seconds in (("005-C.1_data.csv", 2_000_000_000), ("001-C.1_data.csv", 1)):
        (parts / stray).touch()
        os.utime(parts / stray, (seconds, seconds))
    assert JobRunner(config, stores, lambda: 1.0).current(begun).state == "broken"
    assert files(parts) == ["001-C.1_data.csv"]


# When the server starts.


def test_work_that_a_dead_server_left_is_told_and_its_folder_removed(config, stores, begun):
    (folder_of(stores.folder, begun.number) / "rows.csv").touch()
    JobRunner(config, stores, lambda: 1.0).clean_up()
    assert jobs.under_way(stores.office) == []
    assert list((stores.folder / "work").iterdir()) == []


def test_folders_of_work_that_has_ended_are_removed(config, stores, begun):
    jobs.end(stores.office, begun.number, "refused", now=1, result={})
    JobRunner(config, stores, lambda: 1.0).clean_up()
    assert list((stores.folder / "work").iterdir()) == []


def test_work_under_way_goes_on(config, stores, begun):
    with (folder_of(stores.folder, begun.number) / "alive").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        JobRunner(config, stores, lambda: 1.0).clean_up()
        assert [job.number for job in jobs.under_way(stores.office)] == [begun.number]
        assert folder_of(stores.folder, begun.number).is_dir()


def test_a_server_sweeps_when_it_starts(config, stores, begun):
    make_key(config.key)
    close_app(create_app(config))
    assert jobs.under_way(stores.office) == []


def test_a_folder_without_a_living_process_is_known(tmp_path):
    (tmp_path / "alive").touch()
    assert (is_alive(tmp_path), is_alive(tmp_path / "gone")) == (False, False)


def test_one_study_has_one_job_at_a_time(stores, begun):
    other = Job(study=NAME, kind="preview", tier="C", who="Eve", asked_at=AT)
    with pytest.raises(Busy, match="Ada asked for a release of kinds that is under way"):
        jobs.begin(stores.office, other, now=1)


def test_how_a_job_ended_is_never_changed(stores, begun):
    assert jobs.end(stores.office, begun.number, "refused", now=1, result={})
    assert not jobs.end(stores.office, begun.number, "done", now=2, result={})


def test_the_process_has_no_web_in_it():
    code = "import survey.releases.worker, sys; sys.exit('flask' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


TOLD = '[site.deposit]\nyear = 2028\npublisher = "An archive"\n'


def test_a_release_says_what_archives_are_told_on_the_day_it_is_made(config, work, stores):
    config.site.write_text(TOLD, "utf-8")
    assert work().state == "done"
    (made,) = (stores.folder / "releases").rglob("*.zip")
    with ZipFile(made) as files:
        (name,) = (n for n in files.namelist() if n.endswith("datacite.json"))
        said = json.loads(files.read(name))
    assert (said["publisher"], said["publicationYear"]) == ({"name": "An archive"}, "2028")


def test_a_slip_in_what_archives_are_told_ends_a_release_and_is_named(config, work):
    config.site.write_text("[site.deposit]\nyear = 7\n", "utf-8")
    job = work()
    assert job.state != "done"
    assert "site.toml, site, deposit, year: 7 is out of range" in job.result["reason"]


def test_what_archives_are_told_belongs_to_what_was_seen(stores, small, tmp_path):
    real_answers(stores, small, 60, seed=1)
    freeze(stores, small)
    order = ReleaseRequest(tier="C", out=tmp_path / "out")
    seen = basis(stores, small, order)
    assert seen == basis(stores, small, replace(order, deposit=Deposit(grant=None)))
    assert seen != basis(stores, small, replace(order, deposit=Deposit(year=2028)))
    assert seen != basis(stores, small, replace(order, deposit=Deposit(grant=())))
