"""Signing in: equal answers, equal time, few tries; and no stranger's tries keep anybody out.

Beyond the limits a browser that is not known has to bring all at once: name, password and two
codes of the app that follow each other, or a recovery code. Those are asked for first: guessing
them takes 3 * 10**11 tries, so nobody gets so far as to guess a password, and nobody is refused.
"""

from __future__ import annotations

import logging
from typing import Literal

from flask import session

from survey.accounts import passwords, two_factor
from survey.accounts.access import (
    HALF_WAY,
    SIGN_IN,
    is_current,
    session_id_hash,
    start_session,
)
from survey.accounts.audit import note, one_act
from survey.accounts.devices import known_device, remember_device
from survey.services import services
from survey.storage import accounts
from survey.storage.accounts import Account, folded
from survey.storage.database import write_transaction
from survey.throttle import BY_ACCOUNT, BY_CODE, BY_DEVICE, BY_SESSION, BY_STRANGERS

log = logging.getLogger("survey")

Outcome = Literal["in", "code", "wrong", "disabled", "wait", "codes"]

# At so many wrong codes in a row the board reads of it: somebody knows a password.
TOLD_AT = (5, 20, accounts.MOST_MISSED)
SERVER = "(the server)"  # no account can be called so


def check_password(name: str, password: str, codes: tuple[str, str]) -> Outcome:
    """Try a name and a password; on success this browser is in, or owes the code.

    ``codes`` were typed beside them: they count where many tries were made ("codes").
    """
    office, device = services().stores.office, known_device(name)
    if not _may_try(folded(name), device):
        return _with_codes(name, password, codes)
    # A name without an account costs the same hash (docs/decisions/0012-staff-sign-in.md).
    account = accounts.find(office, name)
    if not passwords.fits(accounts.password_of(office, name), password) or account is None:
        return "wrong"
    _was_good(folded(name), device)
    if account.disabled:
        return "disabled"
    if account.second_step:
        with one_act():
            start_session(account, full=False)
        return "code"
    _come_in(account)
    return "in"


def _may_try(who: str, device: str) -> bool:
    """Count a try; False where there were too many, and more has to be asked for."""
    throttle = services().throttle
    if device:
        return throttle.take(BY_DEVICE, device + who)
    return throttle.take(BY_ACCOUNT, who) and throttle.take(BY_STRANGERS)


def _was_good(who: str, device: str) -> None:
    throttle = services().throttle
    if device:
        throttle.forgive(BY_DEVICE, device + who)
    else:
        throttle.forgive(BY_ACCOUNT, who)
        throttle.give_back(BY_STRANGERS)


def _with_codes(name: str, password: str, codes: tuple[str, str]) -> Outcome:
    """Sign in with all at once. No password is looked at before the codes are right and spent."""
    if not two_factor.take_two(services(), name, *codes):
        log.warning(
            "Many wrong sign-ins: browsers that are not known are asked for two codes at once."
        )
        return "codes"
    office = services().stores.office
    account = accounts.find(office, name)
    if account is None or not passwords.fits(accounts.password_of(office, name), password):
        return "codes"
    if account.disabled:
        return "disabled"
    _come_in(account)
    return "in"


def _come_in(account: Account) -> None:
    with one_act():
        start_session(account)
        note("signed in")
    remember_device(account)


def pending_second_factor() -> Account | None:
    """Return the account that owes its code in this browser; none after ten minutes."""
    secret = str(session.get(HALF_WAY, ""))
    found = accounts.load(services().stores.office, session_id_hash(secret)) if secret else None
    if found is None or found.full or not is_current(found, services().clock()):
        return None
    return found.account


def check_code(account: Account, code: str) -> Outcome:
    """Try the code that ``account`` owes."""
    if (outcome := confirm_code(account, code)) != "in":
        return outcome
    with one_act():
        accounts.end(services().stores.office, session_id_hash(session[HALF_WAY]))
        _come_in(account)
    return "in"


def confirm_code(account: Account, code: str) -> Outcome:
    """Try a code of the second step; a right one works once."""
    throttle, who = services().throttle, known_device(account.name) + folded(account.name)
    if not throttle.take(BY_CODE, who):
        return "wait"
    office, name = services().stores.office, account.name
    with write_transaction(office):  # tries at the same time are not more than one after the other
        if not two_factor.right(services(), account, code):
            missed = accounts.count_missed(office, name)  # where no restart forgets them
            if missed in TOLD_AT:
                ended = "; codes from its app are taken no longer" * (missed >= TOLD_AT[-1])
                said = f"account {name}: {missed} wrong codes in a row after the right password"
                note(said + ended, who=SERVER)
            return "wrong"
        accounts.forgive_missed(office, name)
    throttle.forgive(BY_CODE, who)
    return "in"


def confirm_password(account: Account, password: str) -> Outcome:
    """Confirm the password of the signed-in account before a sensitive change."""
    throttle, office, who = services().throttle, services().stores.office, session[SIGN_IN]
    if not throttle.take(BY_SESSION, who):
        return "wait"
    if not passwords.fits(accounts.password_of(office, account.name), password):
        return "wrong"
    throttle.forgive(BY_SESSION, who)
    return "in"
