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

    from survey.accounts.access import current_account
    from survey.services import services

    if request.method == "HEAD":
        return
    at, name = iso_utc(services().clock()), who or current_account().name
    studies.note(services().stores.office, at=at, who=name, what=what)


def note_command(office: Database, what: str) -> None:
    """Write down that the system's user did ``what`` by a command, now."""
    studies.note(office, at=iso_utc(), who=f"{getpass.getuser()} (command line)", what=what)
