"""Checks of papers without a walk: a dossier, a certificate, and a submission in one file.

Nothing here needs an installation; what a paper says of itself is worked out anew from its parts.
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import Any

from exports.output_files import SUMS, read_sums
from survey.errors import Refusal
from survey.ethics.dossier.reader import Dossier, open_dossier, unpacked
from survey.signing.evidence import Verdict, check, had_ended
from survey.signing.key_files import fingerprint
from survey.storage.members import KeyEnd
from survey.storage.proposals import MADE_BY
from survey.storage.record import CHAIN, START, hash_of, next_hash, read_head
from survey.studies.fingerprints import VersionFingerprints
from survey.synthetic.http_client import HttpVisitor

CERTIFICATE, SUBMISSION, LINKS = "certificate.json", "submission.json", "chain.csv"
LARGEST_SUBMISSION = 512 * 2**20
MOST_DOCUMENTS = 5000
WORTH = (
    "The sums show that no file in it was changed since it was made, not by whom it was made: "
    "whoever has the server can make another. Its SHA-256 stands in the site’s record, in the "
    "links after this head; compare the head with one that you noted (--since) or that the site "
    "shows, and the signatures with keys that members handed over (--keys)."
)

_KEY_END = [field.name for field in fields(KeyEnd)]

Keys = Mapping[str, str] | None
Row = dict[str, Any]


def verify_paper(source: str, known: Keys, since: str) -> Verdict:
    """Check a dossier.zip, a certificate.json or a submission.zip. Raises Refusal for all else."""
    if source.startswith(("http://", "https://")) and source.endswith(CERTIFICATE):
        visitor = HttpVisitor(source)
        try:
            return check_certificate(_json(visitor.ask(source).html), known)
        finally:
            visitor.close()
    path = Path(source)
    if not path.is_file():
        raise Refusal(
            f"{source} is no dossier.zip, certificate.json or submission.zip: give one, or a "
            "site’s URL and a dossier.zip."
        )
    if path.suffix == ".json":
        return check_certificate(_json(path.read_text("utf-8", "replace")), known)
    files = unpacked(path, most_bytes=LARGEST_SUBMISSION, most_files=MOST_DOCUMENTS)
    if SUBMISSION in files:
        return check_submission(files, known, since)
    return check_dossier(open_dossier(path), known)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise Refusal("This is no certificate.json: it cannot be read.") from None


def check_dossier(dossier: Dossier, known: Keys) -> Verdict:
    """Check the signatures of the approval that a dossier shows."""
    shown = dossier.approval or {}
    return check(shown.get("evidence"), dossier.name, dossier.fingerprints, shown, known)


def check_certificate(told: Any, known: Keys) -> Verdict:
    """Check the signatures of the approval that a certificate shows. Raises Refusal."""
    try:
        study, shown = str(told["study"]), told["approval"]
        if shown is None:
            none = "a pilot is not approved" if told["pilot"] else "no approval governs it"
            return Verdict([f"{study}: {none}, so nothing is signed."], sound=known is None)
        served = VersionFingerprints(**told["fingerprints"])
        conditions = [one["text"] for one in told["conditions"]]
        evidence = shown["evidence"]
    except (KeyError, TypeError):
        raise Refusal("This is no certificate.json of a study.") from None
    return check(evidence, study, served, {**shown, "conditions": conditions}, known)


# A submission in one file.


def check_submission(files: Mapping[str, bytes], known: Keys, since: str) -> Verdict:
    """Work the sums, the head of the record and the signatures out anew.

    Raises Refusal where a part is not what the program writes.
    """
    found, noted = Verdict(), _noted(since)
    listed = read_sums(files.get(SUMS, b""))
    present = {n: sha256(body).hexdigest() for n, body in files.items() if n != SUMS}
    for name in sorted(n for n in listed.keys() | present if listed.get(n) != present.get(n)):
        found.fail(f"{name} is not what the list of sums says.")
    try:
        told = json.loads(files[SUBMISSION])
        links = [(int(n), digest, line) for n, digest, line in _csv(files[LINKS].decode("utf-8"))]
        tables = {
            name[len("record/") : -len(".json")]: json.loads(body)
            for name, body in files.items()
            if name.startswith("record/") and name.endswith(".json")
        }
        _check_head(found, links, told["record"], noted)
        _check_rows(found, links, tables)
        found.lines.append(WORTH)
        _check_approvals(found, told["study"], tables, known)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, csv.Error):
        raise Refusal("This is no submission.zip, or a part of it cannot be read.") from None
    return found


def _noted(since: str) -> tuple[int, str]:
    try:
        return read_head(since) if since else (0, "")
    except ValueError as error:
        raise Refusal(str(error)) from None


def _csv(text: str) -> Iterator[list[str]]:
    rows = csv.reader(io.StringIO(text, newline=""))
    next(rows)
    return rows


def _check_head(
    found: Verdict,
    links: list[tuple[int, str, str]],
    told: Mapping[str, Any],
    noted: tuple[int, str],
) -> None:
    """Work the head out from the hashes of all lines, and hold it against those that are told."""
    position, digits = noted
    head, led_over = START, position == 0
    for place, (number, digest, line) in enumerate(links, start=1):
        if number != place:
            found.fail(f"Link {place} of the record is missing.")
            break
        if line and hash_of(line) != digest:
            found.fail(f"The line of link {number} has another hash.")
        head = next_hash(head, digest)
        led_over = led_over or (number == position and head.startswith(digits))
    if (len(links), head) != (told["position"], told["head"]):
        found.fail("The hashes of its lines give another head of the record than it names.")
    if not told["whole"]:
        found.fail("The record was not whole when the file was made, as the file itself says.")
    if not led_over:
        found.fail(f"The record in it does not lead over {position}:{digits}.")
    found.lines.append(f"Head of the record in it: {len(links)}:{head}.")


def _check_rows(
    found: Verdict, links: list[tuple[int, str, str]], tables: Mapping[str, list[Row]]
) -> None:
    """Compare every row with its line: none is changed, slipped in or left out."""
    linked: dict[str, list[Row]] = defaultdict(list)
    for _, _, line in links:
        if line and (content := json.loads(line))["table"] != CHAIN:
            linked[content["table"]].append(content["row"])
    for table in sorted(linked.keys() | tables):
        rows = list(tables.get(table, []))
        for one in linked[table]:
            # A column that was added later is in the row and not in the line.
            of = next((row for row in rows if one.items() <= row.items()), None)
            if of is None:
                found.fail(f"A row of {table} is not as it was linked, or was left out.")
                break
            rows.remove(of)
        else:
            if rows:
                found.fail(f"{table} has rows that no link of the record names.")


def _check_approvals(
    found: Verdict, study: str, tables: Mapping[str, list[Row]], known: Keys
) -> None:
    """Check the signatures under every approval, as the certificate shows them."""
    keys = {key["id"]: key for key in tables.get("member_keys", [])}
    proposals = {one["id"]: one for one in tables.get("proposals", [])}
    ends = [KeyEnd(**{n: row[n] for n in _KEY_END}) for row in tables.get("key_ends", [])]
    made = {
        end["effect"]: (proposals[end["proposal"]], end["at"])
        for end in tables.get("outcomes", [])
        if end["what"] == "done" and proposals[end["proposal"]]["act"] in MADE_BY
    }
    for approval in tables.get("approvals", []):
        proposal, at = made.get(approval["id"], (None, ""))
        evidence = proposal and {
            "statement": proposal["statement"],
            "signatures": [
                _signature(one, keys[one["key"]])
                for one in tables.get("signatures", [])
                if one["proposal"] == proposal["id"]
                and not had_ended(ends, one["account"], one["key"], at)
            ],
        }
        prints = VersionFingerprints(*(approval[n] for n in VersionFingerprints._fields))
        told = check(evidence, study, prints, {**approval, "conditions": _texts(approval)}, known)
        found.lines += [f"{approval['reference']}: {line}" for line in told.lines]
        found.sound = found.sound and (told.sound or proposal is None)


def _texts(approval: Row) -> list[str]:
    """Return the conditions that were stored with an approval, which once were free text."""
    stored = approval["conditions"]
    return [one["text"] for one in json.loads(stored)] if stored.startswith("[") else [stored]


def _signature(row: Row, key: Row) -> Row:
    return {
        **{name: row[name] for name in ("name", "capacity", "at")},
        "kind": key["kind"],
        "public": key["public"],
        "fingerprint": fingerprint(key["public"]),
        "signature": json.loads(row["signature"]),
    }
