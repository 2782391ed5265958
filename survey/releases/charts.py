"""Charts of a release: drawn from its archived zip once it matches its sums, kept in memory.

The only way in is a finished file of the archive: no store of answers is opened here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from exports.charts.chart import Chart, ChartSource
from exports.charts.counts import FILES, book_of, from_rows, from_tables, read_rows
from exports.charts.gallery import gallery
from exports.codebook import asked_codebook
from exports.columns import fields_of
from exports.documents.context import marks_of
from exports.errors import ExportRefused
from exports.output_files import UNREADABLE, ChecksumFault, ReleaseZip
from exports.tables.methods import NOT_COVERED
from forms.study import Study
from forms.tiers import TIERS
from survey.errors import Refusal
from survey.locks import OnceCache
from survey.pdf import typeset
from survey.storage.releases import Release

# Both limits: docs/decisions/0016-charts.md.
LARGEST = 64 * 2**20  # bytes of a data file that are read while a page waits
KEPT = 8  # releases whose charts stay in memory
PIXELS_PER_INCH = 144
MEASURED = (
    "Everybody who was in the release was counted, and noise was added to every figure: read each "
    "with its margin."
)
COUNTED = "Of this file’s {rows} rows, which need not be all who answered; counted as they are."
OPEN_SAMPLE = "Open sample, not a prevalence."  # where a study says nothing itself
TEXTS = "This release holds texts: there is nothing to count in it."


@dataclass(frozen=True, slots=True)
class DrawnRelease:
    """The charts of one release, what stands under each, and what their bound does not cover."""

    charts: tuple[Chart, ...]
    source: ChartSource
    not_covered: tuple[str, ...] = ()

    def named(self, key: str) -> Chart | None:
        """Return the chart of this name."""
        return next((chart for chart in self.charts if chart.key == key), None)


def _from_microdata(packed: ReleaseZip, study: Study) -> tuple[Sequence[Chart], str]:
    codebook = json.loads(packed.checked("documentation/codebook.json"))
    if packed.getinfo(packed.top + codebook["data"]).file_size > LARGEST:
        raise ExportRefused(
            f"This release has over {LARGEST // 2**20} MB of data, too much to count while you "
            "wait. Download it and draw with your own tools."
        )
    book = book_of(codebook["variables"])
    rows = read_rows(packed.checked(codebook["data"]), book)
    return gallery(book, study, from_rows(rows, book, study)), COUNTED.format(rows=len(rows))


def _from_tables(packed: ReleaseZip, study: Study) -> tuple[Sequence[Chart], str]:
    # Tables have no codebook: which columns belong together is the study's to say.
    book = book_of(asked_codebook(study, fields_of(study)))
    # An earlier version wrote no means where there were none.
    there = [name for name in FILES if f"tables/{name}" in packed.sums]
    files = {name: packed.checked(f"tables/{name}") for name in there}
    return gallery(book, study, from_tables(files, book, study)), MEASURED


def _use(study: Study, release: Release) -> str:
    tier = study.policy.tiers.get(release.tier)
    if release.pilot:
        return "A trial: not to be published."
    if tier is None or not tier.kind.is_open:
        who = tier.audience if tier else "whom the release names"
        return (
            f"Restricted as the release is: for {who}. Not to be published: it shows counts of "
            "few people. Charts of an open tier may be published."
        )
    return f"May be published: it shows nothing beyond tier {release.tier}."


def read_release(path: Path, release: Release, study: Study) -> DrawnRelease:
    """Return all charts of the release in the zip at ``path``.

    Raises Refusal (the file is not the release) or ExportRefused (it has nothing to draw).
    """
    try:
        packed = ReleaseZip(path, release.sha256)
        report = json.loads(packed.checked("documentation/report.json"))
        if "tables/one-way.csv" in packed.sums and "documentation/codebook.json" not in packed.sums:
            charts, whose, left = *_from_tables(packed, study), NOT_COVERED
        elif "documentation/codebook.json" in packed.sums and TIERS[release.tier].holds != "texts":
            charts, whose, left = *_from_microdata(packed, study), ()
        else:
            raise ExportRefused(TEXTS)
    except ChecksumFault as why:
        raise Refusal(f"The file {path.name} is not the release: {why}.") from None
    except UNREADABLE:
        raise Refusal(f"The file {path.name} is missing or cannot be read.") from None
    if not charts:
        raise ExportRefused("This study has nothing that these charts know how to draw.")
    name = f"Release {release.number} of {release.study}, tier {release.tier}"
    name += f"; SHA-256 {release.sha256}"
    caution = report["caution"] or OPEN_SAMPLE
    source = ChartSource(name, marks_of(report), whose, caution, _use(study, release))
    return DrawnRelease(tuple(charts), source, left)


class Gallery:
    """Cache of the charts drawn lately, one for all threads of a process."""

    def __init__(self, most: int = KEPT) -> None:
        self._drawn = OnceCache[DrawnRelease](most)

    def of(self, path: Path, release: Release, study: Study) -> DrawnRelease:
        """Return the charts of a release. Raises as ``read_release``, and if the file is gone."""
        try:
            file = path.stat()
        except OSError:
            raise Refusal(f"The file {path.name} is no longer in the archive.") from None
        fingerprints = study.fingerprints
        # A file that was touched is read and checked by its sums again.
        touched = (str(path), file.st_ino, file.st_size, file.st_mtime_ns)
        key = (*touched, release.sha256, fingerprints.words, fingerprints.policy)
        return self._drawn.get(key, lambda: read_release(path, release, study))


GALLERY = Gallery()


def png(picture: str) -> bytes:
    """Return an SVG file as a PNG, twice as fine as a screen, in the typefaces of typst."""
    source = (
        "#set page(width: auto, height: auto, margin: 0pt)\n"
        '#image(bytes(sys.inputs.picture), format: "svg")'
    )
    inputs = {"picture": picture}
    return typeset(source.encode(), format="png", ppi=PIXELS_PER_INCH, sys_inputs=inputs)
