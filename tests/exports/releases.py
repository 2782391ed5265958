"""Releases of the tiny study and of the flagship, as folders that tests read like a researcher."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl

from exports.columns import frame_of
from exports.generalise import path_to
from exports.release import assemble, check_segment
from exports.report import ORDINARY, ReleaseContext, Report, SegmentEntry
from exports.segment_attacks import attack_segment
from exports.segment_file import SegmentSource, read_back, recode_segment, source_of, write_segment
from forms.simulation import load_recipe
from forms.study import Study, Tier
from survey.synthetic.simulate import simulate
from tests.conftest import FLAGSHIP
from tests.exports.tiny import STUDY

Row = Mapping[str, "int | str"]


def frame(study: Study, rows: Sequence[Row]) -> pl.DataFrame:
    """Stored rows as a release takes them."""
    return frame_of(study, {name: [r[name] for r in rows] for name in rows[0]})


def simulated(study: Study, count: int, seed: int = 1) -> pl.DataFrame:
    """Simulated clients of the flagship, as a release takes them."""
    recipe = load_recipe(study, FLAGSHIP)
    return people_of(study, list(simulate(study, count=count, seed=seed, recipe=recipe)))


def people_of(study: Study, people: Sequence[Any]) -> pl.DataFrame:
    """Simulated people (survey.synthetic.simulate) as a release takes them."""
    rows = [
        {**p.values, "study_version": "1", "consent_version": "1", "lang": p.lang,
         "c_open": p.c_open, "completion": p.completion, "dur_band": p.dur_band}
        for p in people
    ]  # fmt: skip
    return frame(study, rows)


def make_release(
    study: Study,
    frame: pl.DataFrame,
    *,
    tier: str,
    out: Path,
    seed: int = 0,
    occasion: ReleaseContext = ORDINARY,
    lots: Callable[[int], bool] = lambda _: True,
) -> Report:
    """Release stored answers (exports.columns) as one segment into the new folder ``out``.

    ``lots`` says of the rows of tier C, by their place in its file, which a sample takes.

    The same answers in any order, policy and seed give the same bytes. Parts lie in a folder
    beside ``out`` meanwhile. Raise ExportRefused.
    """
    path = path_to(study, tier)
    source, work = source_of(study, frame, occasion), out.with_name(f"{out.name}.parts")
    work.mkdir(parents=True)
    stored = source.table
    file, people = _part_file(study, source, path[0], work, seed=seed)
    for before, stage in pairwise(path):
        source = read_back(study, file.path, before, occasion, stored[people])
        file, rows = _part_file(study, source, stage, work, seed=seed, lots=lots)
        people = people[rows]
    return assemble(study, [file], path[-1], out, seed=seed, occasion=occasion)


def _part_file(
    study: Study,
    source: SegmentSource,
    tier: Tier,
    work: Path,
    *,
    seed: int,
    lots: Callable[[int], bool] = lambda _: True,
) -> tuple[SegmentEntry, pl.Series]:
    path = work / f"{tier.name}_data.csv"
    drawn = pl.Series([lots(place) for place in range(len(source.table))], dtype=pl.Boolean)
    part = recode_segment(study, source, tier, drawn=drawn, seed=seed)
    write_segment(part, path)
    figures = check_segment(part, path, source, tier=tier, study=study)
    attacked = attack_segment(part, path, source, tier=tier, study=study)
    entry = SegmentEntry(
        path, 1, len(part.order), part.left_out, part.notes, figures, part.not_answered, attacked,
    )  # fmt: skip
    return entry, part.source


def made(
    out: Path, rows: Sequence[Row], *, tier: str = "C", study: Study = STUDY, **options: Any
) -> Path:
    """The folder of a release of ``rows``."""
    make_release(study, frame(study, rows), tier=tier, out=out, **options)
    return out


def data_in(folder: Path) -> list[dict[str, str]]:
    """The lines of a release's data file."""
    [data] = (folder / "data").glob("*_data.csv")
    with data.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def report_of(folder: Path) -> dict[str, Any]:
    """The report of a release."""
    found: dict[str, Any] = json.loads((folder / "documentation" / "report.json").read_bytes())
    return found


def book_of(folder: Path) -> dict[str, dict[str, Any]]:
    """Column → its entry in the codebook."""
    book = json.loads((folder / "documentation" / "codebook.json").read_bytes())
    return {entry["variable"]: entry for entry in book["variables"]}


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Path → content of every file of a release."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def core_of(folder: Path) -> list[str]:
    """The columns of a release by which an outsider may know somebody, versions included."""
    return [name for name, entry in book_of(folder).items() if entry["group"] == "core"]


def smallest_alike(folder: Path, lines: Sequence[Row] | None = None) -> int:
    """The fewest lines with the same texts in those columns, as a spreadsheet counts them.

    Each batch by itself, unless ``lines`` are given.
    """
    parts, at = [lines], 0
    if lines is None:
        parts, every = [], data_in(folder)
        for segment in report_of(folder)["segments"]:
            parts.append(every[at : at + segment["rows"]])
            at += segment["rows"]
    core = core_of(folder)
    return min(
        count
        for part in parts
        for count in Counter(tuple(line[name] for name in core) for line in part or ()).values()
    )
