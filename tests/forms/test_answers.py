from dataclasses import replace

import pytest

from forms.answers import (
    answer_lines,
    duration_band,
    in_words,
    stored_lines,
    stored_texts,
    stored_values,
    text_language,
)
from forms.kinds import columns_of_study


def test_what_is_hidden_and_what_was_never_reached_have_codes_of_their_own(study):
    values = stored_values(study("branch"), {"been": 2})
    assert values == {"been": 2, "again": -96, "when_again": -96, "liked": -94}


def test_a_blank_text_leaves_nothing(study):
    assert stored_texts(study("kinds"), {"story": ""}) == {}
    assert stored_texts(study("kinds"), {"story": "Once."}) == {"story": "Once."}


def test_no_text_stands_among_the_other_answers(study):
    assert "word" not in stored_values(study("kinds"), {"word": "sun"})


@pytest.mark.parametrize(("name", "variable", "language"), [
    ("kinds", "story", "en"),
    ("therapist-tears", "ff_open", "en"),  # of everybody on a branch that the study names
])  # fmt: skip
def test_a_text_that_is_read_has_its_language(study, name, variable, language):
    assert text_language(study(name), variable, "en") == language


def test_a_text_of_which_a_few_are_asked_has_no_language(study):
    nameless = replace(study("first-hidden"), branches=())
    assert text_language(nameless, "first", "en") is None


@pytest.mark.parametrize(("seconds", "band"), [(0, 1), (179, 1), (180, 2), (1199, 3), (1200, 4)])
def test_bands_begin_at_their_bound(study, seconds, band):
    assert duration_band(study("minimal"), seconds) == band


@pytest.mark.parametrize(("name", "value", "words"), [
    ("one", 0, "None"), ("one", -98, "Can't say"), ("one", -95, "Left blank"),
    ("some__red", 1, "Ticked"), ("some__red", 0, "Not ticked"),
    ("line", 0, "Not at all"), ("line", 37, "37"), ("view_1", 2, "Fair"),
])  # fmt: skip
def test_every_value_reads_in_words(study, name, value, words):
    kinds = study("kinds")
    column = next(c for c in columns_of_study(kinds) if c.name == name)
    assert in_words(kinds, column, value) == words


def test_what_will_be_stored_is_listed_column_by_column(study):
    lines = list(stored_lines(study("minimal"), {"mood": 2}, {"c_open": True}, completion=1))
    assert [(line.column, line.code) for line in lines] == [
        ("key", "–"), ("fingerprint", study("minimal").fingerprints.words[:12] + "…"),
        ("lang", "en"), ("c_open", "1"), ("completion", "1"), ("dur_band", "–"),
        ("deletion", "–"), ("batch", "0"), ("mood", "2"),
    ]  # fmt: skip


def lines(study, answers):
    found = [line for _, lines in answer_lines(study, answers) for line in lines]
    return {line.question.name: line.given for line in found}


def test_the_check_page_says_what_was_ticked_and_what_was_not_provided(study):
    given = lines(study("kinds"), {"some__red": 1, "some__blue": 1, "one": -95, "view_1": 1})
    assert given["some"] == (("", "Red; Blue"),)
    assert given["one"] == given["story"] == (("", "Not provided"),)
    assert given["views"] == (("The food.", "Good"), ("The room.", "Not provided"))


def test_a_refused_choice_of_several_is_told_once(study):
    given = lines(study("kinds"), {"some__red": -99, "some__blue": -99})
    assert given["some"] == (("", "Prefer not to answer"),)


def test_the_check_page_speaks_the_words_of_the_branch(study):
    asked = [
        line.asked for _, found in answer_lines(study("branch"), {"been": 2}) for line in found
    ]
    assert asked == ["Have you been there?", "Would you like it?"]
