"""The second step of signing in: codes from an app (RFC 6238), or a recovery code for once."""

from __future__ import annotations

import secrets
import unicodedata
from base64 import b64decode, b64encode

import pyotp
import segno

from survey.seal import new_code, tidy_code
from survey.staff.standing import Staff
from survey.store import accounts
from survey.store.accounts import Account, folded

ISSUER = "Lacrima"
STEP_SECONDS = 30
LATE_STEPS = 1  # RFC 6238 section 5.2 recommends one, for clocks that differ and slow fingers
RECOVERY_CODES = 10
RECOVERY_LETTERS = 14  # two groups and a half of CODE_LETTERS: 50 bits without look-alikes


def new_secret() -> str:
    """A shared secret of 160 bits (RFC 4226 section 4, R6), in base 32."""
    return pyotp.random_base32()


def address(secret: str, name: str) -> str:
    """What the QR code says: the otpauth address that apps take."""
    return str(pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER))


def picture(secret: str, name: str) -> str:
    """The QR code as an SVG element, dark on light whatever the page's colours are."""
    code = segno.make(address(secret, name), error="m", micro=False)
    return str(code.svg_inline(scale=5, border=4, light="#fff", svgclass="qr", omitsize=False))


def step_of(secret: str, code: str, now: float) -> int:
    """The time step whose code this is, in any script's digits, near ``now``; 0 for none."""
    typed = "".join(str(unicodedata.decimal(c)) for c in code if c.isdecimal())
    totp, current = pyotp.TOTP(secret), int(now) // STEP_SECONDS
    for step in range(current - LATE_STEPS, current + LATE_STEPS + 1):
        if secrets.compare_digest(totp.at(step * STEP_SECONDS), typed):
            return step
    return 0


def seal(staff: Staff, account: Account, text: str) -> str:
    """``text`` sealed for this account, for its cookie or its row."""
    return b64encode(staff.seal.put_away(text.encode(), folded(account.name))).decode()


def unseal(staff: Staff, account: Account, sealed: str) -> str:
    """The reverse. Raises Unsealable."""
    return staff.seal.take_out(b64decode(sealed), folded(account.name)).decode()


def switch_on(staff: Staff, account: Account, secret: str, code: str) -> bool:
    """Keep ``secret`` for this account, if ``code`` shows that the app has it too."""
    step = step_of(secret, code, staff.clock())
    if step:
        sealed = seal(staff, account, secret).encode()
        accounts.set_totp(staff.stores.office, account.name, sealed, step=step)
    return step > 0


def right(staff: Staff, account: Account, code: str) -> bool:
    """Whether this is the app's code of now, or an unspent recovery code; both work once."""
    office = staff.stores.office
    sealed = accounts.totp_of(office, account.name)
    step = step_of(unseal(staff, account, sealed.decode()), code, staff.clock()) if sealed else 0
    if step:
        return accounts.take_step(office, account.name, step)
    spent = staff.seal.staff_values(tidy_code(code), "recovery")
    return accounts.take_recovery(office, account.name, spent)


def new_recovery(staff: Staff, account: Account) -> list[str]:
    """Ten fresh recovery codes, kept as keyed hashes; older ones no longer work."""
    codes = [new_code()[:RECOVERY_LETTERS] for _ in range(RECOVERY_CODES)]
    values = [staff.seal.staff_value(code, "recovery") for code in codes]
    accounts.set_recovery(staff.stores.office, account.name, values)
    return codes
