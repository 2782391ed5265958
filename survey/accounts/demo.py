"""The demo's two accounts: fresh passwords at every start, gone when it ends or in real use."""

from __future__ import annotations

from survey.accounts import passwords
from survey.clock import iso_utc
from survey.config import ROLES
from survey.crypto import new_code
from survey.storage import accounts
from survey.storage.accounts import Role
from survey.storage.database import Database

PREFIX = "demo-"


def make(office: Database) -> dict[Role, tuple[str, str]]:
    """Make a researcher and a board member; return role → (name, password)."""
    clear(office)
    at = iso_utc()
    made: dict[Role, tuple[str, str]] = {}
    for role in _roles():
        name, password = PREFIX + role, new_code().lower()
        accounts.add(office, name=name, role=role, at=at)
        accounts.set_password(office, name, passwords.hashed(password))
        made[role] = name, password
    return made


def clear(office: Database) -> None:
    """Remove the demo accounts, and sign-ins to them."""
    for role in _roles():
        accounts.remove(office, PREFIX + role)


def _roles() -> tuple[Role, ...]:
    return ROLES
