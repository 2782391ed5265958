"""Stored answers as a frame that exports understand: no key, no deletion value, versions in words.

Only the release process reads it (survey/releases/process.py).

Beside each part in the archive: which of the segment's stored answers each of its rows is.

Never part of a release: with it the intersection of releases can be worked out again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from exports.columns import STORED, frame_of, misfits
from exports.errors import ExportRefused
from forms.fingerprint import CONSENT_TEXTS, digest
from forms.kinds import columns_of_study
from forms.study import Study
from survey.errors import Refusal
from survey.releases.archive import people_file
from survey.storage import answer_tables
from survey.storage.database import Database

_VERSIONS = ("study_version", "consent_version")


@dataclass(frozen=True, slots=True)
class StoredWording:
    """One archived wording: what its answers are called in a release, and its full digests."""

    version: str
    consent: str
    words_sha256: str
    consent_sha256: str
    content: str  # canonical JSON


@dataclass(frozen=True, slots=True)
class StoredAnswers:
    """Answers that the study folder explains, and how many it does not."""

    frame: pl.DataFrame
    others: int
    digest: str  # SHA-256 of whose answers were read, in the order of the frame


def _wording(fingerprint: bytes, content: str) -> StoredWording:
    said = json.loads(content)
    consent = said["consent"]
    parts = ("key_facts", "details", "notice", "eligibility", "statements")
    full = digest(
        {
            "language": said["language"],
            "texts": {key: consent["texts"][key] for key in CONSENT_TEXTS},
            **{part: consent[part] for part in parts},
        }
    )
    named = f"{consent['version']}+{full[:8]}"
    return StoredWording(said["version"], named, fingerprint.hex(), full, content)


def wordings_of(db: Database, study: Study) -> dict[bytes, StoredWording]:
    """Fingerprint → wording. A version shared by several wordings gets part of the digest added."""
    archived = answer_tables.wordings(db, study.name)
    found = {bytes(w["fingerprint"]): str(w["content"]) for w in archived}  # type: ignore[arg-type]
    wordings = {
        fingerprint: _wording(fingerprint, content) for fingerprint, content in found.items()
    }
    versions = [w.version for w in wordings.values()]
    return {
        fingerprint: w if versions.count(w.version) == 1 else _told_apart(w)
        for fingerprint, w in wordings.items()
    }


def _told_apart(w: StoredWording) -> StoredWording:
    version = f"{w.version}+{w.words_sha256[:8]}"
    return StoredWording(version, w.consent, w.words_sha256, w.consent_sha256, w.content)


def _frame(
    study: Study, block: Mapping[str, Sequence[object]], wordings: Mapping[bytes, StoredWording]
) -> pl.DataFrame:
    said = [wordings[bytes(value)] for value in block["fingerprint"]]  # type: ignore[call-overload]
    versions = {
        "study_version": [w.version for w in said],
        "consent_version": [w.consent for w in said],
    }
    answers = {name: values for name, values in block.items() if name != "fingerprint"}
    return frame_of(study, {**versions, **answers})


def _fitting(study: Study, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows of those wordings whose every answer the study folder explains."""
    if not misfits(study, frame):
        return frame
    groups = frame.partition_by("study_version", maintain_order=True)
    fitting = [group for group in groups if not misfits(study, group)]
    return pl.concat(fitting) if fitting else frame.clear()


def read_answers(
    db: Database,
    study: Study,
    wordings: Mapping[bytes, StoredWording],
    *,
    batches: Sequence[int] | None,
) -> StoredAnswers:
    """The study's answers in ``batches`` (None: all there are), in the order of random keys."""
    names = [n for n in STORED if n not in _VERSIONS] + [c.name for c in columns_of_study(study)]
    own = {"key", "fingerprint", "deletion", "batch"}
    frames, others, whose = [], 0, hashlib.sha256()
    for table in answer_tables.tables_of(db, study.name):
        asked = {*answer_tables.columns_of(db, table)} - own
        fits = asked == {*names}
        for block in answer_tables.blocks(
            db, table, ["key", "fingerprint", *names] if fits else ["fingerprint"], batches=batches
        ):
            size = len(block["fingerprint"])
            whose.update(b"".join(block.pop("key", ())))
            frame = _frame_or_none(study, block, wordings) if fits else None
            others += size - (len(frame) if frame is not None else 0)
            frames += [frame] if frame is not None else []
    if not frames:
        nobody = frame_of(study, {name: [] for name in (*_VERSIONS, *names)})
        return StoredAnswers(nobody, others, whose.hexdigest())
    whose.update(str(sum(map(len, frames))).encode())
    return StoredAnswers(pl.concat(frames), others, whose.hexdigest())


def _frame_or_none(
    study: Study, block: Mapping[str, Sequence[object]], wordings: Mapping[bytes, StoredWording]
) -> pl.DataFrame | None:
    try:
        return _fitting(study, _frame(study, block, wordings))
    except ExportRefused:  # a cell that is no code of this folder's columns
        return None


def write_people(people: pl.Series, part: Path) -> None:
    """For each row of ``part``, its place among the segment's answers."""
    people.to_frame("person").write_csv(people_file(part))


def read_people(part: Path) -> pl.Series:
    """What ``write_people`` wrote. Raises Refusal where the file is gone."""
    try:
        return pl.read_csv(people_file(part), schema={"person": pl.UInt32})["person"]
    except (OSError, pl.exceptions.PolarsError):
        raise Refusal(
            f"{people_file(part)} is missing or damaged: without it nobody can work out what two "
            "releases reveal together. Restore it from a backup."
        ) from None
