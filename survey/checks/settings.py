"""Checks of the settings, and of what they name outside the data folder."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from survey.checks.finding import Asked, Finding, safe, told, unsafe
from survey.config import LOOPBACK
from survey.crypto import read_keys
from survey.errors import BadKey
from survey.program import software
from survey.storage.stores import SQLITE


def https(asked: Asked) -> Iterator[Finding]:
    """Answers travel over TLS, or on this machine only."""
    config = asked.config
    if not config.https and config.host not in LOOPBACK:
        yield unsafe(
            "LACRIMA_HTTPS",
            "is off while LACRIMA_HOST is reachable from outside: answers would travel in clear.",
            "Put a TLS proxy in front and set LACRIMA_HTTPS=on.",
        )
    elif config.https:
        yield safe("LACRIMA_HTTPS", "cookies travel over TLS only.")
    else:
        yield safe("LACRIMA_HTTPS", "is off, and nobody outside this machine reaches the server.")


def mail_password(asked: Asked) -> Iterator[Finding]:
    """Nobody else reads the password of the mail server."""
    name = asked.config.smtp_password_file
    if not name:
        return
    path = Path(name)
    if not path.exists():
        yield unsafe("LACRIMA_SMTP_PASSWORD_FILE", f"{path} is not there.", "Write it, mode 600.")
    elif path.stat().st_mode & 0o077:
        yield unsafe(
            "LACRIMA_SMTP_PASSWORD_FILE", f"{path} can be read by others.", f"Run: chmod 600 {path}"
        )


def key(asked: Asked) -> Iterator[Finding]:
    """The server key is there, whole, and read by its owner alone."""
    path = asked.config.key
    try:
        keys = read_keys(path)
        mode = path.stat().st_mode
    except (BadKey, OSError) as error:
        yield unsafe("LACRIMA_KEY", str(error))
        return
    if mode & 0o077:
        yield unsafe("LACRIMA_KEY", f"{path} can be read by others.", f"Run: chmod 600 {path}")
    else:
        count = f"{len(keys)} key{'s' * (len(keys) > 1)}"
        yield safe("server key", f"{path} holds {count} and is read by its owner alone.")


def program(_: Asked) -> Iterator[Finding]:
    """Which program this is, as ledger and certificate name it, and what it runs on."""
    parts = ", ".join(f"{name} {version(name)}" for name in ("granian", "flask", "cryptography"))
    yield told("program", f"{software()}, on Python {platform.python_version()}, {parts}.")


def sqlite(_: Asked) -> Iterator[Finding]:
    """SQLite is new enough."""
    if sqlite3.sqlite_version_info < SQLITE:
        yield unsafe("SQLite", f"is {sqlite3.sqlite_version}; 3.37 or newer is needed.")
    else:
        yield safe("SQLite", f"is {sqlite3.sqlite_version}.")
