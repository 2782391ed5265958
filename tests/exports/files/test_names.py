import pytest

from exports.files.source import SPSS, STATA, names_in, renamed


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("AND", "v_AND"),
        ("and", "v_and"),
        ("with.", "v_with"),
        ("_x", "v__x"),
        ("1st", "v_1st"),
        ("a-b c", "a_b_c"),
        ("müde", "müde"),
        ("ä" * 40, "ä" * 32),
    ],
)
def test_spss_takes_every_name_given_to_it(ours, theirs):
    assert names_in([ours], SPSS) == {ours: theirs}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("_all", "v__all"),
        ("byte", "v_byte"),
        ("str12", "v_str12"),
        ("Byte", "Byte"),
        ("a.b", "a_b"),
        ("x" * 33, "x" * 32),
        ("ä" * 32, "ä" * 32),
    ],
)
def test_stata_takes_every_name_given_to_it(ours, theirs):
    assert names_in([ours], STATA) == {ours: theirs}


def test_names_cut_to_the_same_are_numbered():
    long = [f"{'x' * 32}{end}" for end in "abc"]
    assert list(names_in(long, STATA).values()) == ["x" * 32, "x" * 30 + "_2", "x" * 30 + "_3"]


def test_a_name_that_fits_is_never_taken_by_one_that_does_not():
    assert names_in(["a b", "a_b"], STATA) == {"a b": "a_b_2", "a_b": "a_b"}


def test_spss_does_not_tell_upper_from_lower_case():
    assert names_in(["Age", "age"], SPSS) == {"Age": "Age", "age": "age_2"}


def test_only_altered_names_are_told():
    assert renamed(["good", "byte"], STATA) == {"byte": "v_byte"}
