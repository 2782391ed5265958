"""Segments of frozen answers and their parts: what exists, what is new, what must be made.

A segment's part in a tier is made once and repeated byte for byte afterwards; only a recall makes
another edition (docs/decisions/0008-segments.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from exports.anonymise.problem import Progress, no_progress
from exports.checksums import sha256_of
from exports.errors import ExportRefused
from exports.release import check_segment
from exports.report import ReleaseContext, SegmentEntry
from exports.segment_file import SegmentSource, read_back, recode_segment, source_of, write_segment
from exports.tables.build import Tables
from exports.tables.table_files import counts
from exports.tables.table_release import segment_tables
from exports.texts.text_release import TextContext, TextRelease, text_release
from forms.study import Study, Tier
from survey.errors import Refusal
from survey.releases import stored_answers
from survey.releases.archive import Archive
from survey.releases.stored_answers import read_people, write_people
from survey.releases.text_review import reviewed
from survey.storage import answer_tables, batches, releases
from survey.storage.database import Database
from survey.storage.releases import Segment

OTHER_QUESTIONS = "they answered other questions than this study folder asks"
LEAST_NEW = 20  # rows; and twice the largest k, and the policy's min_new_rows
MICRODATA = ("B", "C")
TEXTS = 0  # the file of texts grows as a whole, beside all segments


def least_new_rows(study: Study) -> int:
    """Rows that a further segment needs: it has to be anonymous alone."""
    ks = [tier.k for name, tier in study.policy.tiers.items() if name in MICRODATA]
    return max(2 * max(ks, default=0), LEAST_NEW, study.policy.min_new_rows)


def waiting_in_words(study: Study, rows: int) -> str:
    """Frozen answers that no segment holds yet, in a sentence; empty where there are none."""
    if not rows:
        return ""
    least = least_new_rows(study)
    return (
        f"{rows} newer frozen answers wait and are not in it: a further batch must be anonymous "
        f"alone and needs {least} rows, {least - rows} more."
    )


def check_policy(office: Database, study: Study) -> None:
    """All segments follow one policy, or comparing them could undo what each withholds."""
    for part in releases.parts(office, study.name):
        if part.policy != study.fingerprints.policy:
            raise Refusal(
                f"Segment {part.segment} of {study.name} was released under another policy "
                f"({part.policy[:12]}…); comparing the two could undo what is withheld. Release "
                "with the policy of the first release, or run the changed study under a new name."
            )
    held = releases.contents(office, study.name)
    for made in releases.all_releases(office, study.name):
        if not made.pilot and made.number not in held:
            raise Refusal(
                f"The ledger does not say which rows went into release {made.number} of "
                f"{study.name}, so no later release can be compared with it."
            )


def plan(
    office: Database, answers: Database, study: Study, *, pilot: bool
) -> tuple[list[Segment], int]:
    """The segments of the next release, and frozen answers that wait for more. Raises Refusal."""
    if pilot:
        rows = answer_tables.count(answers, study.name)
        if not rows:
            raise Refusal(f"The pilot of {study.name} has no answers yet.")
        return [Segment(1, (), rows)], 0
    check_policy(office, study)
    frozen = {b: n for b, n in batches.batches(answers, study.name).items() if b}
    if not frozen:
        raise Refusal(
            f"{study.name} has no frozen answers: `lacrima study freeze {study.name}` makes a "
            "batch."
        )
    known = releases.segments(office, study.name)
    fresh = sorted(set(frozen) - {batch for segment in known for batch in segment.batches})
    rows = sum(frozen[batch] for batch in fresh)
    if not fresh or (known and rows < least_new_rows(study)):
        return known, rows
    return [*known, Segment(len(known) + 1, tuple(fresh), rows)], 0


@dataclass(frozen=True, slots=True)
class SegmentFile:
    """A part as it lies on disk, entered already or about to be."""

    part: releases.LedgerPart
    path: Path
    new: bool

    @property
    def file(self) -> SegmentEntry:
        """The part as a release is put together from it."""
        about = self.part.about
        return SegmentEntry(
            self.path, self.part.segment, self.part.rows, about["left_out"],
            tuple(about["notes"]), about["aside"], about["figures"],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _SegmentInput:
    """What a part is made from, whose answer each row is, and what its report has to tell."""

    source: SegmentSource
    people: pl.Series
    about: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SegmentTables:
    """Tables of one segment, and their place in the archive."""

    tables: Tables
    made: SegmentFile


@dataclass
class SegmentBuilder:
    """Makes what is missing in a working folder of its own; nothing is entered or moved here."""

    study: Study
    office: Database
    answers: Database
    archive: Archive
    folder: Path
    wordings: Mapping[bytes, stored_answers.StoredWording]
    occasion: ReleaseContext
    seed: int = 0
    progress: Progress = no_progress
    made: dict[tuple[int, str], SegmentFile] = field(default_factory=dict)

    def part(self, segment: Segment, path: Sequence[Tier], after: int) -> SegmentFile:
        """The segment's part in the last tier of ``path``; rows are numbered from ``after`` + 1."""
        tier = path[-1]
        if (segment.number, tier.name) in self.made:
            return self.made[segment.number, tier.name]
        standing = self._standing(segment.number, tier.name)
        done = standing or self._new(segment, path, after)
        self.made[segment.number, tier.name] = done
        return done

    @cached_property
    def _entered(self) -> list[releases.LedgerPart]:
        return [] if self.occasion.pilot else releases.parts(self.office, self.study.name)

    @cached_property
    def _recalled(self) -> set[tuple[int, str, int]]:
        """Every part that stands in a recalled release."""
        if self.occasion.pilot:
            return set()
        held = releases.contents(self.office, self.study.name)
        recalled = {e.release for e in releases.errata(self.office, self.study.name)}
        return {part for number in recalled for part in held.get(number, ())}

    def _edition(self, segment: int) -> int:
        """Which making of the segment counts: a recall ends one, in every tier."""
        return 1 + max((e for s, _, e in self._recalled if s == segment), default=0)

    def _standing(self, segment: int, tier: str) -> SegmentFile | None:
        wanted = (segment, tier, self._edition(segment))
        for part in self._entered:
            if (part.segment, part.tier, part.edition) == wanted:
                return SegmentFile(part, self.archive.checked(part), new=False)
        return None

    def _from_answers(self, segment: Segment) -> _SegmentInput:
        batches = None if self.occasion.pilot else segment.batches
        found = stored_answers.read_answers(
            self.answers, self.study, self.wordings, batches=batches
        )
        if found.frame.is_empty():
            raise ExportRefused(
                f"None of the {found.others} answers to {self.study.name} fits this study folder: "
                f"{OTHER_QUESTIONS}."
            )
        used = set(found.frame["study_version"].unique().to_list())
        among = [w for w in self.wordings.values() if w.version in used]
        about = {
            "left_out": {OTHER_QUESTIONS: found.others} if found.others else {},
            "words": {w.version: w.words_sha256 for w in among},
            "consents": {w.consent: w.consent_sha256 for w in among},
            "aside": {},
            "answers": found.digest,
        }
        self._check_same(segment, found.digest)
        people = pl.Series(range(len(found.frame)), dtype=pl.UInt32)
        return _SegmentInput(source_of(self.study, found.frame, self.occasion), people, about)

    def _check_same(self, segment: Segment, digest: str) -> None:
        """Whoever is row 7 now has to be who was row 7 before, or the gate compares strangers."""
        for part in self._entered:
            if part.segment == segment.number and part.about["answers"] != digest:
                raise Refusal(
                    f"The stored answers of segment {segment.number} are no longer those that it "
                    "was first released from, so what the two reveal together cannot be worked "
                    "out. Restore them from a backup."
                )

    def _from_part(self, segment: Segment, path: Sequence[Tier]) -> _SegmentInput:
        """The tier before: what is coarsened from its very file can tell nothing beside it."""
        before = self.part(segment, path, 0)
        source = read_back(self.study, before.path, path[-1], self.occasion)
        return _SegmentInput(source, read_people(before.path), dict(before.part.about))

    def _new(self, segment: Segment, path: Sequence[Tier], after: int) -> SegmentFile:
        tier = path[-1]
        origin = (
            self._from_part(segment, path[:-1]) if len(path) > 1 else self._from_answers(segment)
        )
        part = recode_segment(
            self.study, origin.source, tier, seed=self.seed, progress=self.progress
        )
        edition = self._edition(segment.number)
        target = self.folder / self.archive.part(segment.number, tier.name, edition).name
        write_segment(part, target, after=after)
        figures = check_segment(part, target, origin.source, tier=tier, policy=self.study.policy)
        write_people(origin.people.gather(part.source), target)
        left_out = {**origin.about["left_out"], **part.left_out}
        about = {**origin.about, "left_out": left_out, "notes": list(part.notes)}
        about |= {
            "aside": {**origin.about["aside"], **part.small_sample_tables},
            "figures": figures,
        }
        entry = releases.LedgerPart(
            segment.number, tier.name, edition, sha256_of(target), len(part.order),
            self.study.fingerprints.policy, about,
        )  # fmt: skip
        return SegmentFile(entry, target, new=True)

    def tables(self, made: SegmentFile, tier: Tier) -> SegmentTables:
        """Tier A of the segment whose part in ``tier`` is ``made``; the same for good.

        Raises Refusal where the tables would differ from those that are out.
        """
        number, edition = made.part.segment, made.part.edition
        source = read_back(self.study, made.path, tier, self.occasion)
        found, notes = segment_tables(self.study, source)
        target = self.folder / self.archive.part(number, "A", edition).name
        target.write_bytes(counts(found))
        self._check_tables(number, sha256_of(target))
        standing = self._standing(number, "A")
        if standing:
            return SegmentTables(found, standing)
        about = {**made.part.about, "notes": list(notes), "aside": {}, "figures": {}}
        policy, rows = self.study.fingerprints.policy, made.part.rows
        part = releases.LedgerPart(number, "A", edition, sha256_of(target), rows, policy, about)
        self.made[number, "A"] = SegmentFile(part, target, new=True)
        return SegmentTables(found, self.made[number, "A"])

    def _check_tables(self, segment: int, sha256: str) -> None:
        """Tables that are out cannot be taken back, recalled or not: others must not differ."""
        for part in self._entered:
            if (part.segment, part.tier) == (segment, "A") and part.sha256 != sha256:
                raise Refusal(
                    f"The tables of segment {segment} would differ from those that are out "
                    f"(edition {part.edition}); the two together could show a single person. "
                    "Publish the earlier ones, with an erratum where they are wrong."
                )

    def texts(self, tier: Tier) -> tuple[TextRelease, releases.LedgerPart]:
        """Tier D: the lines of the last release of texts, and what was approved since."""
        pilot = self.occasion.pilot
        parts = [p for p in self._entered if (p.segment, p.tier) == (TEXTS, tier.name)]
        good = [p for p in parts if (p.segment, p.tier, p.edition) not in self._recalled]
        earlier = self.archive.checked(good[-1]).read_bytes() if good else b""
        occasion = TextContext(pilot, self.occasion.synthetic, earlier)
        texts = reviewed(self.answers, self.study.name, pilot=pilot)
        found = text_release(self.study, texts, tier=tier, occasion=occasion)
        if good and found.data == earlier:
            return found, good[-1]
        edition = len(parts) + 1
        target = self.folder / self.archive.part(TEXTS, tier.name, edition).name
        target.write_bytes(found.data)
        policy = self.study.fingerprints.policy
        part = releases.LedgerPart(
            TEXTS, tier.name, edition, sha256_of(target), found.rows, policy, {"notes": []}
        )
        self.made[TEXTS, tier.name] = SegmentFile(part, target, new=True)
        return found, part
