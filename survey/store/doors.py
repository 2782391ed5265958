"""Who may come into each real study, as site.toml said when it was last read.

Kept for the day on which that file cannot be read: nobody comes in then who could not before.
"""

from __future__ import annotations

from dataclasses import dataclass

from survey.store.database import Database, writing


@dataclass(frozen=True, slots=True)
class Door:
    """``limit``: so many answers, None for any number; ``invited``: only with an invitation."""

    limit: int | None
    invited: bool


def of(db: Database, study: str) -> Door | None:
    """As it was kept last; None where site.toml never said anything."""
    found = db.conn.execute("SELECT most, invited FROM doors WHERE study = ?", (study,)).fetchone()
    return Door(found[0], bool(found[1])) if found else None


def keep(db: Database, study: str, door: Door) -> None:
    """Keep it, where it is not what was kept."""
    if of(db, study) == door:
        return
    with writing(db):
        db.conn.execute(
            "INSERT OR REPLACE INTO doors (study, most, invited) VALUES (?, ?, ?)",
            (study, door.limit, int(door.invited)),
        )
