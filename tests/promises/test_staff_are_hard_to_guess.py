"""Guessing at the door: what a guesser would try first is no password."""

import pytest

from survey.accounts.passwords import fault


@pytest.mark.parametrize("password", [
    "contraseña12345", "drowssap1234567", "1234567drowssaP", "pàsswörd1234567", "ytrewq123456789",
    "Password1234567 ", "ＰＡＳＳＷＯＲＤ１２３４５６７",
])  # fmt: skip
def test_a_common_password_is_one_in_any_dress(password):
    assert "common" in fault(password, password, name="Anna")
