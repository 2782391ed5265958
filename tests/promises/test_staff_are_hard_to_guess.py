"""Guessing at the door: what counts as one guesser, and what a guesser would try first."""

import pytest

from survey.accounts.passwords import fault
from survey.throttle import BY_ADDRESS, household
from tests.journeys.staff import Worker


@pytest.mark.parametrize(("one", "other"), [
    ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"), ("::ffff:192.0.2.1", "192.0.2.1"),
])  # fmt: skip
def test_addresses_that_one_connection_has_count_as_one(one, other):
    assert household(one) == household(other)


@pytest.mark.parametrize(("one", "other"), [
    ("2001:db8:1:2::1", "2001:db8:1:3::1"), ("192.0.2.1", "192.0.2.2"), ("", "unix:"),
])  # fmt: skip
def test_addresses_of_different_connections_count_apart(one, other):
    assert household(one) != household(other)


def test_whoever_changes_address_within_a_connection_waits_all_the_same(app):
    """Each try is for another name, so that only the address can be what is counted."""
    room = Worker(app).open("sign-in")
    token = room.page.named("csrf_token")[0].value
    status = [
        room.browser.post(
            "/research/sign-in",
            data={"csrf_token": token, "name": f"nobody-{at}", "password": "wrong"},
            environ_base={"REMOTE_ADDR": f"2001:db8:1:2::{at:x}"},
        ).status_code
        for at in range(1, BY_ADDRESS.most + 2)
    ]
    assert status == [200] * BY_ADDRESS.most + [429]


@pytest.mark.parametrize("password", [
    "contraseña12345", "drowssap1234567", "1234567drowssaP", "pàsswörd1234567", "ytrewq123456789",
    "Password1234567 ", "ＰＡＳＳＷＯＲＤ１２３４５６７",
])  # fmt: skip
def test_a_common_password_is_one_in_any_dress(password):
    assert "common" in fault(password, password, name="Anna")
