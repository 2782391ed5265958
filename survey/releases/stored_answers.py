"""Stored answers as a frame that exports understand: no key, no deletion value, versions in words.

Read by the release process alone. Beside each part in the archive it keeps which of the segment's
stored answers each row is, never part of a release: with it the intersection of releases can be
worked out again.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from exports.columns import STORED, frame_of, misfits
from exports.documents.context import ArchivedDocuments
from exports.errors import ExportRefused
from forms.fingerprint import CONSENT_TEXTS, digest
from forms.kinds import columns_of_study
from forms.study import NOT_REACHED, Column, Study
from forms.tiers import OPEN_ROWS
from survey.errors import Refusal
from survey.releases.archive import people_file
from survey.storage import answer_tables
from survey.storage.answer_tables import PACKED, PACKED_FROM, PACKED_MOST
from survey.storage.database import Database

_VERSIONS = ("study_version", "consent_version")
_DRAWN = "drawn"
_LOT_BYTES = 4
_LOTS = 2 ** (8 * _LOT_BYTES)


@dataclass(frozen=True, slots=True)
class StoredAnswers:
    """Answers that the study folder explains, and how many it does not."""

    frame: pl.DataFrame
    others: int
    digest: str  # SHA-256 of whose answers were read, in the order of the frame
    drawn: pl.Series  # of each row, whether it is in the sample that an open file takes


def is_drawn(deletion: bytes) -> bool:
    """Return whether a row is in the sample for an open file, by its deletion value.

    From the freeze on that is random bytes that nobody else has and nothing changes, so the lot is
    the same in every release, and in a backup. A pilot's is a keyed hash, or random from the start.
    """
    return int.from_bytes(deletion[:_LOT_BYTES]) < int(OPEN_ROWS.sample * _LOTS)


def consent_digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the consent texts in an archived wording."""
    consent = content["consent"]
    parts = ("key_facts", "details", "notice", "eligibility", "statements")
    return digest(
        {
            "language": content["language"],
            "texts": {key: consent["texts"][key] for key in CONSENT_TEXTS},
            **{part: consent[part] for part in parts},
        }
    )


def wordings_of(db: Database, study: Study) -> dict[bytes, ArchivedDocuments]:
    """Return fingerprint → wording; a version shared by several has part of the digest added."""
    archived = answer_tables.wordings(db, study.name)
    found = {bytes(w["fingerprint"]): json.loads(str(w["content"])) for w in archived}  # type: ignore[arg-type]
    uses = Counter(content["version"] for content in found.values())
    return {
        fingerprint: ArchivedDocuments(
            content["version"] + f"+{fingerprint.hex()[:8]}" * (uses[content["version"]] > 1),
            f"{content['consent']['version']}+{consent_digest(content)[:8]}",
            content,
        )
        for fingerprint, content in found.items()
    }


def _fitting(
    study: Study, block: Mapping[str, tuple[Any, ...]], wordings: Mapping[bytes, ArchivedDocuments]
) -> pl.DataFrame | None:
    """Return the rows of those wordings whose every answer the study folder explains, if any.

    A last column says which of them are drawn.
    """
    block = dict(block)
    drawn = pl.Series(_DRAWN, [is_drawn(value) for value in block.pop("deletion")], pl.Boolean)
    said = [wordings[bytes(value)] for value in block.pop("fingerprint")]
    versions = {
        "study_version": [w.version for w in said],
        "consent_version": [w.consent for w in said],
    }
    try:
        frame = frame_of(study, {**versions, **block})
    except ExportRefused:  # a cell that is no code of this folder's columns
        return None
    whole = frame.with_columns(drawn)
    if not misfits(study, frame):
        return whole
    groups = whole.partition_by("study_version", maintain_order=True)
    fitting = [group for group in groups if not misfits(study, group.drop(_DRAWN))]
    return pl.concat(fitting) if fitting else None


def _packable(study: Study) -> list[str]:
    """Return the columns whose every code can be read packed."""
    return [
        column.name
        for column in columns_of_study(study)
        if not column.max_length and max(column.codes, default=0) <= PACKED_MOST
    ]


def _unpacked(rows: Sequence[bytes], names: Sequence[str]) -> dict[str, Any]:
    letters = b"".join(rows).decode("utf-8", "surrogatepass").encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(letters, np.uint32).reshape(len(rows), -1).astype(np.int32)
    return dict(zip(names, np.ascontiguousarray(codes.T) - PACKED_FROM, strict=True))


def _explained(study: Study, block: Mapping[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    """Return all rows, with -94 for every answer that the study folder does not explain."""

    def cells(column: Column) -> tuple[Any, ...]:
        if column.max_length:  # texts are not counted
            return (NOT_REACHED,) * len(block[column.name])
        known = {*column.codes, *column.missing}
        return tuple(cell if cell in known else NOT_REACHED for cell in block[column.name])

    return {**block, **{column.name: cells(column) for column in columns_of_study(study)}}


@dataclass(frozen=True, slots=True)
class AnswerBlock:
    """Some stored answers: those that the study folder explains, how many there are in all.

    A last column of ``frame`` says which are drawn; ``keys`` are those of all rows together.
    """

    frame: pl.DataFrame | None
    rows: int
    keys: bytes


def answer_blocks(
    db: Database,
    study: Study,
    wordings: Mapping[bytes, ArchivedDocuments],
    *,
    batches: Sequence[int] | None,
    everybody: bool = False,
) -> Iterator[AnswerBlock]:
    """Yield the study's answers in ``batches`` (None: all), in the order of random keys.

    With ``everybody`` whoever was asked these questions is among them, whatever the answers: one
    that the study folder does not explain is as if it was not reached.
    """
    coded = _packable(study)
    names = [n for n in STORED if n not in _VERSIONS]
    names += [c.name for c in columns_of_study(study) if c.name not in coded]
    own = {"key", "fingerprint", "deletion", "batch"}
    for table in answer_tables.tables_of(db, study.name):
        fits = {*answer_tables.columns_of(db, table)} - own == {*names, *coded}
        wanted = ["key", "fingerprint", "deletion", *names] if fits else ["fingerprint"]
        packed = coded if fits else ()
        for block in answer_tables.blocks(db, table, wanted, batches=batches, packed=packed):
            if packed:
                block |= _unpacked(block.pop(PACKED), coded)
            rows, keys = len(block["fingerprint"]), b"".join(block.pop("key", ()))
            frame = _fitting(study, block, wordings) if fits else None
            if everybody and fits and (frame is None or len(frame) < rows):
                frame = _fitting(study, _explained(study, block), wordings)
            yield AnswerBlock(frame, rows, keys)


def read_answers(
    db: Database,
    study: Study,
    wordings: Mapping[bytes, ArchivedDocuments],
    *,
    batches: Sequence[int] | None,
) -> StoredAnswers:
    """Return the study's answers in ``batches`` (None: all), in the order of random keys."""
    names = [*_VERSIONS, *(n for n in STORED if n not in _VERSIONS)]
    names += [c.name for c in columns_of_study(study)]
    nobody = frame_of(study, {name: [] for name in names})
    frames = [nobody.with_columns(pl.Series(_DRAWN, [], pl.Boolean))]
    rows, whose = 0, hashlib.sha256()
    for block in answer_blocks(db, study, wordings, batches=batches):
        rows += block.rows
        whose.update(block.keys)
        if block.frame is not None:
            frames.append(block.frame)
    found = pl.concat(frames)
    whose.update(str(len(found)).encode())
    return StoredAnswers(found.drop(_DRAWN), rows - len(found), whose.hexdigest(), found[_DRAWN])


def write_people(people: pl.Series, part: Path) -> None:
    """Write for each row of ``part`` its place among the segment's answers."""
    people.to_frame("person").write_csv(people_file(part))


def read_people(part: Path) -> pl.Series:
    """Return what ``write_people`` wrote. Raises Refusal where the file is gone."""
    try:
        return pl.read_csv(people_file(part), schema={"person": pl.UInt32})["person"]
    except (OSError, pl.exceptions.PolarsError):
        raise Refusal(
            f"{people_file(part)} is missing or damaged: without it nobody can work out what two "
            "releases reveal together. Restore it from a backup."
        ) from None
