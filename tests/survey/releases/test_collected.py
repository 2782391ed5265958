"""The totals of the collection in a release: none can be held against its exact rows."""

from dataclasses import replace

import pytest

from exports.documents.cherries import BESIDE_ROWS
from survey.releases.archive import Archive
from survey.releases.build import ReleaseRequest
from survey.releases.disclosure_control import APART, totals_for_release
from survey.releases.process import rebuild_zip, run
from survey.storage import releases
from survey.storage.releases import enter
from tests.answering import freeze, real_answers
from tests.counting import Collection

AT = "2026-01-02T03:04:05+00:00"
RELEASE = releases.Release("scores", "C", "0" * 64, AT, 100, "p", ())


@pytest.fixture
def room(stores, study):
    return Room(stores, study("scores"))


class Room(Collection):
    def totals(self, answers):
        return totals_for_release(self.stores, self.study, answers, pilot=False)

    def releases(self, answers):
        told = self.totals(answers)
        enter(self.stores.office, RELEASE, tallies=told)
        return told


def test_what_sent_answers_did_later_is_never_told(room):
    room.add(landing=300, consented=200, completed=120, stopped_sent=30, withdrawn=20)
    assert room.totals(130).keys() == {*APART, "consented", "sent", "stopped_deleted"}


def test_nobody_is_told_before_the_first_step(room):
    assert room.add(landing=19, completed=200).totals(200) == {}


def test_a_withdrawal_moves_no_total_but_that_of_the_rows(room):
    room.add(landing=300, consented=200, completed=123, stopped_sent=30)
    before = room.totals(153)
    room.add(withdrawn=1)
    assert room.totals(152) == before


@pytest.mark.parametrize(("events", "told"), [(9, 0), (10, 10), (14, 10), (15, 15)])
def test_no_total_under_ten_is_told(room, events, told):
    assert room.add(landing=300, completed=120, declined=events).totals(120)["declined"] == told


@pytest.mark.parametrize(("agreed", "told"), [(139, 0), (140, 140)])
def test_ten_of_those_who_agreed_sent_nothing_or_they_are_not_told(room, agreed, told):
    assert room.add(landing=300, completed=130, consented=agreed).totals(130)["consented"] == told


@pytest.mark.parametrize(("deleted", "told"), [(20, 0), (19, 15)])
def test_ten_are_left_of_whom_not_even_deleting_is_known(room, deleted, told):
    room.add(landing=300, completed=130, consented=160, stopped_deleted=deleted)
    assert room.totals(130)["stopped_deleted"] == told


def test_a_later_release_does_not_tell_the_few_who_sent_nothing_since(room):
    room.add(landing=300, completed=130, consented=200).releases(130)
    room.add(landing=60, completed=60, consented=64)
    assert room.totals(190)["consented"] == 0


def test_another_tier_of_the_same_answers_tells_the_same(room):
    first = room.add(landing=300, completed=130, consented=200).releases(130)
    assert room.totals(130) == first


def test_answers_that_were_simulated_are_held_against_nobody(room):
    assert room.add(landing=300, completed=130, consented=200).totals(None).keys() == {*APART}


@pytest.mark.parametrize("deleted", range(10, 50))
def test_whoever_knows_the_rows_finds_ten_at_least_of_whom_nothing_is_known(room, deleted):
    room.add(landing=900, completed=100, consented=163, stopped_deleted=deleted)
    told = room.totals(113)
    most = told["stopped_deleted"] + 4 if told["stopped_deleted"] else 0
    assert told["consented"] - 113 - most >= 10


# In a release.


@pytest.fixture
def frozen(room):
    real_answers(room.stores, room.study, 120)
    freeze(room.stores, room.study)
    return room.add(landing=400, info=300, consented=200, completed=120)


def cherries(folder):
    return (folder / "documentation/cherries.md").read_text()


def test_a_release_tells_its_totals_and_how_they_move(frozen, tmp_path):
    run(frozen.stores, frozen.study, ReleaseRequest(tier="C", out=tmp_path / "out", made_at=AT))
    said = cherries(tmp_path / "out")
    assert "| Completion rate | About 60% (sent 120 of consented 200)." in said
    assert BESIDE_ROWS in said


def test_a_release_is_made_again_with_the_totals_of_its_day(frozen, tmp_path):
    stores, study = frozen.stores, frozen.study
    run(stores, study, ReleaseRequest(tier="C", out=tmp_path / "out", made_at=AT))
    file = Archive(stores.folder, study.name).zip_of(1, "C", pilot=False)
    content = file.read_bytes()
    file.unlink()
    frozen.add(landing=400, completed=120, consented=200).totals(120)  # the figures move on
    [made] = releases.all_releases(stores.office, study.name)
    rebuild_zip(stores, study, made, ReleaseRequest(tier="C", out=tmp_path / "again"))
    assert file.read_bytes() == content


def test_a_release_from_before_there_were_totals_is_made_again(frozen, tmp_path, monkeypatch):
    stores, study = frozen.stores, frozen.study
    monkeypatch.setattr("survey.releases.process.totals_for_release", lambda *_, **__: {})
    run(stores, study, ReleaseRequest(tier="C", out=tmp_path / "out", made_at=AT))
    monkeypatch.undo()
    assert releases.collected(stores.office, study.name) == {}
    [made] = releases.all_releases(stores.office, study.name)
    assert rebuild_zip(
        stores, study, made, ReleaseRequest(tier="C", out=tmp_path / "again")
    ).exists()


def test_a_pilots_totals_are_kept_with_its_release(stores, room):
    pilot = replace(RELEASE, pilot=True)
    enter(stores.office, pilot, tallies={"landing": 20})
    assert releases.collected(stores.office, "scores") == {1: {"landing": 20}}
