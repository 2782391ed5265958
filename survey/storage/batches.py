"""Batches of frozen answers, and deleting by code, which is possible until an answer is frozen.

A deletion is queued at once, carried out soon, and its bytes are overwritten on the disk. The work
is the same whether or not anything matched: who waits for a turn to write learns nothing from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from secrets import token_bytes

from survey.errors import TooFewToFreeze
from survey.storage import answer_tables, endings
from survey.storage.answer_tables import tables_of
from survey.storage.database import Database, quoted, write_transaction
from survey.storage.record import append, rows_of
from survey.storage.reordering import merge_table, merged_tables, rewrite_file
from survey.storage.schema import ARRIVING

_ASKED = "deletion IN (SELECT value FROM withdrawals)"
# A table of answers is one study's; texts have no such table, so nobody is counted twice.
_TALLY = """
    INSERT INTO tallies SELECT study, 'withdrawn', :gone FROM wordings
    WHERE answers = :table AND :gone > 0 GROUP BY study
    ON CONFLICT DO UPDATE SET count = count + excluded.count
"""


def ask_deletion(db: Database, values: Sequence[bytes]) -> None:
    """Queue deletion values (32 bytes each). The same work whether or not they match anything."""
    # Sorted: the queue does not tell which of them was asked for first.
    with write_transaction(db):
        db.conn.executemany(
            "INSERT INTO withdrawals VALUES (?) ON CONFLICT DO NOTHING",
            ((value,) for value in sorted(values)),
        )


def pending(db: Database) -> bool:
    """Return whether a deletion is queued."""
    return bool(db.conn.execute("SELECT EXISTS (SELECT 1 FROM withdrawals)").fetchone()[0])


def delete_asked(db: Database) -> tuple[int, frozenset[str]]:
    """Delete what was asked for and empty the queue, within a transaction.

    Returns how many rows and texts went, and the studies of the rows.
    """
    deleted, studies = 0, set[str]()
    for table in merged_tables(db):
        if table == "accepted":  # submit tokens: they have no deletion value
            continue
        for part in ("", ARRIVING):
            sql = f"DELETE FROM {quoted(part + table)} WHERE {_ASKED}"
            if db.keeps_endings:
                _keep_ended(db, table, part + table)
            gone = db.conn.execute(sql).rowcount
            db.conn.execute(_TALLY, {"gone": gone, "table": table})
            deleted += gone
            if gone:
                studies |= answer_tables.studies_of(db, table)
    db.conn.execute("DELETE FROM withdrawals")
    answer_tables.recount(db, merged_tables(db))
    return deleted, frozenset(studies)


def _keep_ended(db: Database, table: str, part: str) -> None:
    """Keep what is about to be deleted from a table, so that no restore brings it back."""
    owners = sorted(answer_tables.studies_of(db, table))
    study = "study" if table == answer_tables.TEXTS else "NULL"
    sql = f"SELECT DISTINCT {study}, deletion FROM {quoted(part)} WHERE {_ASKED} ORDER BY deletion"
    for owner, deletion in db.conn.execute(sql).fetchall():
        endings.keep_ended(db, owner or owners[0], [deletion])


Withdrawn = Callable[[Collection[str]], object]
"""What is to be done when answers to these studies are deleted; done before and after the rows go,
so that neither a crash nor somebody who reads them meanwhile leaves anything of them."""


def nothing_more(_studies: Collection[str]) -> None:
    """Leave it at the rows: of real answers nothing else was made before they are frozen."""


def carry_out_deletions(db: Database, *, withdrawn: Withdrawn = nothing_more) -> int:
    """Delete queued rows and texts and overwrite their bytes; return how many went.

    Pages that were split long ago may hold copies in their unused part, which deleting does not
    reach: the file is rewritten, after a code that matched nothing as well.
    """
    if not pending(db):  # as in nearly every round: no turn to write is taken for nothing
        return 0
    with write_transaction(db):
        deleted, studies = delete_asked(db)
        withdrawn(studies)
    withdrawn(studies)
    rewrite_file(db)
    return deleted


def batches(db: Database, study: str) -> dict[int, int]:
    """Return answers by batch number; 0 are those not frozen yet."""
    found: Counter[int] = Counter()
    for table in tables_of(db, study):
        for batch, answers in answer_tables.batches_of(db, table):
            found[batch] += answers
    return dict(found)


def promised(db: Database, study: str, fact: str) -> list[str]:
    """Return the days (ISO), earliest first, that senders of answers were told for this fact."""
    sql = "SELECT day FROM promised WHERE study = ? AND fact = ? ORDER BY day"
    return [str(day) for (day,) in db.conn.execute(sql, (study, fact)).fetchall()]


def destroy(db: Database, study: str, *, texts: bool) -> int:
    """Destroy all answers of a study, or all its texts, on the disk too; return how many."""
    gone = 0
    with write_transaction(db):
        for table in ["texts"] if texts else tables_of(db, study):
            for part in ("", ARRIVING):
                own = " WHERE study = ?" if texts else ""
                sql = f"DELETE FROM {quoted(part + table)}{own}"
                gone += db.conn.execute(sql, (study,) if texts else ()).rowcount
        answer_tables.recount(db, merged_tables(db))
    rewrite_file(db)
    return gone


def begins(office: Database, study: str, batch: int, *, at: str) -> None:
    """Note when (ISO time, UTC) a batch was begun: before it is there, so that none is without."""
    with write_transaction(office):
        append(office, "freezes", {"study": study, "batch": batch, "at": at})


def begun(office: Database, study: str) -> dict[int, str]:
    """Return batch → when it was begun last, also where the freeze ended half-way."""
    return {row["batch"]: row["at"] for row in rows_of(office, "freezes", study)}


def freeze(
    db: Database,
    study: str,
    *,
    minimum: int,
    closing: bool,
    before: Callable[[int], object] = lambda _batch: None,
) -> int:
    """Make the new answers the next batch and destroy their deletion values; return how many.

    Deletions asked for before are carried out first. Raises TooFewToFreeze below ``minimum``
    unless the study is ``closing``; nothing is changed then, nor if ``before``, which is given the
    number of the batch when nothing else can keep it from being made, raises anything.
    """
    with write_transaction(db):
        delete_asked(db)
        merge_table(db)
        known = batches(db, study)
        new = known.get(0, 0)
        if new < minimum and not closing:
            raise TooFewToFreeze(new, minimum)
        batch = max(known, default=0) + 1
        before(batch)
        # The system's secrets: what is drawn by these bytes later, nobody may foresee.
        db.conn.create_function("secret_bytes", 1, token_bytes)
        change = "SET deletion = secret_bytes(32), batch = ? WHERE batch = 0"
        for table in tables_of(db, study):
            db.conn.execute(f"UPDATE {quoted(table)} {change}", (batch,))
        db.conn.execute(f"UPDATE texts {change} AND study = ?", (batch, study))
        answer_tables.recount(db, merged_tables(db))
    rewrite_file(db)  # pages that were split long ago may hold copies of what was destroyed
    return new
