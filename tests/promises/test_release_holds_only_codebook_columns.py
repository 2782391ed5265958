import csv
import io
import json
from collections import Counter
from pathlib import Path

import pytest

from exports.release import make_release
from forms.load import load_study
from forms.simulation import load_recipe
from survey.simulate import simulate

FLAGSHIP = Path(__file__).parents[2] / "studies" / "therapist-tears"
CORE = ("age_band", "gender", "region_raised", "region_same", "ethnicity")
VERSIONS = ("study_version", "consent_version", "lang")


@pytest.fixture(scope="module", params=[1, 2, 3], ids="seed {}".format)
def files(request):
    study = load_study(FLAGSHIP)
    people = simulate(study, count=600, seed=request.param, recipe=load_recipe(study, FLAGSHIP))
    rows = [
        {**p.values, "study_version": "1", "consent_version": "1", "lang": p.lang,
         "c_open": p.c_open, "completion": p.completion, "dur_band": p.dur_band}
        for p in people
    ]  # fmt: skip
    return {tier: make_release(study, rows, tier=tier).files for tier in "BC"}


def lines(files: dict[str, bytes]) -> list[dict[str, str]]:
    data = files["study-therapisttears_data.csv"].decode()
    return list(csv.DictReader(io.StringIO(data, newline="")))


@pytest.mark.parametrize("tier", ["B", "C"])
def test_a_release_has_the_codebooks_columns_and_no_other(files, tier):
    book = json.loads(files[tier]["codebook.json"])["variables"]
    assert list(lines(files[tier])[0]) == [entry["variable"] for entry in book]


@pytest.mark.parametrize(("tier", "k"), [("B", 12), ("C", 5)])
def test_every_class_of_what_an_outsider_may_know_has_k_rows(files, tier, k):
    def category(cell: str) -> str:
        return "missing" if cell in map(str, range(-99, -89)) else cell

    classes = Counter(
        tuple(category(line[name]) for name in (*CORE, *VERSIONS)) for line in lines(files[tier])
    )
    assert min(classes.values()) >= k


@pytest.mark.parametrize("tier", ["B", "C"])
def test_no_free_text_and_no_store_column_leaves_the_house(files, tier):
    kept_in = {"ff_open", "final_open", "gender_text", "ethnicity_text", "key", "deletion", "batch"}
    assert kept_in.isdisjoint(lines(files[tier])[0])


def test_what_the_therapist_saw_is_not_in_the_open_file(files):
    seen = ("ep_topic", "ep_flow", "ep_own_tears", "talk_")
    assert not [name for name in lines(files["B"])[0] if name.startswith(seen)]
