"""A member's own keys: the first is free, another needs one that is there, a lost one the host."""

import time

import pyotp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from survey.accounts import two_factor
from survey.clock import iso_utc
from survey.signing import acts
from survey.signing.key_files import fingerprint, public_line, public_of, sign_with_file
from survey.storage import accounts, members, studies
from tests.journeys.boardroom import Staff
from tests.signing import GOOD

SECRET = pyotp.random_base32()


@pytest.fixture
def ada(mood, signed_in):
    """A member with an app for codes, and without a key."""
    staff = Staff(signed_in(mood.app, "board", name="Ada"))
    end_all(mood)
    account = accounts.find(mood.services.stores.office, "Ada")
    assert account is not None
    sealed = two_factor.seal(mood.services, account, SECRET).encode()
    accounts.set_totp(mood.services.stores.office, "Ada", sealed)
    return staff


def end_all(mood):
    """The host ends all keys of Ada."""
    office = mood.services.stores.office
    members.end_keys(office, "Ada", at=iso_utc(), who="command line", why="Lost on a train.")


def held(mood):
    return [key.public for key in members.keys(mood.services.stores.office, "Ada")]


def register(ada, key, *, late=0, **filled):
    code = pyotp.TOTP(SECRET).at(time.time() + 30 * late)
    typed = {"public": public_line(public_of(key)), "now": GOOD, "code": code, **filled}
    ada.open("/ethics/keys")
    (form,) = {c.form for c in ada.page.named("public")}
    ada._ask("POST", "/ethics/keys", data=dict(ada.filled(form, typed)))
    return ada


def test_a_first_key_needs_password_and_code_alone(mood, ada):
    key = Ed25519PrivateKey.generate()
    register(ada, key)
    assert held(mood) == [public_of(key)]
    assert fingerprint(public_of(key)) in ada.text
    assert fingerprint(public_of(key)) in studies.audit(mood.services.stores.office)[-1]["what"]


@pytest.mark.parametrize(("filled", "told"), [
    ({"now": "another one 77"}, "not your password"),
    ({"code": "000000"}, "That code is not right"),
    ({"public": "ssh-ed25519 AAAA"}, "This is no public key"),
])  # fmt: skip
def test_without_password_code_or_a_public_key_none_is_registered(mood, ada, filled, told):
    register(ada, Ed25519PrivateKey.generate(), **filled)
    assert (told in ada.text, held(mood)) == (True, [])


def test_another_key_is_registered_once_one_that_is_there_has_signed_for_it(mood, ada):
    first, second = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    register(ada, first)
    register(ada, second, late=1)
    assert (held(mood), "Fingerprint of the new key" in ada.text) == ([public_of(first)], True)
    statement = ada.browser.get(f"{ada.here}/statement.json").get_data(as_text=True).strip()
    ada.send_signature(sign_with_file(second, statement))
    assert ("does not fit" in ada.text, held(mood)) == (True, [public_of(first)])
    ada.send_signature(sign_with_file(first, statement))
    assert held(mood) == [public_of(first), public_of(second)]


def test_nobody_else_opens_what_is_signed_for_a_key(mood, ada, signed_in):
    register(ada, Ed25519PrivateKey.generate())
    register(ada, Ed25519PrivateKey.generate(), late=1)
    assert Staff(signed_in(mood.app, "board", name="Bo")).open(ada.here).status == 404


def test_a_lost_key_signs_no_more_and_only_the_host_lets_a_first_one_be_registered(mood, ada):
    key = Ed25519PrivateKey.generate()
    register(ada, key)
    (button,) = ada.page.named("lost")
    ada.press("lost", button.value, now=GOOD, code=pyotp.TOTP(SECRET).at(time.time() + 30))
    assert (held(mood), "lacrima board new-key" in ada.text) == ([], True)
    assert ada.page.named("public") == []
    end_all(mood)
    assert "Lost on a train." in ada.open("board").text
    assert ada.open("/ethics/keys").page.named("public") != []
    assert "All your keys ended" in ada.text
    assert "Lost on a train." in ada.text


def test_who_has_lost_one_of_two_keys_registers_another_with_the_one_that_is_left(mood, ada):
    first, second, third = (Ed25519PrivateKey.generate() for _ in range(3))
    office = mood.services.stores.office
    register(ada, first)
    members.add_key(office, "Ada", at=iso_utc(), kind="file", public=public_of(second))
    acts.end_one_key(office, members.keys(office, "Ada")[0], at=iso_utc())
    register(ada, third, late=1)
    statement = ada.browser.get(f"{ada.here}/statement.json").get_data(as_text=True).strip()
    ada.send_signature(sign_with_file(first, statement))
    assert ("does not fit" in ada.text, held(mood)) == (True, [public_of(second)])
    ada.send_signature(sign_with_file(second, statement))
    assert held(mood) == [public_of(second), public_of(third)]


def test_a_key_of_before_is_not_registered_again(mood, ada):
    key = Ed25519PrivateKey.generate()
    register(ada, key)
    end_all(mood)
    register(ada, key, late=1)
    assert ("registered before" in ada.text, held(mood)) == (True, [])
