from dataclasses import replace

import pytest

from exports.columns import fields_of, kept_in, table_of
from exports.errors import ExportRefused
from exports.generalise import initial_levels, path_to
from forms.study import SmallSamples
from tests.exports.tiny import POLICY, STUDY, frame, row

FIELDS = fields_of(STUDY)
TOPS = {"where": 2, "age": 2, "town": 1, "study_version": 1, "consent_version": 1, "lang": 1}


def start(rows: int, tier: str = "C", **small: int):
    policy = replace(POLICY, small=SmallSamples(**{"min_rows": 3, **small}))
    people = frame(*[row(c_open=1)] * (rows - 1), row(lang="el"))
    fields = kept_in(FIELDS, POLICY.tiers[tier])
    return initial_levels(table_of(STUDY, people, fields), fields, policy, POLICY.tiers[tier])


def test_too_few_rows_for_any_file_say_how_many_more_are_wanted():
    with pytest.raises(
        ExportRefused, match=r"takes 20 rows or more; there are 12\. Wait for 8 more"
    ):
        start(12, min_rows=20)


def test_under_fifty_rows_every_quasi_identifier_is_withheld():
    assert start(49).levels == TOPS


def test_up_to_three_hundred_rows_only_the_last_variables_stay_and_coarse():
    levels = start(300, few_key=1).levels
    assert (levels["age"], levels["town"], levels["lang"]) == (1, 1, 1)
    assert start(300, few_key=0).levels["age"] == 2


def test_a_column_that_says_the_same_of_everybody_stays():
    assert start(300).levels["study_version"] == 0


def test_an_open_file_has_no_column_that_insiders_know_whatever_its_policy_says():
    tier = replace(POLICY.tiers["B"], min_level={"core": 1, "insider": 0})
    assert {f.group for f in kept_in(FIELDS, tier)} == {"", "core"}
    assert "where" in {f.name for f in kept_in(FIELDS, POLICY.tiers["C"])}


def test_above_three_hundred_rows_the_tier_alone_decides():
    assert start(301, "B").levels["age"] == 1
    assert start(301).notes == ()


def test_what_a_small_sample_lost_is_told():
    assert "every quasi-identifier is withheld" in start(30).notes[0]
    assert "at most 3 core variables" in start(80).notes[0]


def test_a_rare_language_is_withheld_from_an_open_file():
    assert start(301, "B").levels["lang"] == 1


def test_an_open_file_is_made_from_the_restricted_one():
    assert [t.name for t in path_to(STUDY, "B")] == ["C", "B"]


def test_a_tier_that_the_study_lacks_is_refused_by_name():
    with pytest.raises(ExportRefused, match=r"has no tier X.*names A, B, C"):
        path_to(STUDY, "X")
