"""Destruction of what a study keeps no longer: its last days by kind, and the certificate.

A last day is a date that the words tell and a board signs (forms/dates.py).
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exports.output_files import sha256_of
from forms import dates
from survey.clock import iso_utc
from survey.errors import Refusal
from survey.releases.archive import Archive
from survey.storage import answer_tables, batches, endings, studies, texts
from survey.storage.database import write_transaction
from survey.storage.record import append, rows_of
from survey.storage.stores import Stores
from survey.studies.approvals import signed_version
from survey.studies.version import StudyVersion

FOLDER = "destroyed"
CERTIFICATE_STEP = 10  # a certificate tells no number finer than this
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file that is destroyed, the fact with its last day, and what it is in words."""

    name: str
    fact: str
    what: str


ANSWERS = Kind("answers", dates.ANSWERS, "the answers")
TEXTS = Kind("texts", dates.TEXTS, "the texts in clients’ own words")
RELEASES = Kind("releases", dates.RELEASES, "the files of releases")
KINDS = (ANSWERS, TEXTS, RELEASES)
# Out of the program's reach: that copies are gone the host declares, which stays a claim; the
# record goes with office.db, when no study in it is kept any more.
BACKUPS = Kind("backups", dates.BACKUPS, "the backups")
RECORDS = Kind("records", dates.RECORDS, "the record of what staff did")


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was destroyed, a line each, and the file that says so."""

    lines: Sequence[str]
    path: Path


def last_day(stores: Stores, version: StudyVersion, kind: Kind) -> str:
    """Return the last day (ISO) on which this kind is kept, or nothing.

    The earliest counts of what senders of answers were told and what is signed now.
    """
    signed = signed_version(stores, version, iso_utc()[:10]).facts.get(kind.fact, "")
    told = batches.promised(stores.responses, version.study.name, kind.fact)
    return min((day for day in (*told, signed) if day), default="")


def is_there(stores: Stores, study: str, kind: Kind) -> bool:
    """Return whether anything of this kind is kept."""
    responses = stores.responses
    if kind in (ANSWERS, TEXTS) and batches.being_destroyed(responses, study, texts=kind is TEXTS):
        return True
    if kind is ANSWERS:
        return answer_tables.count(responses, study) > 0
    if kind is TEXTS:
        return bool(texts.text_counts(responses, study))
    if kind is BACKUPS:
        return bool(batches.promised(stores.responses, study, kind.fact))
    if kind is RECORDS:
        return studies.status(stores.office, study) != "draft"
    return bool(_files(stores, study))


def due(stores: Stores, version: StudyVersion, today: str) -> list[Kind]:
    """Return what is kept though its last day is over, backups too. A pilot has no last day."""
    if version.pilot:
        return []
    found = [k for k in (*KINDS, BACKUPS) if _over(stores, version, k, today)]
    return [kind for kind in found if kind is not BACKUPS or not _declared(stores, version)]


def _over(stores: Stores, version: StudyVersion, kind: Kind, today: str) -> bool:
    day = last_day(stores, version, kind)
    return bool(day) and day < today and is_there(stores, version.study.name, kind)


def _declared(stores: Stores, version: StudyVersion) -> bool:
    """Return whether the host has declared after the last day that backups are gone."""
    day = last_day(stores, version, BACKUPS)
    noted = rows_of(stores.office, "destructions", version.study.name)
    return any(row["kinds"] == BACKUPS.name and row["at"][:10] > day for row in noted)


def overdue(stores: Stores, version: StudyVersion, today: str) -> list[str]:
    """Return a sentence on everything that is kept beyond its last day, for staff."""
    try:
        found = due(stores, version, today)
        if not version.pilot and _over(stores, version, RECORDS, today):
            found.append(RECORDS)
        return [
            f"{kind.what[0].upper()}{kind.what[1:]} were to be kept until the end of "
            f"{dates.in_words(last_day(stores, version, kind))}."
            for kind in found
        ]
    except Refusal:  # an archived copy or a record is lost, which is told by itself
        return []


def reminders(stores: Stores, version: StudyVersion, today: str) -> list[str]:
    """Return a sentence on what is due, with what to do, for the host."""
    name = version.study.name
    if not (found := overdue(stores, version, today)):
        return []
    what_to_do = (
        f"{name}: `lacrima destroy {name}` destroys what is due. Backups you destroy yourself, and "
        f"say how with `lacrima destroy {name} --backups HOW`. The record goes with the whole data "
        "folder."
    )
    return [*(f"{name}: {sentence}" for sentence in found), what_to_do]


def declare_backups(
    stores: Stores, version: StudyVersion, today: str, how: str, *, who: str
) -> None:
    """Keep the host's word that copies of before are destroyed, and how: a claim, in the record.

    Raises Refusal where it is not due, or nothing is said.
    """
    name = version.study.name
    if BACKUPS not in due(stores, version, today):
        raise Refusal(f"Backups of {name} are not due to be destroyed.")
    if not how.strip() or not how.isprintable():
        raise Refusal("Say in a line how the backups were destroyed.")
    at, day = iso_utc(), last_day(stores, version, BACKUPS)
    said = {"kind": BACKUPS.name, "what": BACKUPS.what, "last_day": day, "claimed": how.strip()}
    content = {"study": name, "at": at, "by": who, "destroyed": [said]}
    _keep(stores, content, BACKUPS.name, f"says that backups are destroyed: {how.strip()}")
    with write_transaction(stores.responses):  # no copy is left that could bring them back
        endings.forget_ended(stores.responses, name)


def _keep(stores: Stores, content: dict[str, Any], kinds: str, what: str) -> Path:
    """Keep a certificate in the record with its line, and as a file; return its path."""
    study, at, who = content["study"], content["at"], content["by"]
    certificate = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    row = {"study": study, "at": at, "who": who, "kinds": kinds, "certificate": certificate}
    with write_transaction(stores.office):
        number = append(stores.office, "destructions", row)
        studies.note(stores.office, at=at, who=who, what=f"{study}: {what}")
    folder = stores.folder / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{study}-{number:03d}.json"
    path.write_text(certificate, "utf-8")
    return path


def destroy(stores: Stores, version: StudyVersion, today: str, *, who: str) -> Certificate:
    """Destroy what is due, keep the certificate and write a line in the audit.

    Raises Refusal where nothing is due, and while answers may still come.
    """
    name, office = version.study.name, stores.office
    kinds = [kind for kind in due(stores, version, today) if kind in KINDS]
    if not kinds:
        raise Refusal(f"Nothing of {name} is due to be destroyed.")
    if studies.status(office, name) != "frozen":
        raise Refusal(f"{name} still takes answers or deletions: close it and freeze the last.")
    parts = [_destroyed(stores, version, kind) for kind in kinds]
    content = {"study": name, "at": iso_utc(), "by": who, "destroyed": parts}
    named = ", ".join(kind.name for kind in kinds)
    path = _keep(stores, content, named, f"destroyed {named}")
    for kind in kinds:
        if kind is not RELEASES:
            batches.certified(stores.responses, name, texts=kind is TEXTS)
    return Certificate([f"Destroyed: {part['what']}, {part['count']}." for part in parts], path)


def _destroyed(stores: Stores, version: StudyVersion, kind: Kind) -> dict[str, Any]:
    """Destroy one kind; return what the certificate says of it."""
    study, day = version.study.name, last_day(stores, version, kind)
    said: dict[str, Any] = {"kind": kind.name, "what": kind.what, "last_day": day}
    if kind is RELEASES:
        files = _files(stores, study)
        sums = {path.name: sha256_of(path) for path in files}
        with Archive(stores.folder, study).working_folder():
            for path in files:
                overwrite(path)
        return {**said, "count": f"{len(files)} files", "sha256": sums}
    words = [bytes(w["fingerprint"]).hex() for w in answer_tables.wordings(stores.responses, study)]  # type: ignore[arg-type]
    gone = batches.destroy(stores.responses, study, texts=kind is TEXTS)
    return {**said, "count": in_steps(gone), "words": sorted(set(words))}


def in_steps(number: int) -> str:
    """Return a count as a certificate tells it."""
    if number < CERTIFICATE_STEP:
        return f"fewer than {CERTIFICATE_STEP}"
    return f"{number // CERTIFICATE_STEP * CERTIFICATE_STEP} or more"


def _files(stores: Stores, study: str) -> list[Path]:
    """Return every file of releases of the study: whole ones, their parts, whose rows these are."""
    archive = Archive(stores.folder, study)
    found = [*archive.folder.glob("*.zip"), *archive.parts.glob("*")]
    return sorted(path for path in found if path.is_file())


def overwrite(path: Path) -> None:
    """Overwrite a file with zeros as far as the file system lets one, then delete it."""
    path.chmod(0o600)
    with path.open("r+b") as file:
        left = path.stat().st_size
        while left > 0:
            left -= file.write(bytes(min(BLOCK, left)))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
