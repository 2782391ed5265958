"""The ledger of releases: what left the house, when, and under which words and policy."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from survey.store.database import Database, writing


@dataclass(frozen=True, slots=True)
class Release:
    """One finished release. ``sha256`` is of its SHA256SUMS, ``made_at`` an ISO time (UTC).

    ``policy`` and ``words`` are fingerprints (hex); ``batches`` are the frozen batches in it.
    """

    study: str
    tier: str
    sha256: str
    made_at: str
    rows: int
    policy: str
    words: tuple[str, ...]
    batches: tuple[int, ...] = ()
    pilot: bool = False
    number: int = 0


def next_number(db: Database, study: str) -> int:
    """What the study's next release will be called: 1 for its first."""
    number: int = db.conn.execute(
        "SELECT coalesce(max(number), 0) + 1 FROM releases WHERE study = ?", (study,)
    ).fetchone()[0]
    return number


def record(db: Database, release: Release) -> int:
    """Enter a release in the ledger, for good; gives its number."""
    with writing(db):
        number = next_number(db, release.study)
        db.conn.execute(
            "INSERT INTO releases VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                release.study, number, release.tier, release.sha256, release.made_at,
                release.rows, release.policy, json.dumps(release.words),
                json.dumps(release.batches), int(release.pilot),
            ),
        )  # fmt: skip
    return number


def all_releases(db: Database, study: str) -> list[Release]:
    """Every release of the study, in the order made."""
    found = db.conn.execute("SELECT * FROM releases WHERE study = ? ORDER BY number", (study,))
    names = [column[0] for column in found.description]
    return [_release(dict(zip(names, row, strict=True))) for row in found.fetchall()]


def _release(row: dict[str, Any]) -> Release:
    lists = {name: tuple(json.loads(row[name])) for name in ("words", "batches")}
    return Release(**{**row, **lists, "pilot": bool(row["pilot"])})
