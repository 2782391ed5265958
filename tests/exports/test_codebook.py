import json
from typing import Any

from exports.release import make_release
from tests.exports.tiny import STUDY, row, study_with

ROWS = [row(age=a, town=t, where=w) for a in (1, 2, 3) for t in (1, 2) for w in (1, 2)] * 4


def book(tier: str = "C", rows=ROWS, study=STUDY) -> dict[str, dict[str, Any]]:
    files = make_release(study, rows, tier=tier).files
    return {e["variable"]: e for e in json.loads(files["codebook.json"])["variables"]}


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


def test_coarsened_values_are_labelled_as_released():
    entry = book("B")["where"]
    assert entry["codes"] == {"101": "inside", "102": "outside"}
    assert "102 = where 2, where 3" in entry["treatment"]


def test_a_column_withheld_from_everybody_says_so():
    entry = book("B")["town"]
    assert (entry["treatment"], entry["n_valid"]) == ("Withheld from every row", 0)


def test_valid_and_missing_answers_are_counted_as_measured():
    entry = book(rows=[*ROWS, row(calm=-99), row(calm=-99), row(calm=-95)])["calm"]
    assert (entry["n_valid"], entry["n_missing"]) == (48, {"-99": 2, "-95": 1})


def test_every_entry_has_the_same_keys():
    assert len({tuple(sorted(entry)) for entry in book().values()}) == 1


def test_a_study_that_withholds_more_says_so_in_its_codebook():
    assert book(study=study_with(min_level={"core": 1}))["age"]["level"] == 1
