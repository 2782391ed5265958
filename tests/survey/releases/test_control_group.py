"""People who are in no file, on whom the attacks of a report are tried as well."""

import json

import pytest

from exports.report import ORDINARY
from exports.segment_attacks import NOT_DRAWN, SIMULATED
from exports.segment_file import source_of
from exports.verify.matching import people_tried
from forms.load import load_study
from survey.releases import process
from survey.releases.build import ReleaseRequest
from survey.releases.control_group import simulated_people
from survey.storage import releases
from survey.storage.stores import Stores
from tests.answering import freeze, real_answers
from tests.conftest import FLAGSHIP, STUDIES
from tests.exports.releases import simulated

STUDY = load_study(STUDIES / "coarse")


@pytest.fixture
def stores(tmp_path):
    stores = Stores(tmp_path / "data")
    real_answers(stores, STUDY, 400)
    freeze(stores, STUDY)
    yield stores
    stores.close()


def attacks_on(stores, tier, out):
    request = ReleaseRequest(tier=tier, out=out, study_folder=STUDIES / "coarse")
    return process.run(stores, STUDY, request).report["attacks"]


def controls(attacks):
    return {one["control"]["tries"] for one in attacks["tests"] if one["test"] == "singling out"}


def test_the_restricted_file_is_held_against_people_of_the_simulation(stores, tmp_path):
    found = attacks_on(stores, "C", tmp_path / "out")
    assert found["control_group"] == SIMULATED
    assert controls(found) == {people_tried(400)}


def test_the_open_file_is_held_against_those_whom_the_lot_left_out(stores, tmp_path):
    found = attacks_on(stores, "B", tmp_path / "out")
    report = json.loads((tmp_path / "out/documentation/report.json").read_bytes())
    [left_out] = [n for why, n in report["rows_left_out"].items() if "80 % sample" in why]
    assert found["control_group"] == NOT_DRAWN
    assert controls(found) == {left_out}


def test_a_later_release_adds_up_what_was_reached_when_each_batch_was_made(stores, tmp_path):
    first = attacks_on(stores, "C", tmp_path / "one")
    real_answers(stores, STUDY, 100, first=400)
    freeze(stores, STUDY)
    second = attacks_on(stores, "C", tmp_path / "two")
    tries = [sum(one["tries"] for one in found["tests"]) for found in (first, second)]
    assert tries[0] < tries[1]
    assert controls(second) == {people_tried(400) + people_tried(100)}


def test_a_part_of_an_earlier_program_was_not_attacked_and_goes_out_as_it_is(stores, tmp_path):
    attacks_on(stores, "C", tmp_path / "one")
    office = stores.office.conn
    sql = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'parts'"
    for (trigger,) in office.execute(sql).fetchall():  # the ledger is written once
        office.execute(f"DROP TRIGGER {trigger}")
    [(about,)] = office.execute("SELECT about FROM parts").fetchall()
    old = json.dumps({k: v for k, v in json.loads(about).items() if k != "attacks"})
    office.execute("UPDATE parts SET about = ?", [old])
    assert "tests" not in attacks_on(stores, "C", tmp_path / "two")
    assert len(releases.all_releases(stores.office, STUDY.name)) == 2


def test_they_are_the_same_each_time_and_of_the_versions_of_the_file(tmp_path):
    study = load_study(FLAGSHIP)
    rows = source_of(study, simulated(study, 50), ORDINARY).stored
    one, other = (simulated_people(study, FLAGSHIP, ORDINARY, like=rows) for _ in range(2))
    assert one is not None
    assert other is not None
    assert one.equals(other)
    assert one["study_version"].unique().to_list() == rows["study_version"].unique().to_list()
    assert not set(one.rows()) & set(rows.rows())


def test_without_a_recipe_that_can_be_used_there_is_no_control_group(tmp_path):
    study = load_study(FLAGSHIP)
    (tmp_path / "simulation.toml").write_text("[shares]\nnobody = 1\n", "utf-8")
    rows = source_of(study, simulated(study, 50), ORDINARY).stored
    assert simulated_people(study, tmp_path, ORDINARY, like=rows) is None
