"""The second step of signing in: codes from an app (RFC 6238), or a recovery code for once."""

from __future__ import annotations

import secrets
import unicodedata
from base64 import b64decode, b64encode
from contextlib import suppress
from functools import lru_cache

import pyotp
import segno

from forms.typed_codes import normalise_code
from survey.config import Config
from survey.crypto import KeyRing, new_code
from survey.errors import Unsealable
from survey.services import Services
from survey.storage import accounts
from survey.storage.accounts import Account, folded
from survey.storage.database import write_transaction

ISSUER = "Lacrima"
TOTP_STEP_SECONDS = 30
LATE_STEPS = 1  # RFC 6238 section 5.2 recommends one, for clocks that differ and slow fingers
RECOVERY_CODES = 10
# Three groups and a letter of CODE_LETTERS: 65 bits. From 64 on tries need no counting (NIST
# SP 800-63B section 5.1.2.2), so that they may be the way in where the app's codes are not.
RECOVERY_LENGTH = 16


def second_step_required(config: Config, account: Account) -> bool:
    """Return whether this account signs in with a second step: a board's always does."""
    return (account.role == "board" or account.role in config.second_step) and not config.demo


def second_step_owed(config: Config, account: Account) -> bool:
    """Return whether this account must set one up before anything else."""
    return second_step_required(config, account) and not account.second_step


def new_secret() -> str:
    """Return a shared secret of 160 bits (RFC 4226 section 4, R6), in base 32."""
    return pyotp.random_base32()


def address(secret: str, name: str) -> str:
    """Return the otpauth address that the QR code holds."""
    return str(pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER))


def picture(secret: str, name: str) -> str:
    """Return the QR code as an SVG element, dark on light in any page's colours."""
    code = segno.make(address(secret, name), error="m", micro=False)
    return str(code.svg_inline(scale=5, border=4, light="#fff", svgclass="qr", omitsize=False))


def step_of(secret: str, code: str, now: float, *, before: str = "") -> int:
    """Return the time step near ``now`` of this code, in any script's digits; 0 for none.

    ``before`` must be the code of the step before it, where it is given.
    """
    current = int(now) // TOTP_STEP_SECONDS
    for step in range(current - LATE_STEPS, current + LATE_STEPS + 1):
        if _is_code(secret, step, code) and (not before or _is_code(secret, step - 1, before)):
            return step
    return 0


def _is_code(secret: str, step: int, code: str) -> bool:
    typed = "".join(str(unicodedata.decimal(c)) for c in code if c.isdecimal())
    return secrets.compare_digest(pyotp.TOTP(secret).at(step * TOTP_STEP_SECONDS), typed)


def seal(services: Services, account: Account, text: str) -> str:
    """Return ``text`` encrypted for this account, for its cookie or its row."""
    return b64encode(services.keys.encrypt_for(text.encode(), folded(account.name))).decode()


def unseal(services: Services, account: Account, sealed: str) -> str:
    """Return the text that was encrypted for this account. Raises Unsealable."""
    return services.keys.decrypt_for(b64decode(sealed), folded(account.name)).decode()


def switch_on(services: Services, account: Account, secret: str, code: str) -> bool:
    """Keep ``secret`` for this account, if ``code`` shows that the app has it too."""
    step = step_of(secret, code, services.clock())
    if step:
        sealed = seal(services, account, secret).encode()
        accounts.set_totp(services.stores.office, account.name, sealed, step=step)
    return step > 0


def right(services: Services, account: Account, code: str) -> bool:
    """Return whether this is the app's code of now, or an unspent recovery code; both work once.

    After too many wrong ones only a recovery code is right.
    """
    office = services.stores.office
    sealed = accounts.totp_of(office, account.name)
    if sealed and not spent_out(services, account):
        with suppress(Unsealable):  # under a key that is lost: a recovery code may still be right
            secret = unseal(services, account, sealed.decode())
            if step := step_of(secret, code, services.clock()):
                return accounts.take_step(office, account.name, step)
    return _take_recovery(services, account.name, code)


def _take_recovery(services: Services, name: str, code: str) -> bool:
    spent = services.keys.staff_values(normalise_code(code), "recovery")
    return accounts.take_recovery(services.stores.office, name, spent)


@lru_cache(maxsize=1)
def _nobodys(keys: KeyRing) -> str:
    """Return a sealed secret that no app holds."""
    return b64encode(keys.encrypt_for(new_secret().encode(), "")).decode()


def take_two(services: Services, name: str, code: str, later: str) -> bool:
    """Return whether these are two codes of the app, one after the other, or one recovery code.

    They are spent by that, right password or not, so that each allows a single guess. A name
    without an account or without a second step costs the same work.
    """
    office = services.stores.office
    if not later.strip():
        return _take_recovery(services, name, code)
    kept = accounts.totp_of(office, name).decode()
    owner = folded(name) if kept else ""
    sealed = b64decode(kept or _nobodys(services.keys))
    try:
        secret = services.keys.decrypt_for(sealed, owner).decode()
    except Unsealable:  # under a key that is lost: only a recovery code may still be right
        return False
    step = step_of(secret, later, services.clock(), before=code or "-")
    if not (kept and step) or accounts.missed(office, name) >= accounts.MOST_MISSED:
        return False
    with write_transaction(office):
        return all(accounts.take_step(office, name, at) for at in (step - 1, step))


def sealed_with_lost_key(services: Services, account: Account) -> bool:
    """Return whether the app's secret of this account was sealed with a key that is not here."""
    sealed = accounts.totp_of(services.stores.office, account.name)
    try:
        return bool(sealed) and not unseal(services, account, (sealed or b"").decode())
    except (Unsealable, ValueError):
        return True


def spent_out(services: Services, account: Account) -> bool:
    """Return whether so many codes in a row were wrong that the app's are taken no longer."""
    return accounts.missed(services.stores.office, account.name) >= accounts.MOST_MISSED


def new_recovery(services: Services, account: Account) -> list[str]:
    """Make ten recovery codes, kept as keyed hashes; older ones no longer work."""
    codes = [new_code()[:RECOVERY_LENGTH] for _ in range(RECOVERY_CODES)]
    values = [services.keys.staff_value(code, "recovery") for code in codes]
    accounts.set_recovery(services.stores.office, account.name, values)
    return codes
