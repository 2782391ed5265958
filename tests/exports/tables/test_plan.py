"""Which tables there are, and which would tell on each other."""

from dataclasses import replace

import pytest

from exports.errors import ExportRefused
from exports.tables.plan import MOST_PAIRS, Plan, default_plan, rings, tables
from tests.exports.tables.people import entry, people


@pytest.fixture(scope="module")
def flagship(study):
    return study("therapist-tears")


def test_a_ring_of_tables_is_refused_by_name():
    plan = Plan(("a", "b", "c"), pairs=(("a", "b"), ("b", "c"), ("a", "c")))
    codebook = [entry(name, 2) for name in "abc"]
    with pytest.raises(ExportRefused, match="a by c would close a ring"):
        tables(people({(1, 1, 1): 30}, "a", "b", "c"), codebook, plan)


def test_a_chain_of_tables_is_no_ring():
    assert rings(Plan((), pairs=(("a", "b"), ("b", "c"), ("c", "d")))) == ()


def test_routing_closes_a_ring_like_a_table():
    plan = Plan((), pairs=(("age", "gate"), ("age", "routed")), links=(("gate", "routed"),))
    assert rings(plan) == (("age", "routed"),)


def test_two_questions_under_one_condition_may_be_crossed():
    gate = (("gate", frozenset({1})),)
    links = (("gate", "a"), ("gate", "b"))
    assert rings(Plan((), pairs=(("a", "b"),), links=links, blocks={"a": gate, "b": gate})) == ()


def test_two_questions_under_different_conditions_may_not():
    blocks = {"a": (("gate", frozenset({1})),), "b": (("gate", frozenset({2})),)}
    links = (("gate", "a"), ("gate", "b"))
    assert rings(Plan((), pairs=(("a", "b"),), links=links, blocks=blocks)) == (("a", "b"),)


def test_the_plan_of_a_study_has_no_ring(flagship):
    assert rings(default_plan(flagship)) == ()


def test_the_plan_of_a_study_can_be_read(flagship):
    assert 20 <= len(default_plan(flagship).pairs) <= MOST_PAIRS


def test_every_core_variable_meets_the_first_answer_that_must_stay_diverse(flagship):
    pairs = default_plan(flagship).pairs
    assert {row for row, column in pairs if column == "concern"} == {
        "age_band", "gender", "region_raised", "region_same", "ethnicity",
    }  # fmt: skip


def test_texts_and_what_a_tier_leaves_out_are_not_planned(flagship):
    tiers = flagship.policy.tiers
    without = {**tiers, "C": replace(tiers["C"], leave_out=("concern",))}
    plan = default_plan(replace(flagship, policy=replace(flagship.policy, tiers=without)))
    assert not {"concern", "ff_open", "final_open"} & set(plan.one_way)


def test_columns_withheld_from_everybody_are_not_planned(flagship):
    plan = default_plan(flagship, columns={"gender", "concern", "sc_int_emp"})
    assert (plan.one_way, plan.means) == (("concern", "gender"), ("sc_int_emp",))


def test_what_a_condition_tells_of_a_routing_question_is_known(flagship):
    assert frozenset({1, 2}) in default_plan(flagship).sums["saw_tears"]
