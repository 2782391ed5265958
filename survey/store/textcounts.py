"""How many of a study's kept-apart texts stand where. Reads no word of them."""

from __future__ import annotations

from survey.store.database import Database, quoted
from survey.store.review import TABLES


def counts(db: Database, study: str, *, frozen_only: bool) -> dict[tuple[str, str, str], int]:
    """(question, language, state) → texts. Those that are never released are not counted."""
    frozen = " AND batch > 0" if frozen_only else ""
    tables = " UNION ALL ".join(
        f"SELECT variable, lang, state FROM {quoted(table)}"
        f" WHERE study = ? AND lang IS NOT NULL{frozen}"
        for table in TABLES
    )
    sql = f"SELECT variable, lang, state, count(*) FROM ({tables}) GROUP BY 1, 2, 3"
    found = db.conn.execute(sql, (study,) * len(TABLES)).fetchall()
    return {(variable, lang, state): n for variable, lang, state, n in found}
