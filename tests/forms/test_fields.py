import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from wtforms import Form

from forms.form_fields import as_code, field_of
from forms.kinds import InputSpec
from forms.platform_texts import CHOOSE_ONE, CHOOSE_SHOWN

CODE = InputSpec("q", "code", (0, 1, -99))
NEEDED = InputSpec("q", "code", (0, 1), required=True)
CODES = InputSpec("q", "codes", (1, 2, -99))
NUMBER = InputSpec("q", "number", minimum=0, maximum=100)
WORDS = InputSpec("q", "words", maximum=10)


def read(asked, *typed):
    """(value, errors) of a form with this one input."""
    form = type("OneForm", (Form,), {"q": field_of(asked)})(MultiDict([("q", t) for t in typed]))
    form.validate()
    return form.q.data, list(form.q.errors)


@pytest.mark.parametrize(("asked", "typed", "value"), [
    (CODE, ["0"], 0), (CODE, ["-99"], -99), (CODE, [], None), (CODE, [""], None),
    (CODE, ["0", "1"], 1), (NEEDED, ["0"], 0),
    (CODES, ["1", "2"], [1, 2]), (CODES, [], []),
    (NUMBER, ["0"], 0), (NUMBER, [" 100 "], 100), (NUMBER, ["007"], 7), (NUMBER, [" "], None),
    (WORDS, [" hello "], "hello"), (WORDS, [], ""), (WORDS, ["a\r\nb\rc"], "a\nb\nc"),
    (WORDS, ["a\x00b\x1b\u202ec"], "abc"), (WORDS, ["👩\u200d💻"], "👩\u200d💻"),
    (WORDS, ["\r\n".join("abcde")], "a\nb\nc\nd\ne"),
])  # fmt: skip
def test_sound_input_is_read(asked, typed, value):
    assert read(asked, *typed) == (value, [])


@pytest.mark.parametrize(("asked", "typed", "error"), [
    (CODE, "2", CHOOSE_SHOWN), (CODE, "-98", CHOOSE_SHOWN), (CODE, "x", CHOOSE_SHOWN),
    (CODE, "1.0", CHOOSE_SHOWN), (CODE, "٣", CHOOSE_SHOWN), (CODE, "-", CHOOSE_SHOWN),
    (CODES, "3", CHOOSE_SHOWN), (CODES, "", CHOOSE_SHOWN),
    (NUMBER, "101", "Enter a whole number from 0 to 100."),
    (NUMBER, "-1", "Enter a whole number from 0 to 100."),
    (NUMBER, "1e1", "Enter a whole number from 0 to 100."),
    (NUMBER, "9" * 5000, "Enter a whole number from 0 to 100."),
    (WORDS, "x" * 11, "Shorten this to 10 characters. It has 11 now."),
])  # fmt: skip
def test_unsound_input_is_refused_with_a_sentence(asked, typed, error):
    assert read(asked, typed)[1] == [error]


def test_a_required_choice_left_open_asks_for_it():
    assert read(NEEDED) == (None, [CHOOSE_ONE])


def test_a_foreign_choice_where_one_is_required_is_told_once():
    assert read(NEEDED, "7")[1] == [CHOOSE_SHOWN]


@given(st.text())
def test_any_text_is_a_code_or_none(text):
    code = as_code(text)
    assert code is None or int(text) == code


@given(st.text(max_size=40))
def test_words_never_hold_a_control_character_or_outer_space(text):
    value, errors = read(WORDS, text)
    assert errors or value == value.strip()
    assert not any(ord(c) < 32 and c not in "\n\t" for c in value)
