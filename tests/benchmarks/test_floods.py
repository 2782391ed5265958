"""The measurement of floods tells a flag that finds from one that accuses."""

import pytest

from benchmarks.floods import (
    FLAGS,
    FLAGSHIP,
    analysis,
    as_wanted,
    extreme,
    found,
    kinds,
    made,
    released,
    slope,
    turned_by,
)
from forms.load import load_study
from forms.simulation import load_recipe

COUNT = 150


@pytest.fixture(scope="module")
def study():
    return load_study(FLAGSHIP)


@pytest.fixture(scope="module")
def recipe(study):
    return load_recipe(study, FLAGSHIP)


@pytest.fixture(scope="module")
def people(study, recipe):
    return released(study, made(study, COUNT, 1, recipe))


def flood(study, recipe, kind):
    return released(study, kinds(recipe)[kind](COUNT, 2, study))


def test_precision_recall_and_accusations_are_shares_of_what_they_say():
    rows = [{"x": "1"}] * 3 + [{"x": "0"}]
    got = found(lambda row: row["x"] == "1", rows, [*rows, *rows])
    assert (got.precision, got.recall, got.accused) == (6 / 9, 6 / 8, 3 / 4)
    assert found(lambda row: False, rows, rows).precision is None


def test_programs_in_a_hurry_and_down_one_column_are_found(study, recipe, people):
    column = flood(study, recipe, "one column of buttons, at once")
    both = found(FLAGS["`dur_band` 1 with `dq_straight` 1"], people, column)
    assert both.recall > 0.4  # who saw no tears is shown no grid
    assert both.accused < 0.15


def test_an_agent_that_answers_as_people_do_is_found_by_no_flag(study, recipe, people):
    """What docs/researcher.md says: flags are no defence against it."""
    agent = flood(study, recipe, "an agent that answers as people do")
    for flag in FLAGS.values():
        caught = found(flag, people, agent)
        assert caught.recall <= caught.accused + 0.1


def test_fewer_answers_turn_a_result_when_they_lie_at_the_ends(study, recipe):
    h1, count = analysis(), 3 * COUNT
    people = released(study, made(study, count, 1, recipe))
    agents = released(study, made(study, count, 3, as_wanted(recipe)))
    assert slope(h1, people) > 0
    ends = turned_by(h1, people, extreme(people, count))
    assert ends is not None
    assert 0 < ends < (turned_by(h1, people, agents) or count + 1)
