import random
from collections import Counter

import pytest

from forms.kinds import columns_of_study
from forms.load import load_study
from forms.routing import answer_keys, shown_names
from forms.simulation import load_recipe, recipe_of
from forms.study import NOT_REACHED, NOT_SHOWN
from survey.collection.figures import is_synthetic
from survey.storage import answer_tables
from survey.storage.stores import Stores
from survey.synthetic.simulate import simulate
from tests.answering import simulate_into
from tests.conftest import FLAGSHIP
from tests.exports.tiny import STUDY


@pytest.fixture(scope="module")
def flagship():
    return load_study(FLAGSHIP)


@pytest.fixture(scope="module")
def clients(flagship):
    return list(simulate(flagship, count=1080, seed=1, recipe=load_recipe(flagship, FLAGSHIP)))


def test_the_same_seed_gives_the_same_clients():
    assert list(simulate(STUDY, count=20, seed=7)) == list(simulate(STUDY, count=20, seed=7))


def test_another_seed_gives_others():
    assert list(simulate(STUDY, count=20, seed=7)) != list(simulate(STUDY, count=20, seed=8))


def test_every_value_may_be_stored(flagship, clients):
    columns = columns_of_study(flagship)
    assert all(c.allows(client.values[c.name]) for client in clients for c in columns)


def test_what_routing_hides_is_not_shown_and_nothing_else(flagship, clients):
    for client in clients[:200]:
        shown = shown_names(flagship, client.values)
        for question in flagship.questions.values():
            hidden = [client.values.get(n, 0) == NOT_SHOWN for n in answer_keys(question)]
            assert question.apart or any(hidden) == all(hidden) == (question.name not in shown)


def test_only_those_who_stopped_have_questions_not_reached(clients):
    assert {c.completion for c in clients if NOT_REACHED in c.values.values()} == {2}


def test_made_up_texts_say_so(clients):
    texts = {text for client in clients for text in client.texts.values()}
    assert texts
    assert all(text.startswith("[synthetic] ") for text in texts)


def test_a_study_without_recipe_can_be_simulated_too():
    answers = Counter(c.values["age"] for c in simulate(STUDY, count=400, seed=1))
    assert min(answers[code] for code in (1, 2, 3, 4)) > 60


def test_an_item_follows_its_latent():
    item = {"variables": ["calm", "glad"], "latent": "v", "mean": 3, "loading": 2, "noise": 0}
    recipe = recipe_of({"latent": [{"name": "v"}], "item": [item]})
    answered = [
        c.values for c in simulate(STUDY, count=200, seed=1, recipe=recipe)
        if min(int(c.values["calm"]), int(c.values["glad"])) > 0
    ]  # fmt: skip
    assert all(values["calm"] == values["glad"] for values in answered)


def test_the_share_who_saw_tears_lies_in_the_published_band(clients):
    seen = sum(client.values["saw_tears"] in (1, 2) for client in clients) / len(clients)
    assert 0.487 < seen < 0.628  # Wilson band of Tritt, Kelly & Waller 2015: 105 of 188


def test_simulated_clients_are_stored_and_the_pilots_file_is_marked(tmp_path, flagship):
    stores = Stores(tmp_path)
    assert not is_synthetic(stores.pilot, flagship)
    simulate_into(stores.pilot, flagship, FLAGSHIP, count=25, seed=1)
    assert answer_tables.count(stores.pilot, "therapist-tears") == 25
    assert is_synthetic(stores.pilot, flagship)


def test_nothing_outside_the_seed_is_drawn_from(flagship):
    random.seed(1)
    before = random.getstate()
    list(simulate(flagship, count=5, seed=3))
    assert random.getstate() == before
