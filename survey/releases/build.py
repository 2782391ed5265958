"""A release on its way: the file of each segment in a tier, as it stands or newly made.

A segment's file in a tier is made once and repeated byte for byte afterwards; only a recall makes
another edition (docs/decisions/0008-segments.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from exports.anonymise.problem import Progress, no_progress
from exports.documents.context import ArchivedDocuments
from exports.errors import ExportRefused
from exports.output_files import sha256_of
from exports.release import check_segment
from exports.report import ReleaseContext, SegmentEntry
from exports.segment_attacks import attack_segment
from exports.segment_file import read_back, recode_segment, source_of, write_segment
from exports.tables.measure import Measurement
from exports.texts.text_release import TextContext, TextRelease, text_release
from forms.deposit import NOT_TOLD, Deposit
from forms.study import Study, Tier
from forms.tiers import TABLES
from survey.clock import iso_utc
from survey.errors import Refusal
from survey.releases import measuring, pilots
from survey.releases.archive import Archive
from survey.releases.control_group import simulated_people
from survey.releases.floors import least_new_rows
from survey.releases.stored_answers import (
    StoredAnswers,
    consent_digest,
    read_answers,
    read_people,
    write_people,
)
from survey.releases.text_review import reviewed
from survey.storage import answer_tables, batches, releases
from survey.storage.counters import DisclosedPilot
from survey.storage.database import Database
from survey.storage.releases import LedgerPart, Segment
from survey.storage.stores import Stores

T = TypeVar("T")

OTHER_QUESTIONS = "they answered other questions than this study folder asks"
TEXTS_SEGMENT = 0  # the file of texts grows as a whole, beside all segments


def waiting_in_words(study: Study, rows: int) -> str:
    """Return a sentence on the frozen answers that no segment holds yet, empty without any."""
    if not rows:
        return ""
    least = least_new_rows(study)
    return (
        f"{rows} newer frozen answers wait and are not in it: a further batch must be anonymous "
        f"alone and needs {least} rows, {least - rows} more."
    )


def check_policy(office: Database, study: Study) -> None:
    """Raise Refusal unless all segments follow one policy and the ledger knows their rows.

    Segments of two policies could be compared, which undoes what each withholds.
    """
    for part in releases.parts(office, study.name):
        if part.policy != study.fingerprints.policy:
            raise Refusal(
                f"Segment {part.segment} of {study.name} was released under another policy "
                f"({part.policy[:12]}…); comparing the two could undo what is withheld. Release "
                "with the policy of the first release. Under a new name the same people's rows are "
                "refused as well."
            )
    held = releases.contents(office, study.name)
    for made in releases.all_releases(office, study.name):
        if not made.pilot and made.number not in held:
            raise Refusal(
                f"The ledger does not say which rows went into release {made.number} of "
                f"{study.name}, so no later release can be compared with it."
            )


def plan_segments(stores: Stores, study: Study, *, pilot: bool) -> tuple[list[Segment], int]:
    """Return the segments of the next release, and how many frozen answers wait for more.

    Raises Refusal.
    """
    office, answers = stores.office, stores.answers(pilot=pilot)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRequest:
    """A release as it is asked for. ``made_at`` is an ISO time for the ledger; no file holds it.

    ``recipient`` names who gets a restricted file: person, agreement, date; ``who`` asked for it,
    as the audit names them. ``facts`` are those that were signed, ``deposit`` those of today.
    ``study_folder`` has the recipe of simulated people (simulation.toml): attacks are tried on
    them as well, and a twin may be drawn from them.
    """

    tier: str
    out: Path
    pilot: bool = False
    seed: int = 0
    made_at: str = field(default_factory=iso_utc)
    recipient: Mapping[str, str] | None = None
    facts: Mapping[str, str] | None = None
    deposit: Deposit = NOT_TOLD
    who: str = ""
    study_folder: Path | None = None


@dataclass(frozen=True, slots=True)
class SegmentFile:
    """A segment in one tier: its line in the ledger, and its file, archived already or new."""

    part: LedgerPart
    path: Path
    new: bool

    @property
    def entry(self) -> SegmentEntry:
        """The file as exports put a release together from it."""
        about = self.part.about
        return SegmentEntry(
            self.path, self.part.segment, self.part.rows, about["left_out"],
            tuple(about["notes"]), about["figures"], about.get("not_answered", {}),
            about.get("attacks", ()),
        )  # fmt: skip


@dataclass
class ReleaseBuild:
    """One release on its way in the working folder ``folder``; nothing is entered or moved here.

    ``waiting`` counts frozen answers that no segment holds yet. ``pilot`` tells which answers a
    pilot held when it began, None for frozen answers, and ``deleted`` how many had been deleted
    from it. ``files`` are the segments' files as far as they are made or found, ``read`` the stored
    answers of the segment that was read last, ``held`` the parts that go out, ``left_out`` a
    sentence for each segment that does not. ``number`` is that of the release in the ledger, where
    one that is there is made again; otherwise it comes after all that are.
    """

    stores: Stores
    study: Study
    request: ReleaseRequest
    archive: Archive
    folder: Path
    wordings: Mapping[bytes, ArchivedDocuments]
    context: ReleaseContext
    segments: Sequence[Segment]
    waiting: int
    pilot: DisclosedPilot | None
    deleted: int
    progress: Progress = no_progress
    files: dict[tuple[int, str], SegmentFile] = field(default_factory=dict)
    read: dict[int, StoredAnswers] = field(default_factory=dict)
    held: Sequence[LedgerPart] = ()
    left_out: list[str] = field(default_factory=list)
    number: int | None = None

    def new_folder(self, tier: Tier) -> Path:
        """Make a folder for the files of a release in ``tier``."""
        folder = self.folder / f"{self.study.name}-{tier.name}"
        folder.mkdir()
        return folder

    def record_disclosure(self) -> None:
        """Keep that something is told of a pilot's answers, if this is of one."""
        if self.pilot is not None:
            pilots.record(self.stores, self.study, self.pilot)

    @cached_property
    def _answers(self) -> Database:
        return self.stores.answers(pilot=self.request.pilot)

    @cached_property
    def _entered(self) -> list[LedgerPart]:
        # People still answer a pilot and delete answers: no file of it is repeated.
        return [] if self.request.pilot else releases.parts(self.stores.office, self.study.name)

    @cached_property
    def _recalled(self) -> set[tuple[int, str, int]]:
        """Every part that stands in a recalled release."""
        if self.request.pilot:
            return set()
        held = releases.contents(self.stores.office, self.study.name)
        recalled = {e.release for e in releases.errata(self.stores.office, self.study.name)}
        return {part for number in recalled for part in held.get(number, ())}

    def segment_files(self, path: Sequence[Tier]) -> list[SegmentFile]:
        """Return the file of every segment in the last tier of ``path``, rows numbered through.

        A later segment that cannot stand alone in this tier is left out, with a sentence.
        """
        made: list[SegmentFile] = []
        for segment in self.segments:
            after = sum(done.part.rows for done in made)
            try:
                made.append(self._segment_file(segment, path, after))
            except ExportRefused as refused:
                if not made:
                    raise
                self.left_out.append(f"Segment {segment.number} is not in this release. {refused}")
        return made

    def _segment_file(self, segment: Segment, path: Sequence[Tier], after: int) -> SegmentFile:
        """Return the segment's file; rows of a new one are numbered from ``after`` + 1."""
        at = (segment.number, path[-1].name)
        if at not in self.files:
            self.files[at] = self._archived(*at) or self._recoded(segment, path, after)
        return self.files[at]

    def _edition(self, segment: int) -> int:
        """Return which making of the segment counts: a recall ends one, in every tier."""
        # Tiers B and A are made from C’s part, so a fault may be in all (docs/decisions/0008).
        return 1 + max((e for s, _, e in self._recalled if s == segment), default=0)

    def _archived(self, segment: int, tier: str) -> SegmentFile | None:
        wanted = (segment, tier, self._edition(segment))
        for part in self._entered:
            if (part.segment, part.tier, part.edition) == wanted:
                return SegmentFile(part, self.archive.checked(part), new=False)
        return None

    def _target(self, segment: int, tier: str, edition: int) -> Path:
        return self.folder / self.archive.part(segment, tier, edition).name

    def _add(
        self, path: Path, at: tuple[int, str, int], rows: int, about: Mapping[str, Any]
    ) -> SegmentFile:
        """Take in a file written for ``at``: segment, tier and edition."""
        policy = self.study.fingerprints.policy
        made = SegmentFile(LedgerPart(*at, sha256_of(path), rows, policy, about), path, new=True)
        self.files[at[:2]] = made
        return made

    def _recoded(self, segment: Segment, path: Sequence[Tier], after: int) -> SegmentFile:
        tier, before = path[-1], None
        if len(path) > 1:
            before = self._segment_file(segment, path[:-1], 0)
        stored = self._read(segment)
        source = source_of(self.study, stored.frame, self.context)
        if before is None:
            people = pl.Series(range(len(stored.frame)), dtype=pl.UInt32)
            about: Mapping[str, Any] = self._about(stored)
        else:
            # What is coarsened from the very file of the tier before tells nothing of its rows.
            people, about = read_people(before.path), before.part.about
            answers = source.table[people]
            source = read_back(self.study, before.path, path[-2], self.context, answers)
        part = recode_segment(
            self.study, source, tier, drawn=stored.drawn.gather(people),
            seed=self.request.seed, progress=self.progress,
        )  # fmt: skip
        at = (segment.number, tier.name, self._edition(segment.number))
        target = self._target(*at)
        write_segment(part, target, after=after)
        figures = check_segment(part, target, source, tier=tier, study=self.study)
        strangers = None
        if tier.kind.sample == 1:
            strangers = simulated_people(
                self.study, self.request.study_folder, self.context, like=source.stored
            )
        attacked = attack_segment(
            part, target, source, tier=tier, study=self.study, strangers=strangers
        )
        write_people(people.gather(part.source), target)
        about = {
            **about,
            "left_out": {**about["left_out"], **part.left_out},
            "notes": list(part.notes),
            "figures": figures,
            "not_answered": part.not_answered,
            "attacks": attacked,
        }
        return self._add(target, at, len(part.order), about)

    def _read(self, segment: Segment) -> StoredAnswers:
        """Return the segment's stored answers. Raises ExportRefused and Refusal."""
        if segment.number in self.read:
            return self.read[segment.number]
        chosen = None if self.request.pilot else segment.batches
        found = read_answers(self._answers, self.study, self.wordings, batches=chosen)
        if found.frame.is_empty():
            raise ExportRefused(
                f"None of the {found.others} answers to {self.study.name} fits this study folder: "
                f"{OTHER_QUESTIONS}."
            )
        for part in self._entered:
            # Row 7 now has to be the client who was row 7 before, or strangers are compared.
            answers = part.about.get("answers", found.digest)  # a measurement has none
            if part.segment == segment.number and answers != found.digest:
                raise Refusal(
                    f"The stored answers of segment {segment.number} are no longer those that it "
                    "was first released from, so what the two reveal together cannot be worked "
                    "out. Restore them from a backup."
                )
        self.read.clear()  # one segment at a time is in memory
        self.read[segment.number] = found
        return found

    def _about(self, found: StoredAnswers) -> dict[str, Any]:
        """Return what the report tells of a segment's stored answers."""
        versions = set(found.frame["study_version"].unique().to_list())
        used = {key: w for key, w in self.wordings.items() if w.version in versions}
        return {
            "left_out": {OTHER_QUESTIONS: found.others} if found.others else {},
            "words": {w.version: key.hex() for key, w in used.items()},
            "consents": {w.consent: consent_digest(w.content) for w in used.values()},
            "answers": found.digest,
            "population": self.study.policy.population,
        }

    @property
    def simulated_pilot(self) -> bool:
        """Return whether this is a pilot that no person has answered."""
        return self.request.pilot and not self.context.people

    def measurable(self) -> list[tuple[Segment, int]]:
        """Return the segments that have tables, and how many people each has; nothing is drawn."""
        return self._of_each(lambda segment: (segment, measuring.people_in(self, segment)))

    def tables(self) -> list[tuple[Measurement, SegmentFile]]:
        """Return what was measured of every segment, now or before, and its line in the ledger."""
        return self._of_each(self._measured)

    def _of_each(self, made: Callable[[Segment], T]) -> list[T]:
        """Return what ``made`` makes of each segment for tables.

        One that is too small, or whose tables went out by the rule of an earlier program, is left
        out with a sentence. Raises ExportRefused or Refusal where none is left.
        """
        found: list[T] = []
        refused: ExportRefused | None = None
        for segment in self.segments:
            try:
                self._check_not_told(segment)
                found.append(made(segment))
            except ExportRefused as error:
                refused = refused or error
                said = f"Segment {segment.number} is not in this release. {error}"
                self.left_out.append(said)
        if refused and not found:
            raise refused
        return found

    def _check_not_told(self, segment: Segment) -> None:
        """Raise ExportRefused where the segment's tables are out and nothing was measured."""
        told = [p for p in self._entered if (p.segment, p.tier) == (segment.number, TABLES.name)]
        if told and segment.number not in measuring.known(self):
            raise ExportRefused(
                "Its tables went out as an earlier program made them, with counts rounded and "
                "hidden. They stay as they are, in that release: measured tables beside them "
                "would keep no promise."
            )

    def _measured(self, segment: Segment) -> tuple[Measurement, SegmentFile]:
        found = measuring.measurement_of(self, segment)
        at = (segment.number, TABLES.name, self._edition(segment.number))
        path = self.archive.measured(segment.number, pilot=self.request.pilot)
        for part in self._entered:
            if (part.segment, part.tier, part.edition) == at:
                return found, SegmentFile(part, path, new=False)
        # Of all wordings that were offered: which of them somebody answered is not told.
        words = self.wordings.items()
        about = {
            "left_out": {},
            "words": {w.version: key.hex() for key, w in words},
            "consents": {w.consent: consent_digest(w.content) for _, w in words},
            "notes": [],
            "figures": {},
            "population": self.study.policy.population,
        }
        digest = sha256_of(path) if path.is_file() else ""
        policy = self.study.fingerprints.policy
        part = LedgerPart(*at, digest, found.people, policy, about)
        made = self.files[at[:2]] = SegmentFile(part, path, new=True)
        return found, made

    def texts(self, tier: Tier) -> tuple[TextRelease, LedgerPart]:
        """Return tier D: the lines of the last release of texts, and what was approved since."""
        parts = [p for p in self._entered if (p.segment, p.tier) == (TEXTS_SEGMENT, tier.name)]
        good = [p for p in parts if (p.segment, p.tier, p.edition) not in self._recalled]
        earlier = self.archive.checked(good[-1]).read_bytes() if good else b""
        pilot = self.request.pilot
        found = text_release(
            self.study,
            reviewed(self._answers, self.study, pilot=pilot),
            tier=tier,
            occasion=TextContext(pilot, self.context.synthetic, earlier),
        )
        if good and found.data == earlier:
            return found, good[-1]
        at = (TEXTS_SEGMENT, tier.name, len(parts) + 1)
        target = self._target(*at)
        target.write_bytes(found.data)
        return found, self._add(target, at, found.rows, {"notes": []}).part
