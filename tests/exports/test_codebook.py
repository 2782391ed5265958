from typing import Any

import pytest

from exports.codebook import codebook_of, with_counts
from exports.columns import fields_of, kept_in
from exports.generalise import least_levels
from forms.study import Study
from tests.exports.tiny import STUDY


def book(tier: str = "C", study: Study = STUDY) -> dict[str, dict[str, Any]]:
    rules = study.policy.tiers[tier]
    fields = kept_in(fields_of(study), rules)
    least = least_levels(fields, study.policy, rules)
    entries = codebook_of(study, fields, least=least, rows=48, versions={"lang": {"en": "ab"}})
    return {entry["variable"]: entry for entry in entries}


def test_a_question_is_told_in_every_branchs_words():
    assert book()["calm"]["question"] == {"yes": "Back then", "no": "These days"}


def test_routing_is_told_in_words():
    assert book()["where"]["routing"] == "Asked if met is 1 (met 1)"


def test_an_item_names_its_score_and_whether_it_is_reversed():
    assert book()["tense"]["scales"] == [{"score": "sc_mood", "reversed": True}]


def test_a_score_tells_its_rule_items_and_range():
    entry = book()["sc_mood"]
    assert (entry["items"], entry["range"]) == (["calm", "tense", "glad"], [1.0, 5.0])
    assert "at least 2 of 3" in entry["rule"]


def test_a_difference_warns_that_its_negative_values_are_no_missing_codes():
    entry = book()["sc_rise"]
    assert (entry["range"], entry["may_be_empty"], entry["missing"]) == ([-4.0, 4.0], True, {})


def test_a_cell_may_stand_at_any_level_that_the_tier_allows():
    entry = book("C")["age"]
    assert list(entry["codes"]) == ["1", "2", "3", "4", "101", "102"]
    assert "level 1: 101 = age 1, age 2; 102 = age 3, age 4" in entry["treatment"]


def test_levels_under_the_tiers_least_are_no_codes():
    assert list(book("B")["age"]["codes"]) == ["101", "102"]


def test_a_group_of_one_answer_keeps_its_code_in_every_tier(study):
    open_, restricted = (book(tier, study=study("coarse"))["age"]["codes"] for tier in "BC")
    assert open_ == {"1": "18-29", "2": "30-44", "103": "45 or over", "201": "18-44"}
    assert open_.items() <= restricted.items()


def test_numbers_as_asked_are_codes_beside_their_groups(study):
    visits = book(study=study("coarse"))["visits"]
    assert visits["codes"] == {n: n for n in "1234"} | {"102": "More"}


@pytest.mark.parametrize(
    ("name", "label"),
    [("age", "Withheld, or not answered"), ("where", "Withheld"), ("lang", "Withheld")],
)
def test_every_key_may_be_withheld(name, label):
    assert book("C")[name]["missing"]["-93"] == label


def test_a_core_variable_has_one_missing_code_and_says_why():
    entry = book("C")["age"]
    assert list(entry["missing"]) == ["-93"]
    assert "-93 stands for every reason" in entry["treatment"]
    assert "-99" in book("C")["where"]["missing"]


def test_a_column_withheld_from_everybody_says_so():
    entry = book("B")["town"]
    assert (entry["treatment"], entry["codes"]) == ("Withheld from every row", {})


def test_a_version_names_the_digest_of_its_texts():
    entry = book()["lang"]
    assert entry["codes"] == {"en": "Version en"}
    assert entry["note"] == "SHA-256 of the texts of each version: en = ab"


def test_valid_and_missing_answers_are_counted_as_measured():
    counts = {name: {"1": 48} for name in book()}
    counts["calm"] = {"4": 40, "-99": 2, "-95": 1}
    entry = next(e for e in with_counts(list(book().values()), counts) if e["variable"] == "calm")
    assert (entry["n_valid"], entry["n_missing"]) == (40, {"-99": 2, "-95": 1})


def test_every_entry_has_the_same_keys():
    assert len({tuple(sorted(entry)) for entry in book().values()}) == 1
