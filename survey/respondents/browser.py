"""What a browser's cookie holds of each study, under a key that says nothing of its topic.

One browser may answer several studies: each has its own secret, and its end leaves the others.
See docs/decisions/0001-cookies.md.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from typing import Any

from flask import Response, session

from survey.security import CLEAR_SITE_DATA

SECRET = "k"  # the browser's half of the draft's key  # noqa: S105
MAY_CONSENT = "e"  # the eligibility questions were answered with yes
INVITATION = "i"  # sealed: the invitation that opens the study, until the first question
UNFIT = "y"  # until the next page: which question said that the study is not for this person
KIOSK = "q"  # the device is shared: every end leads to a fresh first page

TOKEN = "csrf_token"  # Flask-WTF's, of the whole browser  # noqa: S105


def entry_of(study: str) -> str:
    """Return the study's key in the cookie, which lies readable on the device."""
    return hashlib.blake2b(study.encode(), digest_size=6).hexdigest()


def kept(study: str, name: str) -> Any:
    """Return what the cookie holds of ``study`` under ``name``, or None."""
    entry = session.get(entry_of(study))
    return entry.get(name) if isinstance(entry, dict) else None


def keep(study: str, **values: Any) -> None:
    """Put ``values`` into the cookie for ``study``; what is empty is taken out."""
    entry = session.get(entry_of(study))
    merged = {**(entry if isinstance(entry, dict) else {}), **values}
    remaining = {name: value for name, value in merged.items() if value}
    if remaining:
        session[entry_of(study)] = remaining
    else:
        session.pop(entry_of(study), None)


def secret_of(study: str) -> bytes | None:
    """Return the browser's half of its draft's key; None without one or with a damaged one."""
    try:
        return urlsafe_b64decode(kept(study, SECRET) or "") or None
    except (NotBase64, ValueError, TypeError):
        return None


def keep_secret(study: str, secret: bytes) -> None:
    """Keep the secret of a draft that begins; what led to it is needed no more."""
    text = urlsafe_b64encode(secret).decode()
    keep(study, **{SECRET: text, MAY_CONSENT: None, INVITATION: None})


def forget(study: str) -> None:
    """Take the study out of the cookie; the cookie expires where nothing else is in it."""
    kiosk = kept(study, KIOSK)
    session.pop(entry_of(study), None)
    if kiosk:
        session.pop(TOKEN, None)  # the next person's forms carry a token of their own
        keep(study, **{KIOSK: kiosk})
    elif not session.keys() - {TOKEN}:
        session.clear()


def clear_site(response: Response, study: str) -> Response:
    """Forget the study, and ask the browser to forget what it kept of our pages."""
    forget(study)
    response.headers["Clear-Site-Data"] = CLEAR_SITE_DATA
    return response
