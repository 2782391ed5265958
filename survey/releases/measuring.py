"""Measuring a segment for tier A: once in the life of its answers, whatever happens meanwhile.

In this order: the segment is fixed in the ledger, the noise is drawn, the file is on the disk, the
measurement is entered, and only then is anything of it shown. A file that is there is used and
never drawn again; one that was entered and is gone is refused. Two processes never come here at
once: a release of the study holds the lock of its archive.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import polars as pl

from exports.columns import fields_of, table_of
from exports.output_files import sha256_of
from exports.tables.measure import Measurement, as_csv, check_size, measure, read_csv
from exports.tables.menu import Menu, budget_of
from exports.tables.spent import most_spent
from survey.clock import iso_utc
from survey.errors import Refusal
from survey.private_file import write_whole
from survey.releases import pilots
from survey.releases.stored_answers import answer_blocks
from survey.storage import measurements, releases, studies
from survey.storage.database import write_transaction
from survey.storage.measurements import MeasuredSegment
from survey.storage.releases import Segment

if TYPE_CHECKING:
    from survey.releases.build import ReleaseBuild

BLOCKS_AT_ONCE = 5  # of answers that are counted together: fewer take longer, more take memory


def known(build: ReleaseBuild) -> dict[int, MeasuredSegment]:
    """Return the segments that are entered as measured, by number."""
    found = measurements.measured_segments(
        build.stores.office, build.study.name, pilot=build.request.pilot
    )
    return {one.segment: one for one in found}


def measurement_of(build: ReleaseBuild, segment: Segment) -> Measurement:
    """Return the measurement of a segment, drawn now if it never was.

    Raise Refusal and ExportRefused. That of simulated answers to a pilot is kept nowhere: they
    hide nobody, and are measured anew.
    """
    if build.simulated_pilot:
        return _simulated(build, segment)
    path = build.archive.measured(segment.number, pilot=build.request.pilot)
    entered = known(build).get(segment.number)
    if entered and entered.policy != build.study.fingerprints.policy:
        raise Refusal(
            f"Segment {segment.number} of {build.study.name} was measured under another policy "
            f"({entered.policy[:12]}…), and it is measured once. Release with that policy."
        )
    if entered and not path.is_file():
        raise Refusal(_gone(build, segment))
    if not path.is_file():
        _draw(build, segment)
    if not entered:
        _enter(build, segment)
    elif sha256_of(path) != entered.sha256:
        raise Refusal(f"{path} differs from its sum in the ledger: restore it from a backup.")
    return read_csv(build.study, path.read_bytes())


def _gone(build: ReleaseBuild, segment: Segment) -> str:
    path = build.archive.measured(segment.number, pilot=build.request.pilot)
    if build.request.pilot:
        return (
            "The answers of this pilot were measured once, and some were deleted since: the "
            "figures are gone with them, and nobody is measured twice."
        )
    return (
        f"{path} is missing. Segment {segment.number} was measured once, and is never measured "
        "again: restore the file from a backup."
    )


def _frames(build: ReleaseBuild, segment: Segment) -> Iterator[pl.DataFrame]:
    answers = build.stores.answers(pilot=build.request.pilot)
    chosen = None if build.request.pilot else segment.batches
    # How many people there are is told exactly, so no answer may decide who is one of them.
    for block in answer_blocks(
        answers, build.study, build.wordings, batches=chosen, everybody=True
    ):
        if block.frame is not None:
            yield block.frame


def _rows(build: ReleaseBuild, segment: Segment) -> Iterator[pl.DataFrame]:
    """Yield the segment's answers as they are measured, with their scores."""
    fields, frames = fields_of(build.study), _frames(build, segment)
    while blocks := list(islice(frames, BLOCKS_AT_ONCE)):
        yield table_of(build.study, pl.concat(blocks), fields)


def people_in(build: ReleaseBuild, segment: Segment) -> int:
    """Return how many people the segment's measurement has, or would have; nothing is drawn.

    Raise ExportRefused where they are too few.
    """
    path = build.archive.measured(segment.number, pilot=build.request.pilot)
    if segment.number in known(build) and path.is_file():
        return read_csv(build.study, path.read_bytes()).people
    people = sum(map(len, _frames(build, segment)))
    check_size(people)
    return people


def _simulated(build: ReleaseBuild, segment: Segment) -> Measurement:
    found = measure(build.study, _rows(build, segment))
    if not pilots.snapshot(build.stores, build.study)[1]:
        raise Refusal("Somebody has answered this pilot meanwhile. Nothing was kept: begin again.")
    return found


def _draw(build: ReleaseBuild, segment: Segment) -> None:
    """Fix the segment, then draw its measurement and have it on the disk, whole."""
    office, study, pilot = build.stores.office, build.study.name, build.request.pilot

    def fix() -> None:
        with write_transaction(office):
            fixed = {one.number for one in releases.segments(office, study)}
            if not pilot and segment.number not in fixed:
                releases.fix_segment(office, study, segment)

    path = build.archive.measured(segment.number, pilot=pilot)
    drawn = measure(build.study, _rows(build, segment), before=fix)
    write_whole(path, as_csv(drawn), mode=0o400)


def _enter(build: ReleaseBuild, segment: Segment) -> None:
    office, study, pilot = build.stores.office, build.study, build.request.pilot
    path = build.archive.measured(segment.number, pilot=pilot)
    found = read_csv(study, path.read_bytes())
    rho = {one.statistic.name: one.rho for one in found.parts}
    if most_spent(Menu(study), rho) > budget_of(study).release:
        # Drawn before a crash, and the policy was changed before it was entered.
        raise Refusal(
            f"{path} was measured with a larger budget than this policy allows, and it is measured "
            "once. Release with the policy that it was measured under."
        )
    entry = MeasuredSegment(segment.number, study.fingerprints.policy, sha256_of(path), rho)
    what = "the pilot" if pilot else f"segment {segment.number}"
    with write_transaction(office):
        measurements.enter(office, study.name, entry, pilot=pilot)
        if build.request.who:
            studies.note(
                office, at=iso_utc(), who=build.request.who,
                what=f"{study.name}: {what} measured for tables, once",
            )  # fmt: skip
