"""The release process: the only place where stored rows and exports meet. No web in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from exports.anonymise.problem import Progress, no_progress
from exports.generalise import path_to, tier_of
from exports.output_files import PRIVATE, SUMS, bundle, hidden_beside, sha256_of
from exports.release import assemble
from exports.report import ReleaseContext, Report
from exports.tables.table_release import assemble_tables
from exports.texts.text_release import assemble_texts
from forms.study import Study, Tier
from forms.tiers import TABLES
from survey.clock import iso_utc
from survey.collection.figures import is_synthetic
from survey.errors import Refusal
from survey.program import program_version
from survey.releases import archive, pilots
from survey.releases.archive import Archive
from survey.releases.build import (
    ReleaseBuild,
    ReleaseRequest,
    SegmentFile,
    plan_segments,
    waiting_in_words,
)
from survey.releases.disclosure_control import (
    check_against_releases,
    check_other_studies,
    totals_for_release,
)
from survey.releases.stored_answers import wordings_of
from survey.releases.twins import twin_source
from survey.storage import releases, studies
from survey.storage.database import write_transaction
from survey.storage.releases import Erratum, Release
from survey.storage.stores import Stores
from survey.studies.data_use import approval_in_words, check_release, check_use


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
        held = "people" if report.get("holds") == "tables" else "rows"
        held = "texts" if "texts" in report else held
        what = f"{report['rows']} {held}"
        reached = report.get("k")
        k = f", k = {reached['reached']} ({reached['asked']} asked)" if reached else ""
        return (
            f"Release {self.number}{mark}, tier {report['tier']['name']}: {what}{k}, in "
            f"{self.folder}. Read README.md first.{self.waiting}"
        )


@contextmanager
def prepare_build(
    stores: Stores, study: Study, request: ReleaseRequest, progress: Progress = no_progress
) -> Iterator[ReleaseBuild]:
    """A build in the archive's working folder, which is gone afterwards. Raises Refusal."""
    check_use(stores.office, study.name, pilot=request.pilot)
    db, kept = stores.answers(pilot=request.pilot), Archive(stores.folder, study.name)
    with kept.working_folder() as folder:
        deleted = pilots.deleted(stores, study) if request.pilot else 0
        pilot = pilots.snapshot(stores, study)[0] if request.pilot else None
        segments, waiting = plan_segments(stores, study, pilot=request.pilot)
        wordings, synthetic = wordings_of(db, study), is_synthetic(db, study)
        # Simulated answers came another way than through the site (docs/decisions/0019).
        frozen = None if synthetic else sum(s.rows for s in segments)
        errata = [] if request.pilot else releases.errata(stores.office, study.name)
        context = ReleaseContext(
            pilot=request.pilot,
            synthetic=synthetic,
            people=not (request.pilot and pilots.snapshot(stores, study)[1]),
            tallies=totals_for_release(stores, study, frozen, pilot=request.pilot),
            archived=tuple(wordings.values()),
            facts=request.facts or {},
            deposit=request.deposit,
            recipient=request.recipient,
            corrections=_corrections(errata),
            approval=""
            if request.pilot
            else approval_in_words(stores.office, study.name, request.made_at),
            program=f"Lacrima {program_version()}",
        )
        yield ReleaseBuild(
            stores, study, request, kept, folder, wordings, context, segments, waiting, pilot,
            deleted, progress,
        )  # fmt: skip


def _corrections(errata: Sequence[Erratum]) -> tuple[str, ...]:
    return tuple(f"Release {e.release} was recalled: {e.why}" for e in errata)


def write(build: ReleaseBuild, tier: Tier, folder: Path) -> Report:
    """Write everything that goes out into ``folder``. Raises ExportRefused or Refusal."""
    study = build.study
    if tier.kind.holds == "texts":
        texts, part = build.texts(tier)
        build.held = [part]
        return assemble_texts(study, texts, tier, folder, occasion=build.context)
    if tier.kind.holds == "tables":
        measured = build.tables()
        files = [file for _, file in measured]
        build.held = [file.part for file in files]
        context, entries = _context_of(build, files), [file.entry for file in files]
        found = [one for one, _ in measured]
        return assemble_tables(study, found, entries, tier, folder, occasion=context)
    made = build.segment_files(path_to(study, tier.name))
    context = _context_of(build, made)
    # The gate, before any row goes out (docs/decisions/0008-segments.md).
    check_against_releases(build, made, tier)
    check_other_studies(build, tier)
    build.held = [file.part for file in made]
    entries = [file.entry for file in made]
    return assemble(
        study, entries, tier, folder,
        seed=build.request.seed, occasion=context, twin=twin_source(build),
    )  # fmt: skip


def _context_of(build: ReleaseBuild, made: Sequence[SegmentFile]) -> ReleaseContext:
    """Return the build's context with the versions that stand in the rows, and what is left out."""
    words: dict[str, str] = {}
    consents: dict[str, str] = {}
    for file in made:
        words |= file.part.about["words"]
        consents |= file.part.about["consents"]
    archived = tuple(a for a in build.context.archived if a.version in words)
    notes = tuple(build.left_out)
    return replace(build.context, words=words, consents=consents, archived=archived, notes=notes)


FinalCheck = Callable[[ReleaseBuild], None]


def allow(_build: ReleaseBuild) -> None:
    """Agree to every build: the operator who runs a command has decided already."""


def run(
    stores: Stores,
    study: Study,
    request: ReleaseRequest,
    *,
    progress: Progress = no_progress,
    final_check: FinalCheck = allow,
) -> ReleaseResult:
    """Make one release into the new folder ``request.out`` and enter it in the ledger.

    Takes frozen rows, or for a pilot every row as one batch. Raises Refusal or ExportRefused; then
    nothing is written; DataUseStopped where a word of the board stands in the way. Whatever
    ``progress`` raises ends it as well, and so does ``final_check``, which is asked when all is
    made and no other release of the study can come in between.
    """

    def refusal(error: OSError, begun: bool) -> Refusal:  # noqa: FBT001
        lost = " Nothing was kept." * begun
        return Refusal(f"Cannot write to {request.out}: {error.strerror}.{lost}")

    out = request.out
    if out.is_dir() and any(out.iterdir()):
        raise Refusal(f"{out} is not empty: a release is written into a folder of its own.")
    if out.exists() and not out.is_dir():
        raise Refusal(f"{out} is a file: name a folder for the release.")
    tier = tier_of(study, request.tier)
    check_release(stores.office, study.name, pilot=request.pilot)
    with (
        prepare_build(stores, study, request, progress) as build,
        hidden_beside(out, refusal) as hidden,
    ):
        folder = hidden / f"{study.name}-{tier.name}"
        folder.mkdir(mode=PRIVATE)
        report = write(build, tier, folder)
        final_check(build)
        # Again: the board may have stopped it while it was made.
        check_release(stores.office, study.name, pilot=request.pilot)
        number = _finish(build, folder, report)
    said = filter(None, (waiting_in_words(study, build.waiting), *build.left_out))
    return ReleaseResult(out, number, report, "".join(f" {sentence}" for sentence in said))


def _finish(build: ReleaseBuild, folder: Path, report: Report) -> int:
    """Fill archive, ledger and folder, in this order: what the ledger names exists."""
    number = releases.next_number(build.stores.office, build.study.name)
    _archive_zip(build, folder, number)
    numbers = {part.segment for part in build.held}
    # What is left out is entered with none of its files, and those of a pilot are made anew.
    new = [
        file
        for file in build.files.values()
        if file.new and file.part.segment in numbers and not build.request.pilot
    ]
    for file in (file for file in new if file.part.tier != TABLES.name):  # those lie there already
        target = build.archive.part(file.part.segment, file.part.tier, file.part.edition)
        if archive.people_file(file.path).exists():
            archive.keep(archive.people_file(file.path), archive.people_file(target))
        archive.keep(file.path, target)
    _enter(build, report, number, sha256_of(folder / SUMS), new)
    folder.rename(build.request.out)
    return number


def _archive_zip(build: ReleaseBuild, folder: Path, number: int) -> Path:
    """Keep the release as one file. Raises Refusal where who is in it withdrew meanwhile."""
    target = build.archive.zip_of(number, build.request.tier, pilot=build.request.pilot)
    archive.keep(bundle(folder, folder.with_name(f"{folder.name}.zip")), target)
    if build.pilot and pilots.deleted(build.stores, build.study) != build.deleted:
        # Whoever deletes from now on takes the files with them.
        archive.drop_pilot_files(build.stores.folder, [build.study.name])
        raise Refusal(
            "The answers of this pilot changed while the release was made. Nothing was kept: make "
            "it again."
        )
    return target


def _enter(
    build: ReleaseBuild, report: Report, number: int, sums: str, new: Sequence[SegmentFile]
) -> None:
    """Enter the release in the ledger under this number, with what is new."""
    office, study, request = build.stores.office, build.study, build.request
    numbers = {part.segment for part in build.held}
    segments = [s for s in build.segments if s.number in numbers]
    entry = Release(
        study=study.name,
        tier=request.tier,
        sha256=sums,
        made_at=request.made_at,
        rows=report["rows"],
        policy=study.fingerprints.policy,
        words=tuple(report["words"].values()),
        batches=tuple(b for s in segments for b in s.batches),
        pilot=request.pilot,
        number=number,
        program=build.context.program,
    )
    tallies, mark = build.context.tallies, " of the pilot" * request.pilot
    what = f"{study.name}: release {number}{mark}, tier {request.tier}, made"
    with write_transaction(office):
        if request.who:
            studies.note(office, at=iso_utc(), who=request.who, what=what)
        if request.pilot:
            build.record_disclosure()
            releases.enter(office, entry, tallies=tallies)
            return
        known = {s.number for s in releases.segments(office, study.name)}
        releases.enter(
            office,
            entry,
            tallies=tallies,
            recipient=request.recipient,
            new_segments=[s for s in segments if s.number not in known],
            new_parts=[file.part for file in new],
            held=build.held,
        )


def rebuild_zip(stores: Stores, study: Study, made: Release, request: ReleaseRequest) -> Path:
    """Make the archived file of release ``made`` again and return its path.

    Raises Refusal where its bytes would not come out the same; the archive stays as it is then.
    """
    tier, request = tier_of(study, made.tier), replace(request, made_at=made.made_at)
    with prepare_build(stores, study, request) as build:
        build.context, build.number = _as_it_was(stores, made, build.context), made.number
        held = releases.contents(stores.office, study.name).get(made.number, ())
        if not made.pilot:
            numbers = {segment for segment, _, _ in held}
            build.segments = [s for s in build.segments if s.number in numbers]
        folder = build.new_folder(tier)
        write(build, tier, folder)
        if sha256_of(folder / SUMS) != made.sha256:
            raise Refusal(
                f"Release {made.number} cannot be made again with equal bytes: the answers, the "
                "study, its deposit facts (deposit.toml, site.toml) or what was recalled since are "
                "no longer what they were. Restore its file from a backup."
            )
        return _archive_zip(build, folder, made.number)


def _as_it_was(stores: Stores, made: Release, context: ReleaseContext) -> ReleaseContext:
    """Return what the documents said on that day: recipient, recalled releases and totals."""
    office, name = stores.office, made.study
    # Of several hand-overs the one noted with the release itself: later ones are in no file.
    given = [
        {"name": g.person, "agreement": g.agreement, "date": g.agreed_on}
        for g in releases.hand_overs(office, name)
        if (g.release, g.at) == (made.number, made.made_at)
    ]
    recalled = [e for e in releases.errata(office, name) if e.at <= made.made_at]
    return replace(
        context,
        recipient=given[0] if given else None,
        corrections=_corrections(recalled),
        approval="" if made.pilot else approval_in_words(office, name, made.made_at),
        tallies=releases.collected(office, name).get(made.number, {}),
        program=made.program,
    )
