"""One line for everything that staff do: who, when, what. Append-only; the board reads it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from survey.clock import iso_utc
from survey.storage import studies
from survey.storage.database import Database, write_transaction


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


@contextmanager
def one_act() -> Iterator[None]:
    """Join what an act changes in the office's file and its line in the audit: both, or neither."""
    from survey.services import services

    with write_transaction(services().stores.office):
        yield


COMMAND_LINE = "command line"


def claimed_name() -> str:
    """Return how the record names whoever types a command: no account, and a claim at most.

    The name is the one given with ``lacrima --by``; the server's user says nothing of a person.
    """
    import click

    context = click.get_current_context(silent=True)
    by = context.find_root().params.get("by", "") if context else ""
    return f"{COMMAND_LINE}, claims to be {by}" if by else COMMAND_LINE


def note_command(office: Database, what: str) -> None:
    """Write down that ``what`` was done by a command, now."""
    studies.note(office, at=iso_utc(), who=claimed_name(), what=what)
