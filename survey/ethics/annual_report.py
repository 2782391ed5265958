"""The yearly report to the board: what the office's records know of one study in one year.

Totals come as they may be shown, in steps (docs/decisions/0018). Rows of releases are exact, since
they are out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from exports.output_files import csv_text
from survey.collection.figures import TOTALS_STEP
from survey.ethics.submission_states import KINDS, states_of
from survey.storage import batches, board, board_submissions, releases, studies
from survey.storage.database import Database


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the report; ``empty`` is said where there is nothing to list."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str


TURNS = {"open": "opened", "closed": "closed", "frozen": "frozen for good", "draft": "draft"}


def years_of(office: Database, study: str, today: str) -> list[str]:
    """Return the years with a note on the study, and this one; the latest first."""
    found = {row[0][:4] for section in _sections(office, study) for row in section.rows}
    return sorted({*found, today[:4]}, reverse=True)


def report(office: Database, study: str, year: str) -> list[Section]:
    """Return every section with the rows of ``year`` (four digits); dates stand first in a row."""
    return [
        Section(s.title, s.columns, tuple(r for r in s.rows if r[0][:4] == year), s.empty)
        for s in _sections(office, study)
    ]


# Totals that a board asks for, by the name of their tally.
SO_FAR = {
    "consented": "agreed to take part",
    "completed": "sent a whole answer",
    "stopped_sent": "stopped and sent a part",
    "withdrawn": "deleted by code what was sent",
}


def so_far(totals: Mapping[str, int], today: str, marks: Sequence[str] = ()) -> Section:
    """Return the totals since the study opened as they may be shown: in steps.

    ``marks`` say in the title that no real collection is meant.
    """
    rows = tuple(
        (today, said, f"{totals[name]:,} or a few more" if totals[name] else f"under {TOTALS_STEP}")
        for name, said in SO_FAR.items()
        if name in totals
    )
    empty = "Too few yet to be shown: totals move in steps."
    title = ". ".join(("Totals since it opened, in steps", *marks))
    return Section(title, ("Date", "What", "Total"), rows, empty)


def as_csv(sections: Sequence[Section]) -> str:
    """Return the sections as one CSV table: section, date, and what its columns are called."""
    lines = [("section", "date", "what")]
    for section in sections:
        for when, *rest in section.rows:
            said = zip(section.columns[1:], rest, strict=True)
            what = "; ".join(f"{column}: {value}" for column, value in said)
            lines.append((section.title, when, what))
    return csv_text(lines)


def as_text(sections: Sequence[Section]) -> str:
    """Return the sections as plain text to copy."""
    parts = []
    for section in sections:
        lines = [section.title] if section.rows else [section.title, f"- {section.empty}"]
        for when, *rest in section.rows:
            said = zip(section.columns[1:], rest, strict=True)
            what = "; ".join(f"{column}: {value or '–'}" for column, value in said)
            lines.append(f"- {when}. {what}")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _sections(office: Database, study: str) -> list[Section]:
    """Return all sections of all years, in the order of the report."""
    return [
        *_life(office, study),
        *_releases(office, study),
        *_submitted(office, study),
        *_notes(office, study),
        _acts(office, study),
    ]


def _when(at: str) -> str:
    """Return a moment to the minute (UTC), so that the order of a day's acts can be read."""
    return at[:16].replace("T", " ")


def _life(office: Database, study: str) -> Iterator[Section]:
    """Yield approvals, the board's rulings, and openings, closings and freezes."""
    # By the time of signing: an approval may be dated back, or be noted long after its day.
    rows = tuple(
        (_when(a.recorded_at) or a.approved_on, a.approved_on,
         a.reference + " (revoked)" * a.revoked, a.expires_on, a.by, a.words[:16],
         "; ".join(c.text for c in a.conditions))
        for a in studies.approvals(office, study)
    )  # fmt: skip
    columns = ("Date", "Dated", "Reference", "Last day", "Signed by", "Words", "Conditions")
    yield Section("Approvals", columns, rows, "No version was approved.")
    ruled = tuple((_when(r.at), r.what, r.who, r.why) for r in board.rulings(office, study))
    empty = "Nothing was suspended or revoked."
    yield Section("Suspended, lifted, revoked", ("Date", "What", "Who", "Why"), ruled, empty)
    turns = [(_when(at), TURNS.get(what, what)) for at, what in studies.turns(office, study)]
    froze = [
        (_when(at), "a batch frozen: its answers can no longer be withdrawn")
        for at in batches.begun(office, study).values()
    ]
    lived = tuple(sorted((*turns, *froze), key=lambda row: row[0]))
    yield Section("Openings, closings, freezes", ("Date", "What"), lived, "It was not opened.")


def _releases(office: Database, study: str) -> Iterator[Section]:
    made = tuple(
        (_when(r.made_at), str(r.number), r.tier + " (pilot)" * r.pilot, str(r.rows),
         "" if r.pilot else stood_against(office, study, r.made_at), r.policy[:16], r.sha256)
        for r in releases.all_releases(office, study)
    )  # fmt: skip
    columns = ("Date", "Number", "Tier", "Rows", "Made although", "Policy", "SHA-256 of its sums")
    yield Section("Releases", columns, made, "Nothing was released.")
    recalled = tuple((_when(e.at), str(e.release), e.why) for e in releases.errata(office, study))
    yield Section("Releases recalled", ("Date", "Release", "Why"), recalled, "None was recalled.")
    given = tuple(
        (_when(h.at), str(h.release), h.person, h.agreement, h.agreed_on)
        for h in releases.hand_overs(office, study)
    )
    head = ("Date", "Release", "To", "Agreement", "Agreed on")
    yield Section("Restricted files handed over", head, given, "None was handed over.")


def stood_against(office: Database, study: str, at: str) -> str:
    """Return what stood against the use of data at a moment (ISO, UTC); empty where nothing did."""
    ruled = [r for r in board.rulings(office, study) if r.at <= at]
    switched = [r for r in ruled if r.what != "revoked" and r.stops_use]
    if switched and switched[-1].what == "suspended":
        return "the board had stopped the use of data"
    begun = [
        a
        for a in studies.approvals(office, study)
        if a.approved_on <= at[:10] and (a.confirmed_at or a.recorded_at) <= at and not a.waits
    ]
    if not begun:
        return "no approval of it had begun"
    if any(r.what == "revoked" and r.approval == begun[-1].number for r in ruled):
        return "the board had revoked its approval"
    ended = begun[-1].data_until and begun[-1].data_until < at[:10]
    return "its approval had ended" if ended else ""


def _submitted(office: Database, study: str) -> Iterator[Section]:
    states = states_of(office, study)
    made = tuple(
        (_when(s.submission.at), str(s.submission.number), KINDS[s.submission.kind],
         s.submission.who, s.state or "submitted")
        for s in reversed(states)
    )  # fmt: skip
    columns = ("Date", "Number", "What", "By", "Now")
    yield Section("Submissions", columns, made, "Nothing was submitted.")
    decided = tuple(
        (_when(d.at), str(d.submission), d.what, d.who, d.text)
        for d in board_submissions.decisions(office, study)
    )
    head = ("Date", "Submission", "Decided", "Who", "Reason")
    yield Section("Decisions besides approvals", head, decided, "None was taken.")


def _notes(office: Database, study: str) -> Iterator[Section]:
    answers = board.incident_answers(office, study)
    ended = {a.incident: a.at[:10] for a in answers if a.outcome}
    noted = tuple(
        (_when(i.at), i.happened_on, i.kind, i.text, i.who, i.due_on, ended.get(i.number, "open"))
        for i in board.incidents(office, study)
    )
    columns = ("Date", "Happened on", "Kind", "What", "Noted by", "Answer due by", "Ended on")
    yield Section("Incidents", columns, noted, "None was noted.")
    # By passage only: what was written stands on the page of the comments.
    written = board.comments(office, study)
    answered = {c.answers for c in written}
    asked = tuple(
        (_when(c.at), c.passage or "the study as a whole", "yes" if c.number in answered else "no")
        for c in written
        if not c.answers
    )
    yield Section("Comments", ("Date", "On", "Answered"), asked, "The board asked nothing.")


def _acts(office: Database, study: str) -> Section:
    """Return every act of staff and of the program on the study, and every change of an account."""
    mine = tuple(
        (_when(line["at"]), line["who"], line["what"])
        for line in studies.audit(office)
        if line["what"].startswith((f"{study}: ", "account "))
    )
    title = "Acts on the study and on accounts"
    return Section(title, ("Date", "Who", "What"), mine, "Nothing was done.")
