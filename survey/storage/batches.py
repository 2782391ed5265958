"""Batches of frozen answers, and deleting by code, which is possible until an answer is frozen.

A deletion is queued at once, carried out soon, and its bytes are overwritten on the disk. The work
is the same whether or not anything matched: who waits for a turn to write learns nothing from it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from secrets import randbelow, token_bytes

from survey.errors import TooFewToFreeze
from survey.storage import answer_tables, endings
from survey.storage.answer_tables import tables_of
from survey.storage.database import Database, quoted, truncate_log, write_transaction
from survey.storage.record import append, rows_of
from survey.storage.reordering import merge_table, merged_tables
from survey.storage.rewriting import Pace, ask_rewriting, rewrite_due, rewrite_file
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


@dataclass(frozen=True, slots=True)
class _ToDelete:
    """Values of the queue, the keys of their rows and texts by table, and the search's own draw."""

    search: int
    values: Sequence[bytes]
    keys: Mapping[str, Sequence[bytes]]


_SEARCH = "SELECT search FROM levelling"
MOST_SEARCHES = 3  # beside those who send; after that they wait for one more
_PARTS = ("SELECT key FROM {} WHERE " + _ASKED, " AND study NOT IN (SELECT study FROM freezing)")


def _find_asked(db: Database) -> _ToDelete:
    """Look for what is asked for among all that is merged: nobody waits for that.

    What is being frozen is so for those who ask: their codes come too late.
    """
    search = 1 + randbelow(2**62)
    with write_transaction(db):
        db.conn.execute("UPDATE levelling SET search = ?", (search,))
    values = [bytes(v) for (v,) in db.conn.execute("SELECT value FROM withdrawals").fetchall()]
    frozen = {name for (name,) in db.conn.execute("SELECT study FROM freezing").fetchall()}
    keys: dict[str, Sequence[bytes]] = {}
    for table in _with_deletions(db):
        if frozen & answer_tables.studies_of(db, table):
            continue
        beside = _PARTS[1] if table == answer_tables.TEXTS else ""
        found = db.conn.execute(_PARTS[0].format(quoted(table)) + beside)
        keys[table] = [bytes(key) for (key,) in found.fetchall()]
    return _ToDelete(search, values, keys)


def _with_deletions(db: Database) -> list[str]:
    # Submit tokens have no deletion value.
    return [table for table in merged_tables(db) if table != "accepted"]


_GROUPS = {True: "study, variable, coalesce(lang, ''), batch, state", False: "batch"}


def _delete(db: Database, asked: _ToDelete) -> tuple[int, frozenset[str]]:
    """Delete what was found and what has just arrived, and empty the queue, in a transaction.

    Returns how many rows and texts went, and the studies of the rows.
    """
    deleted, studies = 0, set[str]()
    for table in _with_deletions(db):
        is_texts = table == answer_tables.TEXTS
        sql = f"DELETE FROM {quoted(table)} WHERE key = ? RETURNING {_GROUPS[is_texts]}"
        groups: Counter[answer_tables.Group] = Counter()
        if db.keeps_endings:
            _keep_ended(db, table, asked.keys.get(table, ()))
        for key in asked.keys.get(table, ()):
            for row in db.conn.execute(sql, (key,)).fetchall():
                groups[tuple(row) if is_texts else (table, *row)] += 1
        if groups:
            answer_tables.subtract(db, table, groups)
        gone = groups.total()
        gone += db.conn.execute(f"DELETE FROM {quoted(ARRIVING + table)} WHERE {_ASKED}").rowcount
        db.conn.execute(_TALLY, {"gone": gone, "table": table})
        deleted += gone
        if gone:
            studies |= answer_tables.studies_of(db, table)
    # Not those that were asked for since: their rows were not looked for.
    db.conn.executemany("DELETE FROM withdrawals WHERE value = ?", ((v,) for v in asked.values))
    ask_rewriting(db)  # after a code that matched nothing as well
    return deleted, frozenset(studies)


def _keep_ended(db: Database, table: str, keys: Sequence[bytes]) -> None:
    """Keep what is about to be deleted from a table, so that no restore brings it back."""
    owners = sorted(answer_tables.studies_of(db, table))
    study = "study" if table == answer_tables.TEXTS else "NULL"
    found = {
        row
        for key in keys
        for row in db.conn.execute(
            f"SELECT {study}, deletion FROM {quoted(table)} WHERE key = ?", (key,)
        )
    }
    arrived = f"SELECT {study}, deletion FROM {quoted(ARRIVING + table)} WHERE {_ASKED}"
    found.update(db.conn.execute(arrived).fetchall())
    for owner, deletion in sorted(found, key=lambda row: row[1]):
        endings.keep_ended(db, owner or owners[0], [deletion])


Withdrawn = Callable[[Collection[str]], object]
"""What is to be done when answers to these studies are deleted; done before and after the rows go,
so that neither a crash nor somebody who reads them meanwhile leaves anything of them."""


def nothing_more(_studies: Collection[str]) -> None:
    """Leave it at the rows: of real answers nothing else was made before they are frozen."""


def delete_asked(db: Database, *, withdrawn: Withdrawn = nothing_more) -> int:
    """Delete the rows and texts that are queued by now; return how many went.

    The file is to be rewritten then.
    """
    if not pending(db):  # as in nearly every round: no turn to write is taken for nothing
        return 0
    searches = 0
    while True:
        asked, searches = _find_asked(db), searches + 1
        with write_transaction(db):
            if db.conn.execute(_SEARCH).fetchone()[0] != asked.search:
                if searches < MOST_SEARCHES:
                    continue  # what arrived may be among the others now: look again
                asked = _find_asked(db)
            db.conn.execute("UPDATE levelling SET search = 0")
            gone, studies = _delete(db, asked)
            withdrawn(studies)
        withdrawn(studies)
        return gone


def carry_out_deletions(db: Database, *, withdrawn: Withdrawn = nothing_more) -> int:
    """Delete queued rows and texts and overwrite their bytes; return how many went.

    Pages that were split long ago may hold copies in their unused part, which deleting does not
    reach: the file is rewritten, after a code that matched nothing as well.
    """
    deleted = delete_asked(db, withdrawn=withdrawn)
    if rewrite_due(db):
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
    """Destroy all answers of a study, or all its texts, on the disk too; return how many.

    From the start on they count no more. The rows go some at a time: nobody who sends waits long,
    and whoever maintains the file goes on after a crash. It stays noted until it is certified.
    """
    gone = _begin_destroying(db, study, _KINDS[texts])
    finish_destroying(db)
    rewrite_file(db)
    return gone


_KINDS = {True: "texts", False: "answers"}


def being_destroyed(db: Database, study: str, *, texts: bool) -> bool:
    """Return whether answers, or texts, were begun to be destroyed and that is not certified."""
    sql = "SELECT EXISTS (SELECT 1 FROM destroying WHERE study = ? AND kind = ?)"
    return bool(db.conn.execute(sql, (study, _KINDS[texts])).fetchone()[0])


def certified(db: Database, study: str, *, texts: bool) -> None:
    """Note no more that answers, or texts, were destroyed: a certificate says so."""
    with write_transaction(db):
        db.conn.execute(
            "DELETE FROM destroying WHERE study = ? AND kind = ? AND NOT under_way",
            (study, _KINDS[texts]),
        )


def _begin_destroying(db: Database, study: str, kind: str) -> int:
    """Note it, count what goes and count it no more; return how many, also of one begun before."""
    with write_transaction(db):
        known = "SELECT gone FROM destroying WHERE study = ? AND kind = ?"
        if found := db.conn.execute(known, (study, kind)).fetchone():
            return int(found[0])
        gone = 0
        for table, own, bound in _of_kind(db, study, kind):
            sql = f"DELETE FROM {quoted(ARRIVING + table)}{own}"
            gone += db.conn.execute(sql, bound).rowcount
        gone += _uncount(db, study, kind)
        sql = "INSERT INTO destroying VALUES (?, ?, ?, 1)"
        db.conn.execute(sql, (study, kind, gone))
    return gone


def _of_kind(db: Database, study: str, kind: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return each table, and what its rows of the study are told by."""
    if kind == "texts":
        return [(answer_tables.TEXTS, " WHERE study = ?", (study,))]
    return [(table, "", ()) for table in tables_of(db, study)]


def _uncount(db: Database, study: str, kind: str) -> int:
    if kind == "texts":
        sql, each = "DELETE FROM text_totals WHERE study = ? RETURNING count", [study]
    else:
        sql, each = "DELETE FROM row_totals WHERE answers = ? RETURNING count", tables_of(db, study)
    return sum(count for one in each for (count,) in db.conn.execute(sql, (one,)).fetchall())


def finish_destroying(db: Database) -> None:
    """Delete the rows of what is being destroyed, some at a time; the file is rewritten then."""
    under_way = db.conn.execute("SELECT study, kind FROM destroying WHERE under_way").fetchall()
    for study, kind in under_way:
        for table, own, bound in _of_kind(db, study, kind):
            _destroy_rows(db, table, own, bound)
        with write_transaction(db):
            _uncount(db, study, kind)  # a version of the program may have counted what was left
            sql = "UPDATE destroying SET under_way = 0 WHERE study = ? AND kind = ?"
            db.conn.execute(sql, (study, kind))
            ask_rewriting(db)


def _destroy_rows(db: Database, table: str, own: str, bound: tuple[str, ...]) -> None:
    some = f"SELECT key FROM {quoted(table)}{own} ORDER BY key LIMIT ?"
    pace, gone = Pace(), 1
    while gone:
        begun = time.monotonic()
        with write_transaction(db):
            sql = f"DELETE FROM {quoted(table)} WHERE key IN ({some})"
            gone = db.conn.execute(sql, (*bound, pace.rows)).rowcount
        truncate_log(db)
        pace.took(time.monotonic() - begun)


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
    new = _begin_freeze(db, study, minimum, before, closing=closing)
    finish_freezes(db)
    rewrite_file(db)  # pages that were split long ago may hold copies of what was destroyed
    return new


def _begin_freeze(
    db: Database, study: str, minimum: int, before: Callable[[int], object], *, closing: bool
) -> int:
    """Note that the new answers are the next batch; return how many."""
    delete_asked(db)
    with write_transaction(db):
        delete_asked(db)  # what was asked for since
        merge_table(db)
        known = batches(db, study)
        new = known.get(0, 0)
        if new < minimum and not closing:
            raise TooFewToFreeze(new, minimum)
        batch = max(known, default=0) + 1
        before(batch)
        # From here on these answers are frozen, whoever carries it out.
        db.conn.execute("INSERT INTO freezing VALUES (?, ?)", (study, batch))
    return new


def finish_freezes(db: Database) -> None:
    """Destroy the deletion values of what is being frozen, some rows at a time."""
    # The system's secrets: what is drawn by these bytes later, nobody may foresee.
    db.conn.create_function("secret_bytes", 1, token_bytes)
    for study, batch in db.conn.execute("SELECT study, batch FROM freezing").fetchall():
        tables = tables_of(db, study)
        for table in (*tables, answer_tables.TEXTS):
            _freeze_rows(db, table, study, batch)
        with write_transaction(db):
            sql = "DELETE FROM freezing WHERE study = ? AND batch = ?"
            if not db.conn.execute(sql, (study, batch)).rowcount:
                continue  # another process did it all
            for table in tables:
                sql = "UPDATE row_totals SET batch = ? WHERE answers = ? AND batch = 0"
                db.conn.execute(sql, (batch, table))
            sql = "UPDATE text_totals SET batch = ? WHERE study = ? AND batch = 0"
            db.conn.execute(sql, (batch, study))
            ask_rewriting(db)


def _freeze_rows(db: Database, table: str, study: str, batch: int) -> None:
    own = "AND study = :study" if table == answer_tables.TEXTS else ""
    find = (
        f"SELECT key FROM {quoted(table)} WHERE key > :last AND batch = 0 {own}"
        " ORDER BY key LIMIT :rows"
    )
    change = (
        f"UPDATE {quoted(table)} SET deletion = secret_bytes(32), batch = ?"
        " WHERE key = ? AND batch = 0"
    )
    pace, last = Pace(), b""
    while True:
        begun = time.monotonic()
        bound = {"last": last, "study": study, "rows": pace.rows}
        keys = [bytes(key) for (key,) in db.conn.execute(find, bound).fetchall()]
        if not keys:
            return
        with write_transaction(db):
            db.conn.executemany(change, ((batch, key) for key in keys))
        truncate_log(db)
        last = keys[-1]
        pace.took(time.monotonic() - begun)
