"""Signing in, up to the point where somebody is let in: equal answers, equal time, few tries."""

from __future__ import annotations

import secrets
from typing import Literal

from flask import request, session

from survey.accounts import passwords, two_factor
from survey.accounts.access import is_current, session_id_hash, start_session
from survey.accounts.audit import note
from survey.services import staff
from survey.storage import accounts
from survey.storage.accounts import Account, folded
from survey.storage.database import write_transaction
from survey.throttle import BY_ACCOUNT, BY_ADDRESS, BY_CODE, BY_NOBODY, Limit, household

Outcome = Literal["in", "code", "wrong", "disabled", "wait"]

HALF_WAY = "half"  # in the cookie: this browser gave a password, and owes the code

# At so many wrong codes in a row the board reads of it: somebody knows a password.
TOLD_AT = (5, 20, accounts.MOST_MISSED)
NOBODY = "(the server)"  # no account can be called so


def _client_bucket() -> tuple[Limit, str]:
    """How tries from this address are counted; behind a proxy that hides it, all as one."""
    hidden = staff().config.proxies > 0 and not request.headers.get("X-Forwarded-For")
    return (BY_NOBODY, "") if hidden else (BY_ADDRESS, household(request.remote_addr or ""))


def check_password(name: str, password: str) -> Outcome:
    """Try a name and a password; on success this browser is in, or owes the code."""
    desk, whence = staff(), _client_bucket()
    who = folded(name)
    if not (desk.throttle.take(BY_ACCOUNT, who) and desk.throttle.take(*whence)):
        return "wait"
    office = desk.stores.office
    account = accounts.find(office, name)
    if not passwords.fits(accounts.password_of(office, name), password) or account is None:
        return "wrong"
    desk.throttle.forgive(BY_ACCOUNT, who)
    desk.throttle.give_back(*whence)
    if account.disabled:
        return "disabled"
    if account.second_step:
        _let_half_in(account)
        return "code"
    start_session(account)
    return "in"


def _let_half_in(account: Account) -> None:
    session.clear()
    session[HALF_WAY] = secret = secrets.token_urlsafe(32)
    now = staff().clock()
    accounts.begin(
        staff().stores.office, session_id_hash(secret), account.name, now=now, full=False
    )


def pending_second_factor() -> Account | None:
    """Who gave a password in this browser and owes the code; nobody after ten minutes."""
    secret = str(session.get(HALF_WAY, ""))
    found = accounts.load(staff().stores.office, session_id_hash(secret)) if secret else None
    if found is None or found.full or not is_current(found, staff().clock()):
        return None
    return found.account


def check_code(account: Account, code: str) -> Outcome:
    """Try the code that ``account`` owes."""
    desk, who = staff(), folded(account.name)
    if not desk.throttle.take(BY_CODE, who):
        return "wait"
    if not _right(account, code):
        return "wrong"
    desk.throttle.forgive(BY_CODE, who)
    accounts.end(desk.stores.office, session_id_hash(session[HALF_WAY]))
    start_session(account)
    return "in"


def _right(account: Account, code: str) -> bool:
    """Whether it is; counts the wrong ones in a row, where no restart forgets them.

    In one transaction, so that tries at the same time are not more than one after the other.
    """
    desk, name = staff(), account.name
    with write_transaction(desk.stores.office):
        if two_factor.right(desk, account, code):
            accounts.forgive_missed(desk.stores.office, name)
            return True
        missed = accounts.count_missed(desk.stores.office, name)
        if missed in TOLD_AT:
            note(_about(name, missed), who=NOBODY)
    return False


def _about(name: str, missed: int) -> str:
    ended = "; codes from its app are taken no longer" * (missed >= accounts.MOST_MISSED)
    return f"account {name}: {missed} wrong codes in a row after the right password{ended}"


def confirm_password(account: Account, password: str) -> Outcome:
    """Whether whoever sits there knows the password, before something grave is changed."""
    desk, who = staff(), folded(account.name)
    if not desk.throttle.take(BY_ACCOUNT, who):
        return "wait"
    if not passwords.fits(accounts.password_of(desk.stores.office, account.name), password):
        return "wrong"
    desk.throttle.forgive(BY_ACCOUNT, who)
    return "in"
