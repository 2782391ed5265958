"""Two studies of the same people: rows of the second are not released beside those of the first."""

from dataclasses import replace

import pytest

from forms.load import load_study
from survey.errors import Refusal
from survey.releases import process
from survey.releases.build import ReleaseRequest
from survey.releases.distribution import recall
from survey.storage.stores import Stores
from tests.answering import freeze, real_answers
from tests.conftest import STUDIES

FIRST = load_study(STUDIES / "coarse")
AGAIN = replace(FIRST, name="again", address="elsewhere")
OTHER = replace(load_study(STUDIES / "scores"), address="elsewhere")
SEEDS = {"coarse": 1, "again": 2, "scores": 3}


@pytest.fixture
def stores(tmp_path):
    stores = Stores(tmp_path / "data")
    yield stores
    stores.close()


def released(stores, study, tmp_path, tier="C", count=60):
    real_answers(stores, study, count, seed=SEEDS[study.name])
    freeze(stores, study)
    return process.run(stores, study, ReleaseRequest(tier=tier, out=tmp_path / study.name))


def asking(study, population):
    return replace(study, policy=replace(study.policy, population=population))


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (AGAIN, "ask the same questions"),
        (replace(OTHER, address=FIRST.address), "have the same address"),
    ],
)
def test_rows_of_the_same_people_under_another_name_are_refused(stores, tmp_path, second, why):
    released(stores, FIRST, tmp_path)
    with pytest.raises(Refusal, match=f"Rows of coarse are out .*{why}"):
        released(stores, second, tmp_path)
    assert not (tmp_path / second.name).exists()


def test_a_population_that_both_name_is_one_whatever_they_ask(stores, tmp_path):
    released(stores, asking(FIRST, "Clients of one clinic"), tmp_path)
    with pytest.raises(Refusal, match="name the same population"):
        released(stores, asking(OTHER, "Clients of one clinic"), tmp_path)


def test_a_recalled_release_is_still_out(stores, tmp_path):
    done = released(stores, FIRST, tmp_path)
    recall(stores, FIRST.name, done.number, why="wrong", at="2026-01-02T03:04:05+00:00")
    with pytest.raises(Refusal, match="ask the same questions"):
        released(stores, AGAIN, tmp_path)


def test_the_same_questions_may_be_asked_of_a_population_of_its_own(stores, tmp_path):
    released(stores, FIRST, tmp_path)
    assert released(stores, asking(AGAIN, "Other people"), tmp_path).folder.is_dir()


def test_another_study_of_which_nothing_is_out_stands_in_nobodys_way(stores, tmp_path):
    real_answers(stores, FIRST, 60)
    assert released(stores, AGAIN, tmp_path).folder.is_dir()
    assert released(stores, OTHER, tmp_path).folder.is_dir()
