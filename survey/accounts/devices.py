"""Browsers that signed in to an account before, known by a cookie that names nobody.

What strangers try is counted apart from them, so that nobody who knows a name keeps its owner out.
The cookie holds a random number and, for each account, a keyed hash of both; the server keeps
nothing of it. It opens nothing: whoever copies it has tries of their own, and still has to guess.
"""

from __future__ import annotations

import hmac
import re
import secrets

from flask import Response, after_this_request, request

from survey.security import STAFF_ROOMS
from survey.services import services
from survey.storage.accounts import Account, folded

DEVICE_SECONDS = 365 * 24 * 60 * 60
MOST_ACCOUNTS = 4  # that one browser is known to; of more the oldest is forgotten
_FORM = re.compile(r"[\w-]{22}(\.[0-9a-f]{64}){1,9}", re.ASCII)


def cookie_name() -> str:
    """Return the name of the cookie; it goes to staff pages alone, as the staff's own does."""
    return "__Secure-staff-device" if services().config.https else "staff-device"


def _read() -> list[str]:
    """Return the number of this browser, and what it has for each account; nothing of rubbish."""
    sent = request.cookies.get(cookie_name(), "")
    return sent.split(".") if _FORM.fullmatch(sent) else []


def known_device(name: str) -> str:
    """Return the number of this browser if it signed in to the account before, else nothing."""
    device, *marks = _read() or [""]
    wanted = services().keys.staff_values(f"{device}:{folded(name)}", "device")
    found = any(hmac.compare_digest(w.hex(), mark) for w in wanted for mark in marks)
    return device if found else ""


def remember_device(account: Account) -> None:
    """Let this browser be known to the account from the next sign-in on."""
    device, *marks = _read() or [secrets.token_urlsafe(16)]
    mark = services().keys.staff_value(f"{device}:{folded(account.name)}", "device").hex()
    others = [one for one in marks if one != mark][: MOST_ACCOUNTS - 1]
    value = ".".join((device, mark, *others))

    @after_this_request
    def _keep(response: Response) -> Response:
        for path in (f"/{room}" for room in STAFF_ROOMS):
            response.set_cookie(
                cookie_name(), value, max_age=DEVICE_SECONDS, path=path,
                secure=services().config.https, httponly=True, samesite="Lax",
            )  # fmt: skip
        return response
