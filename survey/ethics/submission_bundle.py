"""The whole of a study's record in one file for the board, and a decision from its own system.

NAME-submission/
    index.txt         what is in it, and how to check it
    submission.json   the fields that a board's own system files, with every hash
    decision.json     to be filled in there and brought back: an approval noted from a letter
    documents/        what was put into the slots, by slot
    approved/         each version that was signed, as it was archived
    letters/          letters of approvals that were noted from paper
    record/           every row about the study, a table a file, as CSV and as JSON
    chain.csv         the hash of every line of the record; the lines about the study in full
    SHA256SUMS

No answer, no total of the collection and no text is in it.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from exports.output_files import bundle, csv_text, write_sums
from survey.errors import Refusal
from survey.ethics.submission_states import KINDS, states_of
from survey.storage import record, studies
from survey.storage.database import Database, quoted
from survey.storage.record import CHAIN
from survey.storage.record_check import RecordCheck
from survey.storage.stores import Stores
from survey.studies import approvals, submission_documents
from survey.studies.version import StudyVersion, fingerprints_of

FORMAT = "lacrima-submission-1"
DECISION = "lacrima-decision-1"
# What the board reads elsewhere in steps, if at all: exact totals, who read which text; and where
# backups of the whole installation lie.
LEFT_OUT = frozenset({"collected", "readings", "segments", "parts", "contents", "backups"})
OF_ALL_STUDIES = frozenset({"platforms"})

Row = Mapping[str, Any]


def make_bundle(stores: Stores, version: StudyVersion, found: RecordCheck) -> bytes:
    """Return the zip. Raises Refusal where a document is no longer what was put in."""
    name = f"{version.study.name}-submission"
    with TemporaryDirectory() as work:
        folder = Path(work) / name
        folder.mkdir()
        told = _told(stores, version, found)
        _json(folder / "submission.json", told)
        _json(folder / "decision.json", blank_decision(stores.office, version))
        _documents(stores, version, folder / "documents")
        _copied(stores.folder / approvals.FOLDER / version.study.name, folder / "approved")
        _copied(stores.folder / approvals.LETTERS / version.study.name, folder / "letters")
        tables = _tables(stores.office, version.study.name)
        for table, rows in tables.items():
            _json(folder / "record" / f"{table}.json", rows)
            (folder / "record" / f"{table}.csv").write_text(_csv(rows), "utf-8", newline="")
        _chain(stores.office, tables, folder / "chain.csv")
        (folder / "index.txt").write_text(_index(version, told, tables), "utf-8")
        write_sums(folder)
        return bundle(folder, Path(work) / f"{name}.zip").read_bytes()


def _json(path: Path, content: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _csv(rows: list[dict[str, Any]]) -> str:
    return csv_text([list(rows[0]), *(list(row.values()) for row in rows)]) if rows else ""


def _told(stores: Stores, version: StudyVersion, found: RecordCheck) -> dict[str, Any]:
    """Return what a board's own system files of a submission."""
    office, study, facts = stores.office, version.study, version.facts
    slots = submission_documents.slots_of(office, study)
    signed = studies.approvals(office, study.name)
    states = states_of(office, study.name)
    return {
        "format": FORMAT,
        "study": study.name,
        "title": study.title,
        "version": study.version,
        "language": study.language,
        "principal_investigator": facts.get("researcher_names", ""),
        "institution": facts.get("institution", ""),
        "board": facts.get("ethics_board", ""),
        "status": studies.status(office, study.name),
        "fingerprints": _fingerprints(office, version),
        "documents": [
            {"slot": d.slot, "name": d.name, "sha256": d.sha256, "size": d.size, "put_in": d.at}
            for one in slots
            for d in one.documents
        ],
        "no_document": {one.slot.id: one.reason for one in slots if one.reason},
        "submissions": [
            {
                "number": s.submission.number,
                "type": KINDS[s.submission.kind],
                "submitted": s.submission.at,
                "by": s.submission.who,
                "state": s.state or "submitted",
            }
            for s in reversed(states)
        ],
        "approvals": [
            {
                "reference": a.reference,
                "by": a.by,
                "approved_on": a.approved_on,
                "expires_on": a.expires_on,
                "conditions": [c.text for c in a.conditions],
                "revoked": a.revoked,
                "basis": a.basis,
            }
            for a in signed
        ],
        "record": {
            "position": found.head.position,
            "head": found.head.hash,
            "whole": found.whole,
            "since": found.begun_at,
        },
    }


def _fingerprints(office: Database, version: StudyVersion) -> dict[str, str]:
    documents = submission_documents.present_fingerprint(office, version.study)
    return {**fingerprints_of(version)._asdict(), "submission": documents}


def _documents(stores: Stores, version: StudyVersion, folder: Path) -> None:
    for one in submission_documents.slots_of(stores.office, version.study):
        for document in one.documents:
            place = folder / one.slot.id / document.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(
                submission_documents.content_of(stores.folder, version.study.name, document)
            )


def _copied(source: Path, folder: Path) -> None:
    for path in sorted(source.rglob("*")) if source.is_dir() else ():
        inside = path.relative_to(source)
        # Hidden and damaged copies are the operator's to see, no part of what was signed.
        if path.is_file() and not any(p.startswith((".", "damaged.")) for p in inside.parts):
            (folder / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / inside)


def _tables(office: Database, study: str) -> dict[str, list[dict[str, Any]]]:
    """Return table → its rows about the study, in the order of its key."""
    return {
        table: list(_rows(office, table, study))
        for table in record.linked_tables(office)
        if table not in LEFT_OUT
    }


def _rows(office: Database, table: str, study: str) -> Iterator[dict[str, Any]]:
    columns = [column.name for column in office.table(table).columns]
    order = ", ".join(map(quoted, office.table(table).pks))
    if table == "audit":
        where, values = "substr(what, 1, ?) = ?", [len(study) + 2, f"{study}: "]
    elif "study" in columns:
        where, values = "study = ?", [study]
    elif "proposal" in columns:
        where, values = "proposal IN (SELECT id FROM proposals WHERE study = ?)", [study]
    elif "account" in columns:
        where = "account IN (SELECT account FROM members WHERE study = ?)"
        values = [study]
    elif table in OF_ALL_STUDIES:
        where, values = "1", []
    else:  # nobody said which of its rows are a study's (a test names the table)
        return
    yield from office.table(table).rows_where(where, values, order_by=order)


def _chain(office: Database, tables: Mapping[str, list[dict[str, Any]]], path: Path) -> None:
    """Write position, hash of the line, and the line itself where it is about the study."""
    keys = {table: office.table(table).pks for table in tables}
    mine = {
        (table, *(row[k] for k in keys[table])) for table, rows in tables.items() for row in rows
    }
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["position", "sha256", "line"])
    for position, line in record.lines(office):
        content = json.loads(line)
        table = content["table"]
        key = (table, *(content["row"].get(k) for k in keys.get(table, ())))
        shown = line if key in mine or table == CHAIN else ""
        # Unguarded: whoever checks it hashes the line as it is.
        writer.writerow([position, record.hash_of(line), shown])
    path.write_text(out.getvalue(), "utf-8", newline="")


def _index(
    version: StudyVersion, told: Mapping[str, Any], tables: Mapping[str, list[dict[str, Any]]]
) -> str:
    lines = [
        f"Submission of {version.study.name}: {version.study.title}",
        "",
        *(f"{part}: {value or 'none'}" for part, value in told["fingerprints"].items()),
        "",
        "submission.json  fields and hashes for a board's own system",
        "decision.json    to be filled in there: `lacrima study decision` notes it as a letter",
        "documents/       " + (", ".join(d["name"] for d in told["documents"]) or "none"),
        "approved/        every version that was signed",
        "letters/         letters of approvals that were noted from paper",
        "record/          " + ", ".join(f"{table} {len(rows)}" for table, rows in tables.items()),
        "chain.csv        the hash of every line of the record",
        "SHA256SUMS       `sha256sum --check SHA256SUMS` checks every file here",
        "",
        "The head of the record is worked out from chain.csv: begin with 64 zeros; for each line",
        "take the SHA-256 of the head so far, a line feed, and the line's sha256, in hex. It is",
        f"{told['record']['head']} at position {told['record']['position']},",
        "and the certificate of the site shows its beginning. `lacrima verify FILE.zip` works out",
        "sums, head, rows and signatures anew (--since HEAD, --keys FILE).",
        "",
        "Nobody signed this file as a whole. Its sums show that nothing in it was changed since it",
        "was made. That this server gave it out is shown by its SHA-256, which the record holds in",
        "a line after that head; what members signed, by their own keys.",
    ]
    return "\n".join(lines) + "\n"


# A decision, brought back.

_DATES = ("approved_on", "expires_on")
_CONDITIONS = tuple(approvals.CONDITION_FIELDS.values())


def blank_decision(office: Database, version: StudyVersion) -> dict[str, Any]:
    """Return the form of a decision on exactly this version and these documents."""
    return {
        "format": DECISION,
        "study": version.study.name,
        "fingerprints": _fingerprints(office, version),
        "outcome": "approved",
        "reference": "",
        "by": "",
        **dict.fromkeys(_DATES, ""),
        "analysis_until": "",
        **{name: [] for name in _CONDITIONS},
    }


def read_decision(office: Database, version: StudyVersion, content: bytes) -> dict[str, str]:
    """Return an approval as the page's form would send it. Raises Refusal.

    A decision on another version, or on other documents, is none on this one.
    """
    try:
        said = json.loads(content)
        kind, study, given = said["format"], said["study"], dict(said["fingerprints"])
        outcome = said["outcome"]
        typed = {n: str(said.get(n, "")) for n in ("reference", "by", *_DATES, "analysis_until")}
        typed |= {name: "\n".join(map(str, said.get(name, []))) for name in _CONDITIONS}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Refusal(
            f"This is no decision of format {DECISION}: fill in decision.json of the submission."
        ) from None
    if kind != DECISION or study != version.study.name:
        raise Refusal(f"This is no decision of format {DECISION} on {version.study.name}.")
    present = _fingerprints(office, version)
    if differing := [part for part in present if given.get(part, "") != present[part]]:
        raise Refusal(
            f"The decision is on another version of {study}: {', '.join(differing)} differ. "
            "Nothing was noted."
        )
    if outcome != "approved":
        raise Refusal(
            f"Only an approval is noted from a file, not {outcome!r}: a member of the board keeps "
            "any other decision on the page of the submission."
        )
    return typed | {"read": "1"}
