"""What a researcher put before the board, and what the board decided of it besides a signature.

Every table is append-only. Documents lie in a folder by their hash; here is which of them a study
has in each slot, or why it has none.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from survey.storage.database import Database, write_transaction
from survey.storage.record import append, rows_of
from survey.studies.fingerprints import VersionFingerprints

Kind = Literal["new", "amendment", "continuing", "closure"]
Decided = Literal["received", "returned", "deferred", "refused", "closed"]


@dataclass(frozen=True, slots=True)
class Document:
    """One entry of a slot: a file, its taking out (no ``sha256``), or why there is none.

    A reason has no ``name``; it counts while the slot holds no file.
    """

    at: str
    who: str
    slot: str
    name: str
    sha256: str
    size: int
    reason: str


@dataclass(frozen=True, slots=True)
class BoardSubmission:
    """A version put before the board. ``documents`` is the fingerprint of the slots then.

    ``why`` is the reason of an amendment, else the researcher's account; ``risk`` and ``consent``
    say what an amendment means for these.
    """

    number: int
    at: str
    who: str
    kind: Kind
    words: str
    policy: str
    site: str
    documents: str
    why: str
    risk: str
    consent: str

    @property
    def fingerprints(self) -> VersionFingerprints:
        """Return what was submitted: words, policy, site facts."""
        return VersionFingerprints(self.words, self.policy, self.site)


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision on the submission with this number; a signature is an approval instead."""

    at: str
    who: str
    submission: int
    what: Decided
    text: str


def add_document(db: Database, study: str, document: Document) -> None:
    """Keep an entry of a slot; what it replaces stays in the record."""
    with write_transaction(db):
        append(db, "documents", {"study": study, **asdict(document)})


def entries(db: Database, study: str) -> list[Document]:
    """Return every entry of every slot, in the order written."""
    columns = "at, who, slot, name, sha256, size, reason"
    return [Document(**row) for row in rows_of(db, "documents", study, columns)]


def submit(db: Database, study: str, submission: BoardSubmission) -> int:
    """Put a version before the board; return the submission's number."""
    row = asdict(submission)
    del row["number"]
    with write_transaction(db):
        return append(db, "submissions", {"study": study, **row})


def submissions(db: Database, study: str) -> list[BoardSubmission]:
    """Return every submission, in the order made."""
    found = rows_of(db, "submissions", study)
    return [
        BoardSubmission(row.pop("id"), **{name: v for name, v in row.items() if name != "study"})
        for row in found
    ]


def decide(db: Database, study: str, decision: Decision) -> None:
    """Keep a decision of the board."""
    with write_transaction(db):
        append(db, "decisions", {"study": study, **asdict(decision)})


def decisions(db: Database, study: str) -> list[Decision]:
    """Return every decision, in the order taken."""
    columns = "at, who, submission, what, text"
    return [Decision(**row) for row in rows_of(db, "decisions", study, columns)]
