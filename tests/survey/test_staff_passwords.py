"""Which passwords staff may choose, and how one is kept."""

import pytest

from survey.accounts.passwords import fault, fits, hashed

GOOD = "treacle under 9 pylons"


@pytest.fixture(autouse=True)
def cheap_passwords():
    """None here: passwords are kept at the real cost."""


def refused(password, name="Anna Meier"):
    return fault(password, password, name=name)


@pytest.mark.parametrize("password", [
    "password1234567", "Password2024!!!!", "passwordpassword", "qwertyuiop12345", "iloveyouforever",
    "1q2w3e4r5t6y7u8i", "123qweasdzxc123", "1qaz2wsx3edc4rfv", "administrator12", "Summer2024!!!!!",
    "Passwort1234567", "letmein12345678", "123456789012345", "aaaaaaaaaaaaaaa", "abcabcabcabcabc",
    "michaeljordan23", "trustno1trustno1", "Liverpool189218!", "correcthorsebatterystaple",
    "thisismypassword", "welcome2welcome", "ichliebedich1234", "zaq12wsxzaq12wsx",
    "0987654321poiuytrewq",
])  # fmt: skip
def test_a_common_password_of_fifteen_letters_or_more_is_refused(password):
    assert "common" in refused(password)


@pytest.mark.parametrize("password", ["AnnaMeier202420", "anna.meier.anna", "Lacrima-lacrima-1"])
def test_a_password_made_of_ones_own_or_the_products_name_is_refused(password):
    assert "common" in refused(password)


@pytest.mark.parametrize("password", [
    "xkqvmzhtplwocbd", "7fK2-pQ9x-Lm3-8", "plum tractor violin fog", "Wir fahren Samstag nach Ulm",
    "ничего не забыто здесь", "pâté de campagne froid", GOOD,
])  # fmt: skip
def test_a_long_password_of_ones_own_making_is_taken(password):
    assert refused(password) == ""


@pytest.mark.parametrize(("password", "says"), [
    ("", "at least 15"), ("xkqvmzhtplwocb", "at least 15"), ("xkqvmzhtplwo" * 20, "at most 200"),
])  # fmt: skip
def test_length_is_asked_for_in_words(password, says):
    assert says in refused(password)


def test_two_that_differ_are_refused():
    assert "not the same" in fault(GOOD, GOOD + "!", name="x")


def test_a_password_fits_however_the_system_composes_its_letters():
    kept = hashed("pâté de campagne froid")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")  # RFC 9106, low memory
    assert fits(kept, "pa\u0302te\u0301 de campagne froid")
    assert not fits(kept, "pate de campagne froid")


@pytest.mark.parametrize("kept", ["", "damaged"])
def test_nothing_fits_where_nothing_was_kept(kept):
    assert not fits(kept, GOOD)
