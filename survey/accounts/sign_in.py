"""Signing in: equal answers, equal time, few tries."""

from __future__ import annotations

from typing import Literal

from flask import request, session

from survey.accounts import passwords, two_factor
from survey.accounts.access import HALF_WAY, is_current, session_id_hash, start_session
from survey.accounts.audit import note, one_act
from survey.services import services
from survey.storage import accounts
from survey.storage.accounts import Account, folded
from survey.storage.database import write_transaction
from survey.throttle import BY_ACCOUNT, BY_ADDRESS, BY_CODE, BY_NOBODY, client_bucket

Outcome = Literal["in", "code", "wrong", "disabled", "wait"]

# At so many wrong codes in a row the board reads of it: somebody knows a password.
TOLD_AT = (5, 20, accounts.MOST_MISSED)
SERVER = "(the server)"  # no account can be called so


def check_password(name: str, password: str) -> Outcome:
    """Try a name and a password; on success this browser is in, or owes the code."""
    throttle, office, who = services().throttle, services().stores.office, folded(name)
    bucket = client_bucket(request, services().config.proxies, BY_ADDRESS, BY_NOBODY)
    if not (throttle.take(BY_ACCOUNT, who) and throttle.take(*bucket)):
        return "wait"
    # A name without an account costs the same hash (docs/decisions/0012-staff-sign-in.md).
    account = accounts.find(office, name)
    if not passwords.fits(accounts.password_of(office, name), password) or account is None:
        return "wrong"
    throttle.forgive(BY_ACCOUNT, who)
    throttle.give_back(*bucket)
    if account.disabled:
        return "disabled"
    with one_act():
        start_session(account, full=not account.second_step)
        if not account.second_step:
            note("signed in")
    return "code" if account.second_step else "in"


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
        start_session(account)
        note("signed in")
    return "in"


def confirm_code(account: Account, code: str) -> Outcome:
    """Try a code of the second step; a right one works once."""
    throttle, who = services().throttle, folded(account.name)
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
    throttle, office, who = services().throttle, services().stores.office, folded(account.name)
    if not throttle.take(BY_ACCOUNT, who):
        return "wait"
    if not passwords.fits(accounts.password_of(office, account.name), password):
        return "wrong"
    throttle.forgive(BY_ACCOUNT, who)
    return "in"
