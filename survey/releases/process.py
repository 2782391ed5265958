"""The release process: the only place where stored rows and exports meet. No web in it.

The folder that a release is written into: all of it at once, or nothing.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from exports.anonymise.problem import Progress, no_progress
from exports.checksums import sha256_of
from exports.documents.context import ArchivedDocuments
from exports.errors import ExportRefused
from exports.files.zip_file import bundle
from exports.generalise import path_to, tier_of
from exports.release import assemble
from exports.release_folder import SUMS
from exports.report import ReleaseContext, Report
from exports.tables.table_release import assemble_tables
from exports.texts.text_release import assemble_texts
from forms.study import Study, Tier
from survey.clock import iso_utc
from survey.errors import Refusal
from survey.releases import archive, pilot_guard, stored_answers
from survey.releases.archive import Archive
from survey.releases.collection_totals import totals_for_release
from survey.releases.disclosure_control import check_against_releases
from survey.releases.segments import SegmentBuilder, SegmentFile, plan, waiting_in_words
from survey.storage import releases
from survey.storage.database import write_transaction
from survey.storage.releases import Segment
from survey.storage.stores import Stores
from survey.synthetic.simulate import is_synthetic


def check_folder(out: Path) -> None:
    """Raises Refusal unless ``out`` is new or empty."""
    if out.is_dir() and any(out.iterdir()):
        raise Refusal(f"{out} is not empty: a release is written into a folder of its own.")
    if out.exists() and not out.is_dir():
        raise Refusal(f"{out} is a file: name a folder for the release.")


@contextmanager
def beside(out: Path) -> Iterator[Path]:
    """A hidden folder next to ``out``, on the same disk, gone afterwards."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise Refusal(f"Cannot write to {out}: {error.strerror}.") from None
    try:
        yield folder
    except OSError as error:
        raise Refusal(f"Cannot write to {out}: {error.strerror}. Nothing was kept.") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRequest:
    """What is asked for. ``made_at`` is an ISO time for the ledger; no file holds it.

    ``recipient`` says to whom a restricted file goes: person, agreement, date.
    """

    tier: str
    out: Path
    pilot: bool = False
    seed: int = 0
    made_at: str = ""
    recipient: Mapping[str, str] | None = None
    facts: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ReleaseResult:
    """A finished release: where it lies, its number in the ledger, and its report."""

    folder: Path
    number: int
    report: Mapping[str, Any]
    waiting: str = ""

    def __str__(self) -> str:
        report = self.report
        mark = " PILOT" * report["pilot"] + " SYNTHETIC" * report["synthetic"]
        what = f"{report['rows']} {'texts' if 'texts' in report else 'rows'}"
        reached = report.get("k")
        k = f", k = {reached['reached']} ({reached['asked']} asked)" if reached else ""
        return (
            f"Release {self.number}{mark}, tier {report['tier']['name']}: {what}{k}, in "
            f"{self.folder}. Read README.md first.{self.waiting}"
        )


def _corrections(stores: Stores, study: Study) -> tuple[str, ...]:
    found = releases.errata(stores.office, study.name)
    return tuple(f"Release {e.release} was recalled: {e.why}" for e in found)


def _occasion(
    stores: Stores,
    study: Study,
    order: ReleaseRequest,
    wordings: Sequence[stored_answers.StoredWording],
    *,
    frozen: int,
) -> ReleaseContext:
    """``frozen`` counts the answers of all segments, whatever of them goes out."""
    db = stores.answers(pilot=order.pilot)
    synthetic = is_synthetic(db, study)
    answers = None if synthetic else frozen
    return ReleaseContext(
        pilot=order.pilot,
        synthetic=synthetic,
        tallies=totals_for_release(stores, study, answers, pilot=order.pilot),
        archived=tuple(
            ArchivedDocuments(w.version, w.consent, json.loads(w.content)) for w in wordings
        ),
        facts=order.facts or {},
        recipient=order.recipient,
        corrections=() if order.pilot else _corrections(stores, study),
    )


@dataclass
class ReleaseBuild:
    """One release on its way. Nothing is entered or moved before ``run`` is through.

    ``pilot`` says whose answers a pilot held when it began; None for frozen answers.
    """

    stores: Stores
    study: Study
    order: ReleaseRequest
    shop: SegmentBuilder
    segments: Sequence[Segment] = ()
    pilot: pilot_guard.PilotSnapshot | None = None
    held: Sequence[releases.LedgerPart] = ()
    left_out: list[str] = field(default_factory=list)

    def parts(self, path: Sequence[Tier]) -> list[SegmentFile]:
        """The part of every segment, rows numbered through.

        A later segment that cannot stand alone in this tier is left out, aloud.
        """
        made: list[SegmentFile] = []
        for segment in self.segments:
            after = sum(done.part.rows for done in made)
            try:
                made.append(self.shop.part(segment, path, after))
            except ExportRefused as refused:
                if not made:
                    raise
                self.left_out.append(f"Segment {segment.number} is not in this release. {refused}")
        return made

    def told(self, made: Sequence[SegmentFile]) -> ReleaseContext:
        """The occasion with the versions that stand in the rows, and what was left out."""
        words: dict[str, str] = {}
        consents: dict[str, str] = {}
        for done in made:
            words |= done.part.about["words"]
            consents |= done.part.about["consents"]
        occasion = self.shop.occasion
        archived = tuple(a for a in occasion.archived if a.version in words)
        return replace(
            occasion, words=words, consents=consents, archived=archived, notes=tuple(self.left_out)
        )

    def microdata(self, tier: Tier, folder: Path) -> Report:
        """Tiers B and C: rows."""
        made = self.parts(path_to(self.study, tier.name))
        check_against_releases(self.shop, made, tier)
        self.held = [m.part for m in made]
        occasion = self.told(made)
        files = [m.file for m in made]
        return assemble(self.study, files, tier, folder, seed=self.order.seed, occasion=occasion)

    def tables(self, tier: Tier, folder: Path) -> Report:
        """Tier A: tables made from the rows that tier C has, or would have, released."""
        path = path_to(self.study, tier.name)
        made = self.parts(path)
        tabled = [self.shop.tables(done, path[-1]) for done in made]
        self.held = [t.made.part for t in tabled]
        occasion = self.told(made)
        files = [t.made.file for t in tabled]
        return assemble_tables(
            self.study, [t.tables for t in tabled], files, tier, folder, occasion=occasion
        )

    def texts(self, tier: Tier, folder: Path) -> Report:
        """Tier D: texts that a person has read."""
        made, part = self.shop.texts(tier)
        self.held = [part]
        return assemble_texts(self.study, made, tier, folder, occasion=self.shop.occasion)

    def write(self, tier: Tier, folder: Path) -> Report:
        """Everything that goes out, into ``folder``. Raises Refused or Refusal."""
        makes = {"tables": self.tables, "rows": self.microdata, "texts": self.texts}
        return makes[tier.kind.holds](tier, folder)

    def enter(self, report: Report, sums: str) -> int:
        """Into the ledger, with what is new; gives the release's number."""
        office, study, order = self.stores.office, self.study, self.order
        entry = releases.Release(
            study=study.name,
            tier=order.tier,
            sha256=sums,
            made_at=order.made_at or iso_utc(),
            rows=report["rows"],
            policy=study.fingerprints.policy,
            words=tuple(report["words"].values()),
            batches=tuple(b for s in self._entered_with() for b in s.batches),
            pilot=order.pilot,
        )
        tallies = self.shop.occasion.tallies
        if order.pilot:
            with write_transaction(office):
                self.tell()
                return releases.enter(office, entry, tallies=tallies)
        known = {s.number for s in releases.segments(office, study.name)}
        return releases.enter(
            office,
            entry,
            tallies=tallies,
            recipient=order.recipient,
            new_segments=[s for s in self._entered_with() if s.number not in known],
            new_parts=[m.part for m in self._new()],
            held=self.held,
        )

    def tell(self) -> None:
        """Note that something is told of these answers, if a pilot's: later ones are compared."""
        if self.pilot is not None:
            pilot_guard.record(self.stores, self.study, self.pilot)

    def _entered_with(self) -> list[Segment]:
        """The segments of which something goes out; one left out may grow by later batches."""
        numbers = {part.segment for part in self.held}
        return [s for s in self.segments if s.number in numbers]

    def keep(self) -> None:
        """New parts go into the archive before they are entered: what the ledger names is there."""
        for made in self._new():
            part = made.part
            target = self.shop.archive.part(part.segment, part.tier, part.edition)
            if archive.people_file(made.path).exists():
                archive.keep(archive.people_file(made.path), archive.people_file(target))
            archive.keep(made.path, target)

    def _new(self) -> list[SegmentFile]:
        """Parts to enter: those of segments of which something goes out, none of a pilot."""
        numbers = {part.segment for part in self.held}
        made = self.shop.made.values()
        return [m for m in made if m.new and m.part.segment in numbers and not self.order.pilot]


@contextmanager
def prepare_build(
    stores: Stores, study: Study, order: ReleaseRequest, progress: Progress = no_progress
) -> Iterator[tuple[ReleaseBuild, int]]:
    """An attempt in the archive's working folder, gone afterwards; and frozen rows that wait."""
    db, catalogue = stores.answers(pilot=order.pilot), Archive(stores.folder, study.name)
    with catalogue.alone() as workshop:
        pilot = pilot_guard.snapshot(db, study) if order.pilot else None
        segments, waiting = plan(stores.office, db, study, pilot=order.pilot)
        wordings = stored_answers.wordings_of(db, study)
        frozen = sum(s.rows for s in segments)
        occasion = _occasion(stores, study, order, tuple(wordings.values()), frozen=frozen)
        shop = SegmentBuilder(
            study, stores.office, db, catalogue, workshop, wordings, occasion, order.seed, progress
        )
        yield ReleaseBuild(stores, study, order, shop, segments, pilot), waiting


FinalCheck = Callable[[ReleaseBuild], None]


def allow(_attempt: ReleaseBuild) -> None:
    """Whoever runs a command has had the last word."""


def run(
    stores: Stores,
    study: Study,
    order: ReleaseRequest,
    *,
    progress: Progress = no_progress,
    last_word: FinalCheck = allow,
) -> ReleaseResult:
    """Make one release into the new folder ``order.out`` and enter it in the ledger.

    Takes frozen rows, or for a pilot every row as one batch. Raises Refusal or Refused; then
    nothing is written. Whatever ``progress`` raises ends it as well, and so does ``last_word``,
    which is asked when all is made and no other release of the study can come in between.
    """
    check_folder(order.out)
    tier = tier_of(study, order.tier)
    with (
        prepare_build(stores, study, order, progress) as (attempt, waiting),
        beside(order.out) as hidden,
    ):
        folder = hidden / f"{study.name}-{tier.name}"
        folder.mkdir()
        report = attempt.write(tier, folder)
        last_word(attempt)
        number = _finish(attempt, folder, report)
    said = filter(None, (waiting_in_words(study, waiting), *attempt.left_out))
    return ReleaseResult(order.out, number, report, "".join(f" {sentence}" for sentence in said))


def _finish(attempt: ReleaseBuild, folder: Path, report: Report) -> int:
    """Archive, ledger, folder, in this order: what the ledger names exists."""
    order, catalogue = attempt.order, attempt.shop.archive
    packed = bundle(folder, folder.with_name(f"{folder.name}.zip"))
    number = releases.next_number(attempt.stores.office, attempt.study.name)
    archive.keep(packed, catalogue.zip_of(number, order.tier, pilot=order.pilot))
    attempt.keep()
    entered = attempt.enter(report, sha256_of(folder / SUMS))
    assert entered == number, "only one release of a study is made at a time"
    folder.rename(order.out)
    return number
