"""Whether responses.db and office.db are of one moment, so that a copy made by hand is recognised.

While they are served, responses.db notes how far the office's record went, and counts on; office.db
notes that count. So whichever of the two is put back alone, the other one knows of a later moment.
"""

from __future__ import annotations

from survey.storage import record
from survey.storage.database import Database, write_transaction


def generation(db: Database) -> int:
    """Return the count that this file knows of."""
    return int(db.conn.execute("SELECT generation FROM pairing").fetchone()[0])


def advance(responses: Database, office: Database, *, least: int = 0) -> None:
    """Count on in both files, to ``least`` at least: in each the other's part is true already."""
    with write_transaction(responses):
        head = record.head(office)
        responses.conn.execute(
            "UPDATE pairing SET generation = max(generation + 1, ?), position = ?, head = ?",
            (least, head.position, head.hash),
        )
    with write_transaction(office):
        office.conn.execute("UPDATE pairing SET generation = ?", (generation(responses),))


def mismatch(responses: Database, office: Database) -> str:
    """Return in a sentence why the two files do not belong together; nothing where they do."""
    counted, position, head = responses.conn.execute("SELECT * FROM pairing").fetchone()
    if counted < generation(office):
        return "responses.db is older than office.db: it was copied or put back at another moment."
    if not position:
        return ""
    known = record.head_at(office, position)
    if known is None:
        return "office.db is older than responses.db: it was copied or put back at another moment."
    if known.hash != head:
        return "office.db and responses.db are of two installations, or of one that was put back."
    return ""
