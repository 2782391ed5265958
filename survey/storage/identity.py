"""The installation that a file belongs to: one random id in every database and beside the key.

By it a file of another installation, put in the place of ours, is told from ours.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from secrets import token_hex

from survey.private_file import write_whole
from survey.storage.database import AnyDatabase

NAMES = ("responses", "pilot", "drafts", "office")
TABLE = "installation"
SHORT = 8  # digits of an id that a sentence names


def new_identity() -> str:
    """Return the id of a new installation: 32 hexadecimal digits at random."""
    return token_hex(16)


def identity_of(db: AnyDatabase) -> str:
    """Return the id that an open file holds; nothing where it holds none yet."""
    return _read(db.conn)


def keep_identity(db: AnyDatabase, identity: str) -> None:
    """Write the id into an open file that holds none."""
    db.conn.execute(f"INSERT INTO {TABLE} VALUES (?)", (identity,))


def open_to_look(path: Path) -> sqlite3.Connection:
    """Return a connection that only reads, and leaves no file beside one that nobody has open."""
    how = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"
    return sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True)


def identity_in(path: Path) -> str | None:
    """Return the id in a database file, which is only read: None without a file, else as above.

    Raises sqlite3.Error for what is no database, or damaged.
    """
    if not path.exists():
        return None
    with closing(open_to_look(path)) as conn:
        return _read(conn)


def was_used(path: Path) -> bool:
    """Return whether a database file was ever served with a key (server_keys.py)."""
    if not path.exists():
        return False
    with closing(open_to_look(path)) as conn:
        some = "SELECT EXISTS (SELECT 1 FROM server_keys)"
        return _has_table(conn, "server_keys") and bool(conn.execute(some).fetchone()[0])


def identities_in(folder: Path) -> dict[str, str | None]:
    """Return the id in each file of a data folder, by the file's name. Raises sqlite3.Error."""
    return {name: identity_in(folder / f"{name}.db") for name in NAMES}


def _has_table(conn: sqlite3.Connection, name: str) -> bool:
    there = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?)"
    return bool(conn.execute(there, (name,)).fetchone()[0])


def _read(conn: sqlite3.Connection) -> str:
    if not _has_table(conn, TABLE):
        return ""
    found = conn.execute(f"SELECT id FROM {TABLE}").fetchone()
    return str(found[0]) if found else ""


def identity_path(key: Path) -> Path:
    """Return the file beside the server key that holds the id."""
    return key.with_suffix(".id")


def identity_beside(key: Path) -> str:
    """Return the id that stands beside the key; nothing where there is none. Raises OSError."""
    with suppress(FileNotFoundError):
        return identity_path(key).read_text("ascii").strip()
    return ""


def keep_beside(key: Path, identity: str) -> None:
    """Write the id beside the key, whole or not at all. Raises OSError."""
    write_whole(identity_path(key), f"{identity}\n".encode())
