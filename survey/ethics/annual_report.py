"""The yearly report to the board: what the office's records know of one study in one year.

Totals come as they may be shown, in steps (docs/decisions/0018). Rows of releases are exact, since
they are out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from exports.output_files import csv_text
from survey.collection.figures import TOTALS_STEP
from survey.storage import board, releases, studies
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
    rows = tuple((today, s, _about(totals[name])) for name, s in SO_FAR.items() if name in totals)
    empty = "Too few yet to be shown: totals move in steps."
    title = ". ".join(("Totals since it opened, in steps", *marks))
    return Section(title, ("Date", "What", "Total"), rows, empty)


def _about(total: int) -> str:
    return f"{total:,} or a few more" if total else f"under {TOTALS_STEP}"


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
    return "\n\n".join("\n".join((s.title, *_lines(s))) for s in sections)


def _lines(section: Section) -> Iterator[str]:
    if not section.rows:
        yield f"- {section.empty}"
    for when, *rest in section.rows:
        said = zip(section.columns[1:], rest, strict=True)
        yield f"- {when}. " + "; ".join(f"{column}: {value or '–'}" for column, value in said)


def _sections(office: Database, study: str) -> list[Section]:
    return [
        _approvals(office, study),
        _rulings(office, study),
        _life(office, study),
        _releases(office, study),
        _recalls(office, study),
        _hand_overs(office, study),
        _incidents(office, study),
        _comments(office, study),
    ]


def _approvals(office: Database, study: str) -> Section:
    rows = tuple(
        (a.approved_on, a.reference + " (revoked)" * a.revoked, a.expires_on, a.by,
         a.words[:16], a.conditions)
        for a in studies.approvals(office, study)
    )  # fmt: skip
    columns = ("Date", "Reference", "Last day", "Signed by", "Words", "Conditions")
    return Section("Approvals", columns, rows, "No version was approved.")


def _rulings(office: Database, study: str) -> Section:
    rows = tuple((r.at[:10], r.what, r.who, r.why) for r in board.rulings(office, study))
    empty = "Nothing was suspended or revoked."
    return Section("Suspended, lifted, revoked", ("Date", "What", "Who", "Why"), rows, empty)


def _life(office: Database, study: str) -> Section:
    """Return openings and closings; freezes of a batch while it stayed open are in the audit."""
    turns = [(at[:10], TURNS.get(what, what)) for at, what in studies.turns(office, study)]
    begin = f"{study}: froze"
    froze = [
        (line["at"][:10], "a batch frozen: its answers can no longer be withdrawn")
        for line in studies.audit(office)
        if line["what"].startswith(begin)
    ]
    rows = tuple(sorted((*turns, *froze), key=lambda row: row[0]))
    return Section("Openings, closings, freezes", ("Date", "What"), rows, "It was not opened.")


def _releases(office: Database, study: str) -> Section:
    rows = tuple(
        (r.made_at[:10], str(r.number), r.tier + " (pilot)" * r.pilot, str(r.rows), r.policy[:16],
         r.sha256)
        for r in releases.all_releases(office, study)
    )  # fmt: skip
    columns = ("Date", "Number", "Tier", "Rows", "Policy", "SHA-256 of its sums")
    return Section("Releases", columns, rows, "Nothing was released.")


def _recalls(office: Database, study: str) -> Section:
    rows = tuple((e.at[:10], str(e.release), e.why) for e in releases.errata(office, study))
    return Section("Releases recalled", ("Date", "Release", "Why"), rows, "None was recalled.")


def _hand_overs(office: Database, study: str) -> Section:
    rows = tuple(
        (h.at[:10], str(h.release), h.person, h.agreement, h.agreed_on)
        for h in releases.hand_overs(office, study)
    )
    columns = ("Date", "Release", "To", "Agreement", "Agreed on")
    return Section("Restricted files handed over", columns, rows, "None was handed over.")


def _incidents(office: Database, study: str) -> Section:
    rows = tuple((i.happened_on, i.text, i.who) for i in board.incidents(office, study))
    return Section("Incidents", ("Date", "What", "Noted by"), rows, "None was noted.")


def _comments(office: Database, study: str) -> Section:
    written = board.comments(office, study)
    answered = {c.answers for c in written}
    rows = tuple(
        (c.at[:10], c.passage or "the study as a whole", "yes" if c.number in answered else "no")
        for c in written
        if not c.answers
    )
    return Section("Comments", ("Date", "On", "Answered"), rows, "The board asked nothing.")
