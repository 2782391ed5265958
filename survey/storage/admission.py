"""Admission to a study: keyed hashes of unspent invitation codes, and the rule of each real study.

A spent code is gone: ``answers.accept`` deletes it. The rule is that of site.toml when it was last
read, kept for the day on which the file cannot be read: nobody is admitted then who was not before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from survey.storage.database import Database, write_transaction


def add(db: Database, study: str, hashes: Iterable[bytes]) -> int:
    """Add keyed hashes (32 bytes each) of new codes; return how many are new."""
    new = sorted(set(hashes))  # the file shows no order in which codes were made or handed out
    with write_transaction(db):
        return db.conn.executemany(
            "INSERT INTO invitations VALUES (?, ?) ON CONFLICT DO NOTHING",
            ((value, study) for value in new),
        ).rowcount


def study_of(db: Database, hash: bytes) -> str | None:  # noqa: A002
    """Return the study that an unspent code invites to."""
    found = db.conn.execute("SELECT study FROM invitations WHERE code = ?", (hash,)).fetchone()
    return found[0] if found else None


def unspent(db: Database, study: str) -> int:
    """Return how many codes of the study can still be used."""
    return db.table("invitations").count_where("study = ?", [study])


def any_unspent(db: Database, study: str) -> bool:
    """Return whether any code of the study can still be used."""
    # EXISTS stops at the first code, where counting would read them all.
    sql = "SELECT EXISTS (SELECT 1 FROM invitations WHERE study = ?)"
    return bool(db.conn.execute(sql, (study,)).fetchone()[0])


def drop(db: Database, study: str) -> None:
    """Delete every unspent code of the study."""
    with write_transaction(db):
        db.table("invitations").delete_where("study = ?", [study])


def add_watch(db: Database, study: str, hashes: Iterable[bytes], *, pilot: bool) -> None:
    """Add keyed hashes of codes that are handed to nobody (``db`` is the office's)."""
    with write_transaction(db):
        db.table("watch_codes").insert_all(
            {"code": value, "study": study, "pilot": pilot} for value in sorted(hashes)
        )


def watched_study(db: Database, hash: bytes) -> str:  # noqa: A002
    """Return the study of such a code that nobody has typed yet, else nothing."""
    sql = "SELECT study FROM watch_codes WHERE code = ? AND typed_on = ''"
    found = db.conn.execute(sql, (hash,)).fetchone()
    return str(found[0]) if found else ""


def type_watch(db: Database, hash: bytes, day: str) -> bool:  # noqa: A002
    """Note that such a code was typed; return whether it is for the first time."""
    sql = "UPDATE watch_codes SET typed_on = ? WHERE code = ? AND typed_on = ''"
    return bool(db.conn.execute(sql, (day, hash)).rowcount)


def drop_watch(db: Database, study: str, *, pilot: bool) -> None:
    """Delete the study's codes that were handed to nobody."""
    with write_transaction(db):
        db.table("watch_codes").delete_where("study = ? AND pilot = ?", [study, pilot])


@dataclass(frozen=True, slots=True)
class WatchCodes:
    """How many codes were handed to nobody, how many of them were typed, and when first (ISO)."""

    made: int
    typed: int
    first: str


def watch_codes(db: Database, study: str, *, pilot: bool) -> WatchCodes:
    """Return what is known of the study's codes that were handed to nobody."""
    sql = """SELECT count(*), count(nullif(typed_on, '')), coalesce(min(nullif(typed_on, '')), '')
        FROM watch_codes WHERE study = ? AND pilot = ?"""
    return WatchCodes(*db.conn.execute(sql, (study, pilot)).fetchone())


def begin_day(db: Database, study: str, day: str, sent: int, *, pilot: bool) -> None:
    """Keep how many answers there were when the day (ISO) began, in place of the day before."""
    row = {"study": study, "pilot": pilot, "day": day, "sent": sent}
    with write_transaction(db):
        db.table("day_starts").insert(row, replace=True)


def sent_before(db: Database, study: str, day: str, *, pilot: bool) -> int | None:
    """Return how many answers there were when this day began; None before that was looked at."""
    sql = "SELECT sent FROM day_starts WHERE study = ? AND pilot = ? AND day = ?"
    found = db.conn.execute(sql, (study, pilot, day)).fetchone()
    return int(found[0]) if found else None


@dataclass(frozen=True, slots=True)
class AdmissionRule:
    """A study's limit of answers, None for any number; ``invited``: only with an invitation."""

    limit: int | None
    invited: bool


def of(db: Database, study: str) -> AdmissionRule | None:
    """Return the rule that was kept last; None where site.toml never said anything."""
    found = db.conn.execute("SELECT most, invited FROM doors WHERE study = ?", (study,)).fetchone()
    return AdmissionRule(found[0], bool(found[1])) if found else None


def keep(db: Database, study: str, rule: AdmissionRule) -> None:
    """Keep the rule, where another was kept."""
    if of(db, study) == rule:
        return
    with write_transaction(db):
        row = {"study": study, "most": rule.limit, "invited": rule.invited}
        db.table("doors").insert(row, replace=True)
