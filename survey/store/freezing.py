"""Freezing: from then on nobody can withdraw, and what is there may be released as one batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from survey.store import totals
from survey.store.database import Database, quoted, writing
from survey.store.errors import TooFewToFreeze
from survey.store.settle import join, level, settled_tables
from survey.store.tables import tables_of
from survey.store.withdrawals import delete_asked


def batches(db: Database, study: str) -> dict[int, int]:
    """Answers by batch number; 0 are those not frozen yet."""
    found: Counter[int] = Counter()
    for table in tables_of(db, study):
        for batch, answers in totals.batches_of(db, table):
            found[batch] += answers
    return dict(found)


def begins(office: Database, study: str, batch: int, *, at: str) -> None:
    """Note when (ISO time, UTC) a batch was begun: before it is there, so that none is without."""
    with writing(office):
        office.conn.execute(
            "INSERT INTO freezes (study, batch, at) VALUES (?, ?, ?)", (study, batch, at)
        )


def begun(office: Database, study: str) -> dict[int, str]:
    """Batch → when it was begun last. One that ended half-way is there too, though no batch is."""
    sql = "SELECT batch, at FROM freezes WHERE study = ? ORDER BY id"
    return dict(office.conn.execute(sql, (study,)).fetchall())


def _nothing(_batch: int) -> None:
    pass


def freeze(
    db: Database,
    study: str,
    *,
    minimum: int,
    closing: bool,
    before: Callable[[int], None] = _nothing,
) -> int:
    """Make the new answers the next batch and destroy their deletion values; gives how many.

    Deletions asked for before are carried out first. Raises TooFewToFreeze below ``minimum``
    unless the study is ``closing``; nothing is changed then, nor if ``before``, which is given the
    number of the batch when nothing else can keep it from being made, raises anything.
    """
    with writing(db):
        delete_asked(db)
        join(db)
        known = batches(db, study)
        new = known.get(0, 0)
        if new < minimum and not closing:
            raise TooFewToFreeze(new, minimum)
        batch = max(known, default=0) + 1
        before(batch)
        _destroy(db, study, batch)
    level(db)  # pages that were split long ago may hold copies of what was destroyed
    return new


def _destroy(db: Database, study: str, batch: int) -> None:
    change = "SET deletion = randomblob(32), batch = ? WHERE batch = 0"
    for table in tables_of(db, study):
        db.conn.execute(f"UPDATE {quoted(table)} {change}", (batch,))
    db.conn.execute(f"UPDATE texts {change} AND study = ?", (batch, study))
    totals.recount(db, settled_tables(db))
