"""Nothing that a researcher is told of a pilot with real people shows a single one of them."""

import json
import signal
from dataclasses import replace

import pytest

from exports.errors import ExportRefused
from forms.load import load_study
from survey.config import Config
from survey.releases import floors, process, worker
from survey.releases.build import ReleaseRequest
from survey.releases.jobs import folder_of
from survey.releases.pilots import far_enough_apart
from survey.storage import jobs, releases
from survey.storage.batches import ask_deletion, carry_out_deletions
from survey.storage.counters import DisclosedPilot
from survey.storage.jobs import Job
from survey.storage.stores import Stores
from tests.answering import people_in_pilot, simulate_into
from tests.conftest import folder_of as folder_of_study

AT = "2031-01-01T10:00:00+00:00"
NAME = "kinds"
FEW = "Fewer than 50 answers have come since something was last shown of this pilot"


@pytest.fixture(scope="module")
def study():
    return load_study(folder_of_study(NAME))


@pytest.fixture
def stores(tmp_path):
    stores = Stores(tmp_path / "data")
    yield stores
    stores.close()


@pytest.fixture
def pilot(stores, study):
    """``pilot(10)``: so many more people answer the pilot; gives their deletion values."""
    before = 0

    def answer(count):
        nonlocal before
        found = people_in_pilot(stores, study, count, after=before)
        before += count
        return found

    return answer


@pytest.fixture
def asked(tmp_path, stores):
    """``asked("preview", "C")``: a job of the researcher's room, done; gives how it ended."""
    before, data = signal.getsignal(signal.SIGTERM), tmp_path / "data"
    config = Config(
        data=data, studies=(folder_of_study(NAME),), site=data / "site.toml", key=data / "key",
        pilots=frozenset({NAME}),
    )  # fmt: skip

    def run(kind, tier="C", *, who="Ada", **more):
        wanted = Job(study=NAME, kind=kind, tier=tier, pilot=True, who=who, asked_at=AT, **more)
        job = jobs.begin(stores.office, wanted, now=0)
        folder_of(stores.folder, job.number).mkdir(parents=True)
        worker.JobWorker(config, stores, job).work()
        found = jobs.find(stores.office, job.number)
        assert found is not None
        return found

    yield run
    signal.signal(signal.SIGTERM, before)


def simulated(stores, study, count):
    simulate_into(stores.pilot, study, folder_of_study(NAME), count=count, seed=1)


# The first look.


def test_a_pilot_of_few_people_is_refused_without_a_number(pilot, asked):
    pilot(4)
    job = asked("preview")
    assert job.state == "refused"
    assert job.result["reason"].startswith("This pilot has fewer than 50 answers of people")
    assert "4" not in json.dumps(dict(job.result))


def test_a_pilot_of_nobody_is_refused_in_the_same_words(pilot, asked):
    nobody = asked("preview").result
    pilot(49)
    assert asked("preview").result == nobody


def test_from_fifty_on_it_is_told(pilot, asked):
    pilot(50)
    assert asked("preview").result["rows"] == 50


def test_synthetic_clients_are_no_crowd_to_hide_in(stores, study, pilot, asked):
    simulated(stores, study, 60)
    assert asked("preview").state == "done"
    pilot(1)
    assert asked("preview").result["reason"].startswith("This pilot has fewer than 50 answers")


def test_synthetic_clients_alone_are_told_as_they_are(stores, study, asked):
    simulated(stores, study, 4)
    assert "there are 4" in asked("preview").result["reason"]


def test_in_the_demo_everything_is_told(pilot, asked):
    pilot(21)
    assert asked("preview", who="demo-researcher").result["rows"] == 21


# The next one.


@pytest.mark.parametrize("more", [1, 49])
def test_a_few_answers_more_are_not_told(pilot, asked, more):
    pilot(60)
    asked("preview")
    pilot(more)
    job = asked("preview")
    assert job.result["reason"].startswith(FEW)
    assert not {str(more), str(60 + more), "60"} & {*json.dumps(dict(job.result)).split()}


def test_fifty_more_are(pilot, asked):
    pilot(60)
    asked("preview")
    pilot(50)
    assert asked("preview").result["rows"] == 110


def test_the_same_answers_are_told_again(pilot, asked):
    pilot(60)
    assert [asked("preview").state for _ in range(2)] == ["done"] * 2


def test_another_tier_is_another_look_at_the_same_people(pilot, asked):
    pilot(60)
    asked("preview", "C")
    pilot(1)
    assert asked("preview", "A").result["reason"].startswith(FEW)


def test_one_deleted_and_one_more_are_other_answers(stores, pilot, asked):
    [first, *_] = pilot(60)
    asked("preview")
    ask_deletion(stores.pilot, [first])
    carry_out_deletions(stores.pilot)
    assert asked("preview").result["reason"].startswith(FEW)
    pilot(1)
    assert asked("preview").result["reason"].startswith(FEW)


def test_a_refusal_with_figures_was_a_look_too(pilot, asked, monkeypatch):
    def refuse(*_):
        raise ExportRefused("It takes 70 rows; there are 60.")

    pilot(60)
    with monkeypatch.context() as once:
        once.setattr(process, "write", refuse)
        assert "there are 60" in asked("preview").result["reason"]
    pilot(1)
    assert asked("preview").result["reason"].startswith(FEW)


def test_a_release_holds_nobody_who_came_after_its_preview(stores, pilot, asked):
    pilot(60)
    seen = asked("preview")
    pilot(1)
    assert asked("release", preview=seen.number).result["reason"].startswith(FEW)
    assert releases.all_releases(stores.office, NAME) == []


def test_a_release_of_what_was_seen_is_made(stores, pilot, asked):
    pilot(60)
    seen = asked("preview")
    assert asked("release", preview=seen.number).state == "done"
    pilot(1)
    assert asked("preview").result["reason"].startswith(FEW)


def test_a_file_is_not_made_again_from_the_answers_of_one_more(pilot, asked):
    pilot(60)
    asked("release", preview=asked("preview").number)
    pilot(1)
    assert asked("restore", release=1).result["reason"].startswith(FEW)


def test_a_release_by_command_is_a_look_too(stores, study, pilot, asked, tmp_path):
    pilot(60)
    process.run(stores, study, ReleaseRequest(tier="C", out=tmp_path / "out", pilot=True))
    pilot(1)
    assert asked("preview").result["reason"].startswith(FEW)


# While it is worked out.


@pytest.fixture
def one_more_meanwhile(pilot, monkeypatch):
    """From now on somebody answers while something is worked out."""

    def begin():
        write = process.write

        def slow(attempt, *where):
            pilot(1)
            return write(attempt, *where)

        monkeypatch.setattr(process, "write", slow)

    return begin


def test_who_answers_while_a_preview_is_repeated_is_not_told(pilot, asked, one_more_meanwhile):
    pilot(60)
    asked("preview")
    one_more_meanwhile()
    assert asked("preview").result["reason"].startswith(FEW)


def test_who_answers_during_a_release_is_in_none(stores, pilot, asked, one_more_meanwhile):
    pilot(60)
    seen = asked("preview")
    one_more_meanwhile()
    assert asked("release", preview=seen.number).result["reason"].startswith(FEW)
    assert releases.all_releases(stores.office, NAME) == []


def test_where_it_is_not_sure_who_was_told_neither_is_told_again(pilot, asked, one_more_meanwhile):
    pilot(60)
    one_more_meanwhile()
    assert asked("preview").state == "done"
    assert asked("preview").result["reason"].startswith(FEW)


# The rule.


@pytest.mark.parametrize(
    ("people", "fits"),
    [(0, False), (49, False), (50, True), (99, False), (149, False), (150, True)],
)
def test_what_is_told_lies_fifty_people_from_everything_told(people, fits):
    assert far_enough_apart(DisclosedPilot("new", people), [DisclosedPilot("old", 100)], 50) == fits


def test_a_study_cannot_ask_for_less(study):
    small = replace(study, policy=replace(study.policy, min_new_rows=1))
    assert floors.least_apart(small) == 50
