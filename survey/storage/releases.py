"""The ledger of releases: what left the house, when, and under which words and policy.

Which rows went where: segments of frozen batches, their part in each tier, errata, hand-overs,
and the totals of the collection that each release told.

Every table is append-only. A release is entered together with what it holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from survey.errors import StoreError
from survey.storage.database import Database, write_transaction


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
    """Enter a release in the ledger for good and return its number.

    Raises StoreError where ``release`` has a number already and another took it meanwhile.
    """
    with write_transaction(db):
        number = next_number(db, release.study)
        if release.number not in (0, number):
            raise StoreError(
                f"Release {release.number} of {release.study} was not entered: another release was "
                "entered meanwhile. Make it again."
            )
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


@dataclass(frozen=True, slots=True)
class Segment:
    """Frozen batches that first went out together; ``number`` counts from 1 within the study."""

    number: int
    batches: tuple[int, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class LedgerPart:
    """A segment as one tier releases it. ``edition`` counts from 1; only a recall makes another.

    ``sha256`` is that of the archived file, ``policy`` the fingerprint it was made under; ``about``
    is plain data for the report.
    """

    segment: int
    tier: str
    edition: int
    sha256: str
    rows: int
    policy: str
    about: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Erratum:
    """A release recalled: why, and when (ISO time, UTC)."""

    release: int
    at: str
    why: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """Who was given a release, under which agreement, agreed on which day (ISO date)."""

    release: int
    at: str
    person: str
    agreement: str
    agreed_on: str


def segments(db: Database, study: str) -> list[Segment]:
    """The study's segments, in order."""
    found = db.conn.execute(
        "SELECT number, batches, rows FROM segments WHERE study = ? ORDER BY number", (study,)
    ).fetchall()
    return [Segment(number, tuple(json.loads(batches)), rows) for number, batches, rows in found]


def parts(db: Database, study: str) -> list[LedgerPart]:
    """Every part ever made, recalled ones included: what is out cannot be taken back."""
    found = db.conn.execute(
        "SELECT segment, tier, edition, sha256, rows, policy, about FROM parts WHERE study = ?"
        " ORDER BY segment, tier, edition",
        (study,),
    ).fetchall()
    return [
        LedgerPart(segment, tier, edition, sha256, rows, policy, json.loads(about))
        for segment, tier, edition, sha256, rows, policy, about in found
    ]


def contents(db: Database, study: str) -> dict[int, list[tuple[int, str, int]]]:
    """Release number → (segment, tier, edition) of each part in it, in order."""
    found = db.conn.execute(
        "SELECT release, segment, tier, edition FROM contents WHERE study = ?"
        " ORDER BY release, segment",
        (study,),
    ).fetchall()
    held: dict[int, list[tuple[int, str, int]]] = {}
    for release, *part in found:
        held.setdefault(release, []).append((part[0], part[1], part[2]))
    return held


def errata(db: Database, study: str) -> list[Erratum]:
    """Recalled releases, in the order they were recalled."""
    found = db.conn.execute(
        "SELECT release, at, why FROM errata WHERE study = ? ORDER BY id", (study,)
    ).fetchall()
    return [Erratum(*row) for row in found]


def hand_overs(db: Database, study: str) -> list[HandOver]:
    """Who was given what, in the order it happened."""
    found = db.conn.execute(
        "SELECT release, at, person, agreement, agreed_on FROM handovers WHERE study = ?"
        " ORDER BY id",
        (study,),
    ).fetchall()
    return [HandOver(*row) for row in found]


def collected(db: Database, study: str) -> dict[int, dict[str, int]]:
    """Release number → totals of the collection as it told them; none for releases without."""
    found = db.conn.execute("SELECT release, tallies FROM collected WHERE study = ?", (study,))
    return {release: json.loads(tallies) for release, tallies in found.fetchall()}


def enter(
    db: Database,
    release: Release,
    *,
    tallies: Mapping[str, int] | None = None,
    new_segments: Sequence[Segment] = (),
    new_parts: Sequence[LedgerPart] = (),
    held: Sequence[LedgerPart] = (),
    recipient: Mapping[str, str] | None = None,
) -> int:
    """Enter a finished release and what it holds, all or nothing; gives its number.

    ``recipient`` is who gets it at once: name, agreement and date; ``tallies`` are the totals of
    the collection that its documents tell.
    """
    study = release.study
    with write_transaction(db):
        for s in new_segments:
            segment = (study, s.number, json.dumps(s.batches), s.rows)
            db.conn.execute("INSERT INTO segments VALUES (?, ?, ?, ?)", segment)
        for p in new_parts:
            db.conn.execute(
                "INSERT INTO parts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (study, p.segment, p.tier, p.edition, p.sha256, p.rows, p.policy,
                 json.dumps(p.about, sort_keys=True)),
            )  # fmt: skip
        number = record(db, release)
        for p in held:
            part = (study, number, p.segment, p.tier, p.edition)
            db.conn.execute("INSERT INTO contents VALUES (?, ?, ?, ?, ?)", part)
        if tallies:
            told = (study, number, json.dumps(tallies, sort_keys=True))
            db.conn.execute("INSERT INTO collected VALUES (?, ?, ?)", told)
        if recipient:
            given = (recipient["name"], recipient["agreement"], recipient["date"])
            hand_over(db, study, HandOver(number, release.made_at, *given))
    return number


def recall(db: Database, study: str, numbers: Sequence[int], *, at: str, why: str) -> None:
    """Note for good that releases are faulty, all at once; they stay listed."""
    with write_transaction(db):
        db.conn.executemany(
            "INSERT INTO errata (study, release, at, why) VALUES (?, ?, ?, ?)",
            [(study, number, at, why) for number in numbers],
        )


def hand_over(db: Database, study: str, given: HandOver) -> None:
    """Note for good who was given a release."""
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO handovers (study, release, at, person, agreement, agreed_on)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (study, given.release, given.at, given.person, given.agreement, given.agreed_on),
        )
