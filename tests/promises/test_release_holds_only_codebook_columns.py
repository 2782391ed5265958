from collections import Counter

import pytest

from forms.load import load_study
from forms.simulation import load_recipe
from survey.synthetic.simulate import simulate
from tests.conftest import FLAGSHIP
from tests.exports.releases import book_of, data_in, make_release, people_of

CORE = ("age_band", "gender", "region_raised", "region_same", "ethnicity")
VERSIONS = ("study_version", "consent_version", "lang")


@pytest.fixture(scope="module", params=[1, 2, 3], ids="seed {}".format)
def folders(request, tmp_path_factory):
    study = load_study(FLAGSHIP)
    recipe = load_recipe(study, FLAGSHIP)
    people = people_of(study, list(simulate(study, count=600, seed=request.param, recipe=recipe)))
    work = tmp_path_factory.mktemp("release")
    for tier in "BC":
        make_release(study, people, tier=tier, out=work / tier)
    return {tier: work / tier for tier in "BC"}


@pytest.mark.parametrize("tier", ["B", "C"])
def test_a_release_has_the_codebooks_columns_and_no_other(folders, tier):
    assert list(data_in(folders[tier])[0]) == list(book_of(folders[tier]))


@pytest.mark.parametrize(("tier", "k"), [("B", 12), ("C", 5)])
def test_every_class_of_what_an_outsider_may_know_has_k_rows(folders, tier, k):
    def category(cell: str) -> str:
        return "missing" if cell in map(str, range(-99, -89)) else cell

    classes = Counter(
        tuple(category(line[name]) for name in (*CORE, *VERSIONS))
        for line in data_in(folders[tier])
    )
    assert min(classes.values()) >= k


@pytest.mark.parametrize("tier", ["B", "C"])
def test_no_free_text_and_no_store_column_leaves_the_house(folders, tier):
    kept_in = {"ff_open", "final_open", "gender_text", "ethnicity_text", "key", "deletion", "batch"}
    assert kept_in.isdisjoint(data_in(folders[tier])[0])


def test_what_the_therapist_saw_is_not_in_the_open_file(folders):
    seen = ("ep_", "talk_", "tx_", "th_", "own_", "concern", "cult_match", "heard_from")
    assert not [name for name in data_in(folders["B"])[0] if name.startswith(seen)]
