"""Uniting the answers of two closed installations of one study, with no order left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from survey.errors import Refusal
from survey.storage import answer_tables, batches, endings, releases, server_keys, studies
from survey.storage.database import Database, quoted, write_transaction
from survey.storage.identity import identity_of
from survey.storage.reordering import merge_table, merged_tables
from survey.storage.rewriting import rewrite_file
from survey.storage.stores import Stores

WITHOUT_KEY = ("accepted",)  # submit tokens: nothing is stored by them


@dataclass(frozen=True, slots=True)
class United:
    """How many rows and texts were taken over, and how many both had."""

    taken: int
    known: int


def unite(ours: Stores, other_folder: Path, note: Callable[[], object]) -> United:
    """Take the answers of the installation in ``other_folder`` over, in one transaction.

    ``note`` writes the audit's line within it.

    The other one is left as it is. Raises Refusal with nothing changed where one of them still
    collects, was frozen or released, or where the studies are not the same.
    """
    if other_folder.resolve() == ours.folder.resolve():
        raise Refusal("An installation is not merged with itself.")
    if not (other_folder / "responses.db").is_file() or not (other_folder / "office.db").is_file():
        raise Refusal(f"{other_folder} is no data folder: it has no responses.db and office.db.")
    other = Stores(other_folder)
    try:
        for stores in (ours, other):
            _check_closed(stores)
        _check_same(ours, other)
        return _taken(ours, other, note)
    finally:
        other.close()


def _check_closed(stores: Stores) -> None:
    office = stores.office
    for study in endings.study_names(office):
        if studies.status(office, study) == "open":
            raise Refusal(f"{study} is open in {stores.folder}: close it first.")
        frozen = any(batch for batch in batches.batches(stores.responses, study))
        if frozen or batches.begun(office, study) or releases.all_releases(office, study):
            raise Refusal(
                f"{study} was frozen or released in {stores.folder}: what was drawn from its "
                "answers cannot be drawn again from more of them."
            )


def _words(db: Database) -> set[tuple[str, bytes, str]]:
    found = db.conn.execute("SELECT study, fingerprint, answers FROM wordings").fetchall()
    return set(found)


def _check_same(ours: Stores, other: Stores) -> None:
    if differing := _words(ours.responses) ^ _words(other.responses):
        names = ", ".join(sorted({study for study, _, _ in differing}))
        raise Refusal(
            f"The words that were answered are not the same in both: {names}. Only stores of one "
            "fingerprint are merged."
        )
    known = {one.value for one in server_keys.used(ours.office)}
    if {one.value for one in server_keys.used(other.office)} - known:
        raise Refusal(
            f"{other.folder} was used with a server key that is not ours: codes given there would "
            "delete nothing here. Put its line below ours in the key file, and start once."
        )


def _taken(ours: Stores, other: Stores, note: Callable[[], object]) -> United:
    mine, theirs = ours.responses, other.responses
    copy = identity_of(mine) == identity_of(theirs)
    taken = known = 0
    with write_transaction(theirs):
        merge_table(theirs)
    with write_transaction(mine):
        _join_asked(mine, theirs)
        merge_table(mine)
        for table in merged_tables(mine):
            if table not in WITHOUT_KEY:
                more, both = _rows(mine, theirs, table)
                taken, known = taken + more, known + both
        batches.delete_asked(mine)
        if not taken and known:
            raise Refusal(f"{other.folder} holds no answer that is not here: it was merged before.")
        _beside(mine, theirs, copy=copy)
        answer_tables.recount(mine, merged_tables(mine))
        note()
    rewrite_file(mine)
    return United(taken, known)


def _join_asked(mine: Database, theirs: Database) -> None:
    """Take over what was deleted there, or asked to be, so that a fork brings nothing back."""
    for study, value in endings.ended(theirs):
        mine.conn.execute("INSERT INTO ended VALUES (?, ?) ON CONFLICT DO NOTHING", (value, study))
    asked = theirs.conn.execute("SELECT value FROM withdrawals ORDER BY value").fetchall()
    mine.conn.executemany("INSERT INTO withdrawals VALUES (?) ON CONFLICT DO NOTHING", asked)
    gone = {value for _, value in endings.ended(mine)}
    for table in merged_tables(mine):
        if table not in WITHOUT_KEY:
            for part in (table, f"arriving_{table}"):
                held = mine.conn.execute(f"SELECT deletion FROM {quoted(part)}").fetchall()  # noqa: S608
                ended = [(d,) for (d,) in held if endings.ended_value(d) in gone]
                sql = "INSERT INTO withdrawals VALUES (?) ON CONFLICT DO NOTHING"
                mine.conn.executemany(sql, sorted(ended))


def _rows(mine: Database, theirs: Database, table: str) -> tuple[int, int]:
    """Take the rows of one table over, sorted by their random keys; return (new, known) ones."""
    cursor = theirs.conn.execute(f"SELECT * FROM {quoted(table)} ORDER BY key")  # noqa: S608
    names = [column[0] for column in cursor.description]
    columns, marks = ", ".join(map(quoted, names)), ", ".join("?" * len(names))
    place, gone = names.index("deletion"), {value for _, value in endings.ended(mine)}
    key, taken, known = names.index("key"), 0, 0
    for row in cursor:
        if endings.ended_value(row[place]) in gone:
            continue
        sql = f"SELECT {columns} FROM {quoted(table)} WHERE key = ?"  # noqa: S608
        found = mine.conn.execute(sql, (row[key],)).fetchone()
        if found and found != row:
            raise Refusal("A row is in both, with other values in each: neither can be trusted.")
        if found:
            known += 1
            continue
        mine.conn.execute(f"INSERT INTO {quoted(table)} ({columns}) VALUES ({marks})", row)  # noqa: S608
        taken += 1
    return taken, known


def _beside(mine: Database, theirs: Database, *, copy: bool) -> None:
    """Join totals, promised days and invitations; of a copy of ours nothing counts twice."""
    how = "max(count, excluded.count)" if copy else "count + excluded.count"
    mine.conn.executemany(
        f"INSERT INTO tallies VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = {how}",  # noqa: S608
        theirs.conn.execute("SELECT study, event, count FROM tallies ORDER BY 1, 2").fetchall(),
    )
    days = theirs.conn.execute("SELECT study, fact, day FROM promised ORDER BY 1, 2, 3").fetchall()
    mine.conn.executemany("INSERT INTO promised VALUES (?, ?, ?) ON CONFLICT DO NOTHING", days)
    codes = theirs.conn.execute("SELECT code, study FROM invitations ORDER BY code").fetchall()
    if copy:  # one that was spent in either is spent
        left = {code for code, _ in codes}
        held = mine.conn.execute("SELECT code FROM invitations ORDER BY code").fetchall()
        spent = [(code,) for (code,) in held if code not in left]
        mine.conn.executemany("DELETE FROM invitations WHERE code = ?", spent)
    else:
        mine.conn.executemany("INSERT INTO invitations VALUES (?, ?) ON CONFLICT DO NOTHING", codes)
