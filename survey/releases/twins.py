"""The source of a release's twin: published tables of tier A, else the study's simulation.

Nothing here reads an answer or spends any budget: tables are those that were measured before, and
only where a release of them is in the ledger.
"""

from __future__ import annotations

from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING

from exports.columns import frame_of
from exports.errors import ExportRefused
from exports.tables.drawn_rows import DrawnRows
from exports.tables.estimate import estimate, together
from exports.tables.measure import read_csv
from exports.twin import MADE_UP, NO_TWIN, TWIN_ROWS, TwinSource
from forms.simulation import FILE, RecipeFault, load_recipe
from forms.tiers import TABLES
from survey.storage import measurements, releases
from survey.synthetic.frame import simulated_frame

if TYPE_CHECKING:
    from survey.releases.build import ReleaseBuild

SEED = 1
NO_TWIN_BY = "There is no file to practise on: its recipe cannot be used."
FROM_TABLES = (
    "They were drawn from the figures of tier A that are out (segment {segments}): each answer "
    "from its own table, or from that of it and an earlier answer where both were measured "
    "together; items lean to the bands of two scores that were. What was not measured was drawn "
    "evenly, and other relations between answers are not in them."
)
FROM_SIMULATION = (
    "They were drawn from simulation.toml, by which the study's makers simulate answers: what it "
    "assumes is in them, and nothing that anybody answered."
)


def twin_source(build: ReleaseBuild) -> TwinSource:
    """Return what the twin is made from; NO_TWIN where there is neither."""
    if found := _from_tables(build):
        return found
    folder = build.request.study_folder
    if folder is None or not (folder / FILE).is_file():
        return NO_TWIN
    try:
        recipe = load_recipe(build.study, folder)
        frame = simulated_frame(build.study, recipe, TWIN_ROWS, seed=SEED)
    except RecipeFault as fault:  # no reason to hold back a release
        return TwinSource(None, f"{NO_TWIN_BY} {fault}")
    return TwinSource(frame, FROM_SIMULATION)


def _from_tables(build: ReleaseBuild) -> TwinSource | None:
    """Return rows drawn from tables that were out before this release was asked for, if any."""
    segments = _told(build)
    if not segments:
        return None
    contents = [build.archive.measured(segment).read_bytes() for segment in segments]
    try:
        batches = [estimate(read_csv(build.study, content)) for content in contents]
    except ExportRefused:  # measured of other questions
        return None
    lots = Random(sha256(b"".join(contents)).hexdigest())  # noqa: S311  (repeatable on purpose)
    drawn = [
        {**row, "study_version": MADE_UP, "consent_version": MADE_UP}
        for row in DrawnRows(build.study, together(batches), lots).rows(TWIN_ROWS)
    ]
    frame = frame_of(build.study, {name: [row[name] for row in drawn] for name in drawn[0]})
    return TwinSource(frame, FROM_TABLES.format(segments=", ".join(map(str, segments))))


def _told(build: ReleaseBuild) -> list[int]:
    """Return the segments whose measurement is out, unrecalled, and whole on the disk."""
    if build.request.pilot:
        return []  # figures of a pilot go with its answers
    office, name, asked = build.stores.office, build.study.name, build.request.made_at
    recalled = {e.release for e in releases.errata(office, name) if e.at <= asked}
    out = {
        made.number
        for made in releases.all_releases(office, name)
        if made.tier == TABLES.name
        and not made.pilot
        and (build.number is None or made.number < build.number)
    }
    held = releases.contents(office, name)
    told = {s for n in out - recalled for s, tier, _ in held.get(n, ()) if tier == TABLES.name}
    measured = measurements.measured_segments(office, name, pilot=False)
    return sorted(
        one.segment
        for one in measured
        if one.segment in told and build.archive.measured(one.segment).is_file()
    )
