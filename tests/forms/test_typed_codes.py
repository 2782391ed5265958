"""Deletion codes as people type them: slips are noticed, and older codes are still read."""

import random
import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.platform_texts import CODE_ERRORS, CODE_HINT
from forms.typed_codes import (
    CODE_LETTERS,
    check_letter,
    in_groups,
    normalise_code,
    read_deletion_code,
)
from survey.crypto import new_code

CODES = [new_code() for _ in range(20)]
OLDER = "7QX2-9KFM-0A1B-ZZTR-C4D5"
SHOWN = re.compile(r"([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}")


def taken(slips):
    """Those that would be taken for a code, hyphens left out."""
    return [slip for slip in slips if read_deletion_code(slip)]


def letters_of(code):
    return code.replace("-", "")


def test_a_code_has_115_random_bits_and_no_look_alikes():
    codes = {new_code() for _ in range(500)}
    assert len(codes) == 500
    assert all(SHOWN.fullmatch(code) for code in codes)


@pytest.mark.parametrize("write", [
    str, str.lower, letters_of, lambda c: c.replace("-", " \t"), lambda c: f" {c}\n",
    lambda c: c.replace("0", "o").replace("1", "l"), lambda c: c.replace("1", "i"),
])  # fmt: skip
def test_a_code_is_read_however_it_is_written(write):
    assert [read_deletion_code(write(code)) for code in (*CODES, OLDER)] == [*CODES, OLDER]
    assert "Small or capital letters, with or without hyphens" in CODE_HINT


def test_every_single_wrong_letter_is_noticed():
    for code in map(letters_of, CODES[:3]):
        for at, letter in enumerate(code):
            others = set(CODE_LETTERS) - {letter}
            assert taken(code[:at] + other + code[at + 1 :] for other in others) == []


def test_any_two_letters_changed_over_are_noticed_neighbours_or_not():
    for code in map(letters_of, CODES[:3]):
        for one, other in combinations(range(len(code)), 2):
            swapped = list(code)
            swapped[one], swapped[other] = code[other], code[one]
            assert code[one] == code[other] or taken(["".join(swapped)]) == []


def test_every_pair_of_neighbours_is_noticed_at_every_place():
    rest = "0" * 21
    for one, other in combinations(CODE_LETTERS, 2):
        for at in range(22):
            there, back = (rest[:at] + pair + rest[at:] for pair in (one + other, other + one))
            assert check_letter(there) != check_letter(back)


def test_a_missing_and_an_extra_letter_are_noticed():
    for code in map(letters_of, CODES):
        assert taken(code[:at] + code[at + 1 :] for at in range(24)) == []
        assert taken(code[:at] + more + code[at:] for at in range(25) for more in "0Z") == []


def test_a_worked_example_of_the_check_letter():
    # α^1 · 1 = x, which is the third letter; α^5 · 1 = x^5 = x^2 + 1, which is 5.
    assert (check_letter("1"), check_letter("10000"), check_letter("0" * 23)) == ("2", "5", "0")


def test_of_random_letters_one_in_32_has_the_shape_of_a_code():
    draw = random.Random(1)
    made = ("".join(draw.choices(CODE_LETTERS, k=24)) for _ in range(6400))
    assert 140 < len(taken(made)) < 260


@pytest.mark.parametrize("typed", [
    "", "-", "0", "U" * 24, "U" * 20, "0" * 19, "0" * 21, "0" * 23, "0" * 25, "0" * 500, "\x00",
    "é" * 24, "٠" * 24, OLDER[:-1], OLDER + "0",
])  # fmt: skip
def test_what_is_no_code_is_read_as_none(typed):
    assert read_deletion_code(typed) == ""


@given(st.text())
def test_any_typed_text_is_tidied_without_a_fault(text):
    assert len(normalise_code(text)) <= 80
    assert read_deletion_code(text) in ("", normalise_code(text))


def test_the_sentence_about_the_shape_says_the_shape():
    groups = CODES[0].split("-")
    said = f"{len(letters_of(CODES[0]))} letters and digits in {len(groups)} groups of 4"
    assert said in CODE_ERRORS["shape"]
    assert f"an older one has {len(OLDER.split('-'))} groups" in CODE_ERRORS["shape"]
    assert in_groups(letters_of(OLDER)) == OLDER
