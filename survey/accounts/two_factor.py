"""The second step of signing in: codes from an app (RFC 6238), or a recovery code for once."""

from __future__ import annotations

import secrets
import unicodedata
from base64 import b64decode, b64encode
from contextlib import suppress

import pyotp
import segno

from forms.typed_codes import normalise_code
from survey.config import Config
from survey.crypto import new_code
from survey.errors import Unsealable
from survey.services import Services
from survey.storage import accounts
from survey.storage.accounts import Account, folded

ISSUER = "Lacrima"
TOTP_STEP_SECONDS = 30
LATE_STEPS = 1  # RFC 6238 section 5.2 recommends one, for clocks that differ and slow fingers
RECOVERY_CODES = 10
# Three groups and a letter of CODE_LETTERS: 65 bits. From 64 on tries need no counting (NIST
# SP 800-63B section 5.1.2.2), so that they may be the way in where the app's codes are not.
RECOVERY_LENGTH = 16


def second_step_required(config: Config, account: Account) -> bool:
    """Return whether this account signs in with a second step: a board's always does.

    The demo's own accounts do not: each start of the demo, and of the server, makes an end of them.
    """
    asked = account.role == "board" or account.role in config.second_step
    return asked and not config.demo and not account.of_demo


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


def step_of(secret: str, code: str, now: float) -> int:
    """Return the time step near ``now`` of this code, in any script's digits; 0 for none."""
    typed = "".join(str(unicodedata.decimal(c)) for c in code if c.isdecimal())
    totp, current = pyotp.TOTP(secret), int(now) // TOTP_STEP_SECONDS
    for step in range(current - LATE_STEPS, current + LATE_STEPS + 1):
        if secrets.compare_digest(totp.at(step * TOTP_STEP_SECONDS), typed):
            return step
    return 0


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
    spent = services.keys.staff_values(normalise_code(code), "recovery")
    return accounts.take_recovery(office, account.name, spent)


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
