import pytest

from forms.simulation import Recipe, RecipeFault, check_recipe, load_recipe, recipe_of
from tests.exports.tiny import STUDY


def test_a_study_without_a_recipe_gets_the_plain_one(tmp_path):
    assert load_recipe(STUDY, tmp_path) == Recipe()


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("[share]\ncareless = 0.1", "unknown table share"),
        ("[shares]\nlazy = 0.1", "lazy"),
        ("careless = ", "simulation.toml: "),
        ('[[latent]]\nname = "v"\nspred = 2', "unknown key spred"),
        ('[[latent]]\nname = "v"\nfrom = { v = 1 }', "v is built from v, which is not above it"),
        ('[[choice]]\nvariables = ["age"]\nweights = { 1 = 0 }', "of age are negative or all zero"),
        ('[[choice]]\nvariables = ["age"]', "weights"),
    ],
)
def test_a_recipe_that_cannot_be_read_is_refused_in_a_sentence(tmp_path, toml, sentence):
    (tmp_path / "simulation.toml").write_text(toml)
    with pytest.raises(RecipeFault, match=sentence):
        load_recipe(STUDY, tmp_path)


def test_everything_that_does_not_fit_the_study_is_named_at_once():
    recipe = recipe_of(
        {
            "choice": [{"variables": ["age", "height"], "weights": {"1": 1, "9": 1}}],
            "item": [{"variables": ["calm"], "latent": "v", "mean": 3, "loading": 1, "noise": 1}],
            "texts": {"met": ["a"]},
        }
    )
    with pytest.raises(RecipeFault) as fault:
        check_recipe(STUDY, recipe)
    assert str(fault.value) == (
        "simulation.toml: age cannot hold [9]; height is no column of tiny-study; "
        "met is no text of tiny-study; no latent is called v."
    )
