"""Invitation codes: easy to type, hard to mistype, known to the server as keyed hashes alone."""

import random

import pytest

from forms.typed_codes import CODE_LETTERS
from survey.crypto import KeyRing
from survey.respondents import invitations
from survey.respondents.invitations import (
    as_csv,
    as_text,
    draw,
    link,
    luhn_letter,
    new_code,
    read_code,
)
from survey.storage import admission as stored

SEAL = KeyRing([bytes(32)])
CODES = [new_code(random.Random(seed).choice) for seed in range(20)]


@pytest.mark.parametrize("code", CODES[:3])
def test_a_code_is_three_groups_of_four_without_look_alikes(code):
    assert [len(group) for group in code.split("-")] == [4, 4, 4]
    assert set(code) <= {*CODE_LETTERS, "-"}


@pytest.mark.parametrize(
    "write",
    [str.lower, lambda c: c.replace("-", ""), lambda c: f"  {c.replace('-', ' ')} ",
     lambda c: link("https://survey.example.org", c)],
)  # fmt: skip
def test_a_code_is_read_however_it_is_written(write):
    assert [read_code(write(code)) for code in CODES] == CODES


def test_look_alikes_are_read_as_what_they_look_like():
    code = next(c for c in CODES if "0" in c or "1" in c)
    assert read_code(code.replace("0", "O").replace("1", "l")) == code


def test_every_single_slip_is_noticed():
    slips = [
        code[:at] + other + code[at + 1 :]
        for code in CODES[:3]
        for at, letter in enumerate(code)
        if letter != "-"
        for other in CODE_LETTERS
        if other != letter
    ]
    assert [slip for slip in slips if read_code(slip)] == []


def test_two_neighbours_changed_over_are_noticed():
    for code in draw(500):
        letters = code.replace("-", "")
        for at in range(len(letters) - 1):
            swapped = letters[:at] + letters[at + 1] + letters[at] + letters[at + 2 :]
            assert swapped == letters or read_code(swapped) == ""


def test_a_code_made_before_with_neighbours_that_look_alike_to_the_check_still_opens():
    older = "0Z" + "A" * 9
    assert read_code(older + luhn_letter(older)) == "0ZAA-AAAA-AAA" + luhn_letter(older)


@pytest.mark.parametrize(
    "typed", ["", "-", "A", "ÄÖÜ", "0" * 500, "\x00", "AAAA-AAAA-AAA", "é" * 12]
)
def test_what_is_no_code_is_read_as_none(typed):
    assert read_code(typed) == ""


def test_codes_do_not_repeat():
    assert len(set(draw(2000))) == 2000


def test_only_keyed_hashes_are_stored(stores):
    codes = draw(5)
    invitations.keep(stores, SEAL, "minimal", codes, pilot=True)
    held = {bytes(c) for (c,) in stores.pilot.conn.execute("SELECT code FROM invitations")}
    assert held == {SEAL.invitation_value(code) for code in codes}


def test_a_code_opens_its_study_also_after_the_servers_key_was_rotated(stores):
    (code,) = codes = draw(1)
    invitations.keep(stores, SEAL, "minimal", codes, pilot=False)
    found = invitations.find(stores, KeyRing([b"n" * 32, bytes(32)]), code)
    assert found
    assert (found.study, found.pilot) == ("minimal", False)


def test_taking_back_ends_the_codes_of_one_study_alone(stores):
    for study in ("minimal", "kinds"):
        invitations.keep(stores, SEAL, study, draw(3), pilot=True)
    invitations.take_back(stores, "minimal", pilot=True)
    assert [stored.unspent(stores.pilot, s) for s in ("minimal", "kinds")] == [0, 3]


def test_how_many_are_unspent_does_not_tell_that_one_was_spent(stores):
    codes = draw(12)
    invitations.keep(stores, SEAL, "minimal", codes, pilot=True)
    db = stores.pilot
    db.conn.execute("DELETE FROM invitations WHERE code = ?", (SEAL.invitation_value(codes[0]),))
    assert invitations.unspent_shown(stores, "minimal", pilot=True) == 12


def test_what_the_cookie_carries_is_of_use_for_its_own_study_alone():
    sealed = invitations.sealed_invitation(SEAL, invitations.Invitation("minimal", True, b"v" * 32))
    assert invitations.opened_invitation(SEAL, sealed, "minimal") == (b"v" * 32).hex()
    assert invitations.opened_invitation(SEAL, sealed, "kinds") == ""


@pytest.mark.parametrize("forged", ["", "x", "====", "A" * 80, "é", "AAAA"])
def test_a_forged_cookie_carries_nothing(forged):
    assert invitations.opened_invitation(SEAL, forged, "minimal") == ""


def test_the_files_hold_one_code_a_line():
    assert as_text(["A", "B"]) == "A\nB\n"
    assert as_csv(["A"]) == "code\r\nA\r\n"
    assert as_csv(["A"], "https://s.org") == "code,link\r\nA,https://s.org/i/#A\r\n"
