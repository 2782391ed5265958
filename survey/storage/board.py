"""A board's record of a study: rulings, comments, notes of incidents, verdicts on elements.

Every table is append-only: what was said stays said, with its day and its name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Literal

from survey.storage.database import Database, write_transaction
from survey.storage.record import append, rows_of

PROGRAM = "the program"  # who acts where no person does
Ruling = Literal["suspended", "lifted", "revoked"]
Switch = Literal["collection", "use"]
Verdict = Literal["met", "weak", "missing", "not applicable", "waived"]
CommentState = Literal["open", "answered", "settled"]


@dataclass(frozen=True, slots=True)
class Ruled:
    """One ruling (ISO time, UTC). ``approval`` is the number of the one revoked, else 0.

    The switches say what it stops (a lift: what it lets go on): the collection of answers, the use
    of data. ``told`` names the sentence that respondents read as its reason; empty: none.
    """

    at: str
    who: str
    what: Ruling
    why: str
    approval: int
    stops_collection: bool
    stops_use: bool
    told: str

    @property
    def suspends(self) -> str:
        """Return in a clause who suspended the study, when and why."""
        day = self.at[:10]
        if self.who == PROGRAM:
            return f"its stop rule paused it on {day}"
        return f"the board suspended it on {day}: {self.why}"

    def stops(self, switch: Switch) -> bool:
        """Return whether the ruling bears on this switch."""
        return self.stops_use if switch == "use" else self.stops_collection


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a passage of the words with this fingerprint, or an answer to ``answers``.

    ``passage`` is an anchor of the page with every word; empty: on the study as a whole. One that
    ``settles`` ends its thread, until somebody writes below it.
    """

    number: int
    at: str
    who: str
    role: str
    words: str
    passage: str
    text: str
    answers: int
    settles: bool = False


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident of the day ``happened_on`` (ISO), as it was noted ``at``.

    ``due_on`` is the day by which the board's answer is due; kind and day are empty in notes from
    before they were asked for.
    """

    number: int
    at: str
    who: str
    happened_on: str
    text: str
    kind: str
    due_on: str


@dataclass(frozen=True, slots=True)
class IncidentAnswer:
    """What was answered to the incident with this number; an ``outcome`` ends it."""

    at: str
    who: str
    incident: int
    outcome: str
    text: str


@dataclass(frozen=True, slots=True)
class ElementVerdict:
    """A member's verdict on an element of the checklist, for one version (ISO time, UTC)."""

    element: str
    verdict: Verdict
    reason: str
    at: str
    who: str


def _append(db: Database, table: str, **row: object) -> None:
    with write_transaction(db):
        append(db, table, row)


def rule(
    db: Database,
    study: str,
    what: Ruling,
    *,
    at: str,
    who: str,
    why: str,
    approval: int = 0,
    collection: bool = True,
    use: bool = True,
    told: str = "",
) -> None:
    """Suspend a study, lift that again, or revoke the approval with this number.

    Each switch is stopped or lifted by itself: whoever suspends the one leaves the other as it is.
    Raises ValueError for a ruling on neither.
    """
    if not collection and not use:
        raise ValueError("A ruling stops or lifts the collection, the use of data, or both.")
    _append(
        db, "rulings", study=study, at=at, who=who, what=what, why=why, approval=approval,
        stops_collection=int(collection), stops_use=int(use), told=told,
    )  # fmt: skip


def rulings(db: Database, study: str) -> list[Ruled]:
    """Return every ruling on the study, in order."""
    columns = "at, who, what, why, approval, stops_collection, stops_use, told"
    found = rows_of(db, "rulings", study, columns)
    return [
        Ruled(
            stops_collection=bool(row.pop("stops_collection")),
            stops_use=bool(row.pop("stops_use")),
            **row,
        )
        for row in found
    ]


def suspension(db: Database, study: str, switch: Switch = "collection") -> Ruled | None:
    """Return the ruling under which this switch is stopped now; None when it is not."""
    return suspended_by(rulings(db, study), switch)


def suspended_by(ruled: Iterable[Ruled], switch: Switch) -> Ruled | None:
    """Return the ruling of these, in order, under which this switch is stopped in the end."""
    # Revoking an approval neither suspends a study nor lifts that.
    of_switch = [r for r in ruled if r.what != "revoked" and r.stops(switch)]
    last = of_switch[-1] if of_switch else None
    return last if last and last.what == "suspended" else None


def comment(
    db: Database,
    study: str,
    text: str,
    *,
    at: str,
    who: str,
    role: str,
    words: str,
    passage: str,
    answers: int = 0,
    settles: bool = False,
) -> None:
    """Keep a comment, or an answer to the one with the number ``answers``."""
    _append(
        db, "comments", study=study, at=at, who=who, role=role, words=words, passage=passage,
        text=text, answers=answers, settles=int(settles),
    )  # fmt: skip


def comments(db: Database, study: str) -> list[Comment]:
    """Return every comment and answer, in the order written."""
    columns = "id AS number, at, who, role, words, passage, text, answers, settles"
    found = rows_of(db, "comments", study, columns)
    return [Comment(settles=bool(row.pop("settles")), **row) for row in found]


def threads(db: Database, study: str) -> list[list[Comment]]:
    """Return each comment followed by its answers, in the order written."""
    ordered = sorted(comments(db, study), key=lambda c: (c.answers or c.number, c.number))
    return [list(thread) for _, thread in groupby(ordered, lambda c: c.answers or c.number)]


def state_of_thread(thread: list[Comment]) -> CommentState:
    """Return whether a comment waits for the researcher, for the board, or for nobody."""
    if thread[-1].settles:
        return "settled"
    return "open" if thread[-1].role == "board" else "answered"


def note_incident(
    db: Database, study: str, text: str, *, at: str, who: str, happened_on: str, kind: str,
    due_on: str,
) -> None:  # fmt: skip
    """Keep a note of an incident; it is never changed or deleted."""
    _append(
        db, "incidents", study=study, at=at, who=who, happened_on=happened_on, text=text,
        kind=kind, due_on=due_on,
    )  # fmt: skip


def answer_incident(db: Database, study: str, answer: IncidentAnswer) -> None:
    """Keep an answer to an incident, or its outcome."""
    _append(db, "incident_answers", study=study, **asdict(answer))


def incident_answers(db: Database, study: str) -> list[IncidentAnswer]:
    """Return every answer, in the order written."""
    columns = "at, who, incident, outcome, text"
    return [IncidentAnswer(**row) for row in rows_of(db, "incident_answers", study, columns)]


def incidents(db: Database, study: str) -> list[Incident]:
    """Return every note, in the order written."""
    columns = "id AS number, at, who, happened_on, text, kind, due_on"
    return [Incident(**row) for row in rows_of(db, "incidents", study, columns)]


def give_verdict(
    db: Database,
    study: str,
    elements: Iterable[str],
    verdict: Verdict,
    *,
    words: str,
    site: str,
    at: str,
    who: str,
    reason: str,
) -> None:
    """Judge these elements of the checklist for the version with these words and site facts.

    Raises ValueError for an empty reason.
    """
    if not reason.strip():
        raise ValueError("A verdict needs its reason.")
    with write_transaction(db):
        for element in elements:
            row = ElementVerdict(element, verdict, reason.strip(), at, who)
            _append(db, "element_verdicts", study=study, words=words, site=site, **asdict(row))


def verdicts(db: Database, study: str, *, words: str, site: str) -> dict[str, ElementVerdict]:
    """Return element → the verdict given last on it, for exactly this version."""
    found = db.table("element_verdicts").rows_where(
        "study = ? AND words = ? AND site = ?",
        [study, words, site],
        order_by="id",
        select="element, verdict, reason, at, who",
    )
    return {row["element"]: ElementVerdict(**row) for row in found}
