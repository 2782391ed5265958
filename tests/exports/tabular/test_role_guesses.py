"""What a column is taken for, by its name and by what it holds; in doubt it stays behind."""

import random

import polars as pl
import pytest

from exports.tabular.column_content import ColumnContent
from exports.tabular.role_guesses import guess
from tests.exports.tabular.strangers import CASES, FULL_NAMES, GIVEN_NAMES, TEXTS

ROWS = 200
SHOWN = ("quasi_identifier", "sensitive", "plain")


def guessed(name, cells, **said):
    return guess(ColumnContent(pl.Series(name, cells, dtype=pl.String), **said))


def drawn(values, rows=ROWS):
    """As many cells, each value in some of them."""
    values = list(values)
    return [values[at % len(values)] for at in random.Random(1).sample(range(rows), rows)]


AGES = drawn(map(str, range(18, 80)))


@pytest.mark.parametrize(
    "name", ["age", "Alter", "âge", "edad", "leeftijd", "ηλικία", "Ηλικία", "AGE", "client_age"]
)
def test_ages_are_banded_in_every_language(name):
    found = guessed(name, AGES)
    assert (found.role, found.rule[:8]) == ("quasi_identifier", "{ bands ")


@pytest.mark.parametrize(
    "name",
    [
        *("sex", "Gender", "Geschlecht", "sexe", "género", "geslacht", "φύλο", "marital-status"),
        *("Familienstand", "nationalité", "opleiding", "Beruf", "country_name", "Wohnort"),
    ],
)
def test_what_neighbours_know_is_grouped(name):
    found = guessed(name, drawn(["one", "other"]))
    assert (found.role, found.lines) == ("quasi_identifier", (("one", "*"), ("other", "*")))


@pytest.mark.parametrize("name", ["zip", "PLZ", "code_postal", "código postal", "postcode"])
def test_post_codes_are_told_by_their_beginning(name):
    codes = [f"{n:05}" for n in random.Random(1).sample(range(1000, 99999), ROWS)]
    found = guessed(name, codes)
    assert (found.role, found.rule) == ("quasi_identifier", "{ prefix = [3, 1] }")


@pytest.mark.parametrize(
    "name", ["dob", "date of birth", "Geburtsdatum", "fecha_nacimiento", "geboortedatum", "when"]
)
@pytest.mark.parametrize("pattern", ["19{:02}-0{}-1{}", "1{2}.{1}.19{0:02}"])
def test_dates_are_told_by_month_year_and_decade(name, pattern):
    dates = [pattern.format(at % 90, 1 + at % 9, at % 10) for at in range(ROWS)]
    found = guessed(name, dates)
    assert found.role == "quasi_identifier"
    assert found.rule == '{ dates = ["month", "year", "decade"] }'


@pytest.mark.parametrize(
    "name",
    [
        *("name", "Vorname", "prénom", "apellidos", "achternaam", "όνομα", "e-mail", "téléphone"),
        *("Telefonnummer", "patient_id", "ResponseId", "IBAN", "Straße", "dirección", "username"),
    ],
)
def test_what_names_somebody_by_its_own_name_never_leaves(name):
    assert guessed(name, drawn(["a", "b"])).role == "identifier"


@pytest.mark.parametrize("name", ["income", "Einkommen", "diagnosis", "religión", "HIV_status"])
def test_what_nobody_should_learn_is_sensitive(name):
    assert guessed(name, drawn(["a", "b"])).role == "sensitive"


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("q1", drawn("12345")),
        ("q2", drawn(["agree", "neutral", "disagree"])),
        ("q3", drawn(["neither agree nor disagree", "to a very great extent", "No"])),
        ("month", drawn(["January", "March", "April", "May", "June", "August", "December"])),
        ("colour", drawn(["white", "black", "brown", "green"])),
        ("patient_satisfaction", drawn("12345")),
        ("patient", drawn(["yes", "no"])),
        ("difference", drawn(str(n) for n in range(-30, 30))),
    ],
)
def test_answers_that_many_share_are_plain(name, cells):
    assert guessed(name, cells).role == "plain"


@pytest.mark.parametrize(("name", "cells"), CASES)
def test_what_tells_who_somebody_is_stays_behind_whatever_it_is_called(name, cells):
    assert guessed(name, cells).role not in SHOWN


@pytest.mark.parametrize("name", ["x1", "profession", "Alter", "q7"])
@pytest.mark.parametrize("values", [GIVEN_NAMES, FULL_NAMES], ids=["given", "full"])
def test_names_of_people_stay_behind_whatever_their_column_is_called(name, values):
    assert guessed(name, drawn(values)).role not in SHOWN


@pytest.mark.parametrize("name", ["x1", "occupation", "diagnosis", "education", "comment"])
def test_texts_stay_behind_however_often_each_repeats(name):
    assert guessed(name, drawn(TEXTS)).role == "left_out"


def test_labelled_codes_are_words_and_no_numbers():
    found = guessed("age", drawn("123456"), labels="123456")
    assert len(found.lines) == 6


def test_what_the_file_declares_missing_keeps_a_place_in_the_hierarchy():
    found = guessed("sex", drawn(["1", "2", "-99"]), declared=["-99", "-98"])
    assert found.lines == (("1", "*"), ("2", "*"), ("-99", "*"))


@pytest.mark.parametrize("code", ["-99", "999", "NA", "keine Angabe", "unknown"])
def test_codes_for_no_answer_are_in_no_band(code):
    assert f'apart = ["{code}"]' in guessed("age", [*AGES, code, code]).rule


def test_rare_values_are_one_group_and_common_ones_are_not():
    cells = ["a"] * 50 + ["b"] * 50 + ["c"] * 3 + ["d"]
    assert guessed("region", cells).lines == (
        ("a", "a", "*"),
        ("b", "b", "*"),
        ("c", "rarer values", "*"),
        ("d", "rarer values", "*"),
    )


def test_the_rare_ends_of_numbers_are_open_bands():
    rule = guessed("age", [*AGES, *AGES, "3", "105"]).rule
    assert ("bottom = 20" in rule, "top = 75" in rule) == (True, True)


def test_numbers_of_their_own_are_rounded_and_bounded():
    incomes = [str(round(random.Random(at).gauss(3000, 500))) for at in range(ROWS)]
    rule = guessed("income", [*incomes, "9900000"]).rule
    assert ("round = 50" in rule, "top = " in rule, "9900000" in rule) == (True, True, False)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_column_of_a_few_cells_is_taken_for_something(rows):
    assert guessed("x", ["a", "b", "c"][:rows]).role


def test_a_column_without_any_value_has_no_role():
    assert guessed("later", [None, None]).role == "empty"
