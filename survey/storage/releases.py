"""The ledger of releases: which rows went out when, and under which words and policy.

It also holds segments of frozen batches with their part in each tier, errata, hand-overs and the
totals of the collection that each release told. Every table is append-only, and a release is
entered together with what it holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from survey.errors import StoreError
from survey.storage.database import Database, write_transaction
from survey.storage.record import append


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
    number: int = 0  # 0 before it is entered
    program: str = ""  # the version of the program that made it


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
    """A release given to a person, under which agreement, agreed on which day (ISO date)."""

    release: int
    at: str
    person: str
    agreement: str
    agreed_on: str


def next_number(db: Database, study: str) -> int:
    """Return the number of the study's next release: 1 for its first."""
    made = db.table("releases").rows_where("study = ?", [study], select="number")
    return max((row["number"] for row in made), default=0) + 1


def record(db: Database, release: Release) -> int:
    """Enter a release in the ledger for good; return its number.

    Raises StoreError where ``release`` has a number already and another took it meanwhile.
    """
    with write_transaction(db):
        number = next_number(db, release.study)
        # It lies archived under its number already: it cannot simply take the next one.
        if release.number not in (0, number):
            raise StoreError(
                f"Release {release.number} of {release.study} was not entered: another release was "
                "entered meanwhile. Make it again."
            )
        append(db, "releases", asdict(release) | {"number": number})
    return number


def _of(db: Database, table: str, study: str, order: str) -> Iterator[dict[str, Any]]:
    """Yield the study's rows of a table, without what the table itself adds."""
    for row in db.table(table).rows_where("study = ?", [study], order_by=order):
        yield {name: value for name, value in row.items() if name not in ("id", "study")}


def all_releases(db: Database, study: str) -> list[Release]:
    """Return every release of the study, in the order made."""
    return [
        Release(
            study=study,
            words=tuple(json.loads(row.pop("words"))),
            batches=tuple(json.loads(row.pop("batches"))),
            pilot=bool(row.pop("pilot")),
            **row,
        )
        for row in _of(db, "releases", study, "number")
    ]


def released_studies(db: Database) -> list[str]:
    """Return the name of every study of which a real release was made."""
    found = db.conn.execute("SELECT DISTINCT study FROM releases WHERE NOT pilot ORDER BY study")
    return [study for (study,) in found.fetchall()]


def segments(db: Database, study: str) -> list[Segment]:
    """Return the study's segments, in order."""
    return [
        Segment(row["number"], tuple(json.loads(row["batches"])), row["rows"])
        for row in _of(db, "segments", study, "number")
    ]


def parts(db: Database, study: str) -> list[LedgerPart]:
    """Return every part ever made, recalled ones too: a released file cannot be taken back."""
    return [
        LedgerPart(about=json.loads(row.pop("about")), **row)
        for row in _of(db, "parts", study, "segment, tier, edition")
    ]


def contents(db: Database, study: str) -> dict[int, list[tuple[int, str, int]]]:
    """Return release number → (segment, tier, edition) of each part in it, in order."""
    held: dict[int, list[tuple[int, str, int]]] = {}
    for row in _of(db, "contents", study, "release, segment"):
        held.setdefault(row["release"], []).append((row["segment"], row["tier"], row["edition"]))
    return held


def errata(db: Database, study: str) -> list[Erratum]:
    """Return recalled releases, in the order they were recalled."""
    return [Erratum(**row) for row in _of(db, "errata", study, "id")]


def hand_overs(db: Database, study: str) -> list[HandOver]:
    """Return every hand-over, in the order it happened."""
    return [HandOver(**row) for row in _of(db, "handovers", study, "id")]


def collected(db: Database, study: str) -> dict[int, dict[str, int]]:
    """Return release number → totals of the collection as it told them, where it told any."""
    found = _of(db, "collected", study, "release")
    return {row["release"]: json.loads(row["tallies"]) for row in found}


def fix_segment(db: Database, study: str, segment: Segment) -> None:
    """Enter for good of which batches a segment is, within the caller's transaction."""
    append(db, "segments", {"study": study} | asdict(segment))


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
    """Enter a finished release and what it holds, all or nothing; return its number.

    ``recipient`` receives it at once: name, agreement and date; ``tallies`` are the totals of the
    collection that its documents tell.
    """
    study = {"study": release.study}
    with write_transaction(db):
        for segment in new_segments:
            fix_segment(db, release.study, segment)
        for part in new_parts:
            about = json.dumps(part.about, sort_keys=True)
            append(db, "parts", study | asdict(part) | {"about": about})
        number = record(db, release)
        entered = study | {"release": number}
        for part in held:
            within = {"segment": part.segment, "tier": part.tier, "edition": part.edition}
            append(db, "contents", entered | within)
        if tallies:
            told = json.dumps(tallies, sort_keys=True)
            append(db, "collected", entered | {"tallies": told})
        # In the same transaction: a file for named recipients is never in the ledger without one.
        if recipient:
            given = (recipient["name"], recipient["agreement"], recipient["date"])
            hand_over(db, release.study, HandOver(number, release.made_at, *given))
    return number


def recall(db: Database, study: str, numbers: Sequence[int], *, at: str, why: str) -> None:
    """Note for good that releases are faulty, all at once; they stay listed."""
    with write_transaction(db):
        for number in numbers:
            append(db, "errata", {"study": study, **asdict(Erratum(number, at, why))})


def hand_over(db: Database, study: str, given: HandOver) -> None:
    """Note for good to whom a release was given."""
    with write_transaction(db):
        append(db, "handovers", {"study": study, **asdict(given)})
