"""One line for everything that staff do: who, when, what. Append-only; the board reads it."""

from __future__ import annotations

import getpass

from survey.clock import iso_utc
from survey.storage import studies
from survey.storage.database import Database


def note(what: str, *, who: str = "") -> None:
    """Write down that the person signed in did ``what`` ("NAME-OF-STUDY: release 3, made").

    ``who`` only where nobody is signed in yet or any more. A request that only asks whether
    something is there (HEAD) takes nothing away and changes nothing: no line.
    """
    # Commands write lines too, and need no web for it.
    from flask import request

    from survey.accounts.access import signed_in
    from survey.services import staff

    if request.method == "HEAD":
        return
    account = signed_in()
    name = who or (account.name if account else "")
    assert name, "nobody is signed in: the audit needs a name"
    at = iso_utc(staff().clock())
    studies.note(staff().stores.office, at=at, who=name, what=what)


def note_command(office: Database, what: str) -> None:
    """The same for a command: the system's user did it, now."""
    at = iso_utc()
    studies.note(office, at=at, who=f"{getpass.getuser()} (command line)", what=what)
