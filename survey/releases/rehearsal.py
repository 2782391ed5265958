"""What each tier would keep of each variable, tried on simulated answers before anybody answers.

Rows go the way of a release (exports.segment_file), in a folder that is gone afterwards; for
tables, margins are known without any answer (exports.tables.margins).
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random

import polars as pl

from exports.anonymise.problem import Progress, no_progress
from exports.errors import ExportRefused
from exports.generalise import path_to
from exports.report import NO_ANSWER, ORDINARY, levels_shown
from exports.segment_file import (
    SegmentSource,
    SegmentTable,
    read_back,
    recode_segment,
    source_of,
    write_segment,
)
from exports.tables.margins import expected
from exports.tables.menu import LEAST_PEOPLE
from forms.simulation import FILE, Recipe, load_recipe
from forms.study import Study, Tier
from survey.errors import Refusal
from survey.synthetic.frame import simulated_frame

NO_RECIPE = (
    "{study} has no {file}, so nothing says how people may answer, and nothing can be rehearsed. "
    "Write one in its folder: docs/researcher.md explains its keys."
)


def recipe_in(study: Study, folder: Path) -> Recipe:
    """Return the recipe in ``folder``. Raise Refusal where there is none, or RecipeFault."""
    if not (folder / FILE).is_file():
        raise Refusal(NO_RECIPE.format(study=study.name, file=FILE))
    return load_recipe(study, folder)


def tier_rows(study: Study, frame: pl.DataFrame, tier: Tier, *, seed: int) -> SegmentTable:
    """Return the rows of ``tier`` as a release of ``frame`` would have them.

    Who is in a sample follows from ``seed``. Raise ExportRefused.
    """
    path, source = path_to(study, tier.name), source_of(study, frame, ORDINARY)
    stored = source.table
    with tempfile.TemporaryDirectory() as folder:
        part, people = _rows(study, source, path[0], seed=seed), None
        for before, after in pairwise(path):
            file = Path(folder, f"{before.name}.csv")
            write_segment(part, file)
            people = part.source if people is None else people[part.source]
            source = read_back(study, file, before, ORDINARY, stored[people])
            part = _rows(study, source, after, seed=seed)
    return part


def _rows(study: Study, source: SegmentSource, tier: Tier, *, seed: int) -> SegmentTable:
    lots = Random(f"lots {seed}")  # noqa: S311  (nobody is to be hidden)
    drawn = pl.Series(
        [lots.random() < tier.kind.sample for _ in range(len(source.table))], dtype=pl.Boolean
    )
    return recode_segment(study, source, tier, drawn=drawn)


@dataclass(frozen=True, slots=True)
class KeptVariable:
    """What a file shows of a key variable, as shares of its rows (0-1).

    ``coarser`` maps a level to the share that stands at it; ``unanswered`` had no answer to keep.
    """

    name: str
    group: str
    as_asked: float
    coarser: Mapping[int, float]
    withheld: float
    unanswered: float


@dataclass(frozen=True, slots=True)
class KeptRows:
    """What a tier of rows keeps of so many ``answers``.

    ``others`` counts the columns that are no key and so as asked, ``gone`` names the variables that
    the tier leaves out; ``refused`` says why there would be no file.
    """

    tier: str
    answers: int
    rows: int = 0
    variables: tuple[KeptVariable, ...] = ()
    others: int = 0
    gone: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    refused: str = ""


@dataclass(frozen=True, slots=True)
class KeptFigure:
    """A figure of tier A and its margin at each number of answers, empty where it has none."""

    name: str
    margins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What every tier keeps at each of ``sizes``; ``unmeasured`` counts figures without margin."""

    sizes: tuple[int, ...]
    seed: int
    rows: tuple[KeptRows, ...]
    label: str = ""  # of the tier of tables, empty without one
    figures: tuple[KeptFigure, ...] = ()
    unmeasured: int = 0


def rehearse(
    study: Study,
    recipe: Recipe,
    sizes: Sequence[int],
    *,
    seed: int = 1,
    progress: Progress = no_progress,
) -> Rehearsal:
    """Return what each tier would keep of so many simulated answers, one sample a size.

    Raise RecipeFault where nobody's answers by this recipe may be used.
    """
    tiers, kept = [t for t in study.policy.tiers.values() if t.kind.holds == "rows"], []
    for size in sizes:
        frame = simulated_frame(study, recipe, size, seed=seed)
        for tier in tiers:
            kept.append(_kept_rows(study, frame, tier, seed=seed))
            progress(len(kept) / len(sizes) / len(tiers))
    tables = next((t for t in study.policy.tiers.values() if t.kind.holds == "tables"), None)
    figures = [
        KeptFigure(
            one.statistic.name, tuple("" if m is None else one.in_words(m) for m in one.margins)
        )
        for one in (expected(study, sizes) if tables else ())
    ]
    told = tuple(one for one in figures if any(one.margins))
    label = f"{tables.name}: {tables.label}" if tables else ""
    return Rehearsal(tuple(sizes), seed, tuple(kept), label, told, len(figures) - len(told))


def _kept_rows(study: Study, frame: pl.DataFrame, tier: Tier, *, seed: int) -> KeptRows:
    """Return what ``tier`` keeps of ``frame``, or why it would be refused."""
    label = f"{tier.name}: {tier.label}"
    try:
        part = tier_rows(study, frame, tier, seed=seed)
    except ExportRefused as why:
        return KeptRows(label, len(frame), refused=str(why))
    answers = [f for f in part.fields if f.column]
    shown = {f.variable for f in answers}
    return KeptRows(
        label,
        len(frame),
        rows=len(part.table),
        variables=tuple(_kept_variables(study, part)),
        others=sum(not f.key for f in answers),
        gone=tuple(name for name, _ in study.variables() if name not in shown),
        notes=part.notes,
    )


def _kept_variables(study: Study, part: SegmentTable) -> Iterator[KeptVariable]:
    """Yield the key variables of a part in the order asked: versions and language are no answer."""
    keys = [f for f in part.fields if f.key and f.column]
    cells = {f.name: part.table[f.name].cast(pl.String).to_list() for f in keys}
    levels = levels_shown(keys, {n: Counter(c) for n, c in cells.items()}, study.policy)
    many = len(part.table)
    for key in keys:
        at, lacking = levels[key.name], part.not_answered.get(key.name, 0)
        withheld = at.get("withheld", 0) + at.get(NO_ANSWER, 0) - lacking
        coarser = {
            int(word.removeprefix("level ")): rows / many
            for word, rows in at.items()
            if word.startswith("level ")
        }
        yield KeptVariable(
            key.name, key.group, at.get("as asked", 0) / many, coarser, withheld / many,
            (at.get("missing", 0) + lacking) / many,
        )  # fmt: skip


# In a terminal.


def in_lines(found: Rehearsal) -> Iterator[str]:
    """Yield a rehearsal as lines of text: a table for each size and tier, tables last."""
    yield f"Simulated answers, one sample of each size (seed {found.seed}). Shares are of the rows."
    for kept in found.rows:
        yield from ("", *_lines_of_rows(kept))
    if found.label:
        yield from ("", *_lines_of_tables(found))


def _lines_of_rows(kept: KeptRows) -> Iterator[str]:
    head = f"{kept.answers:,} answers, tier {kept.tier}"
    if kept.refused:
        yield f"{head}. No file: {kept.refused}"
        return
    yield f"{head}, {kept.rows:,} rows"
    levels = sorted({level for one in kept.variables for level in one.coarser})
    coarser = [f"level {level}" for level in levels]
    lines = [("variable", "known as", "as asked", *coarser, "withheld", "no answer")]
    for one in kept.variables:
        shares = [one.as_asked, *(one.coarser.get(at, 0.0) for at in levels), one.withheld]
        lines.append((one.name, one.group, *map(percent, [*shares, one.unanswered])))
    yield from columns(lines)
    yield f"As asked: {kept.others} other columns. Not in the file: {', '.join(kept.gone) or '-'}."
    yield from kept.notes


def _lines_of_tables(found: Rehearsal) -> Iterator[str]:
    yield (
        f"Tier {found.label}. Margins of the added chance, 19 times in 20, in per cent of those "
        "asked or in points of the scale; answers that routing hangs on count as equally frequent."
    )
    heads = [f"{size:,}" for size in found.sizes]
    lines = [(one.name, *(said or "-" for said in one.margins)) for one in found.figures]
    yield from columns([("figure", *heads), *lines])
    yield f"Not measured at any of these sizes: {found.unmeasured} figures."
    if min(found.sizes) < LEAST_PEOPLE:
        yield f"Under {LEAST_PEOPLE} answers there are no tables."


def percent(share: float) -> str:
    """Return a share (0-1) in whole per cent, and nothing for none."""
    return f"{100 * share:.0f} %" if share else "-"


def columns(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield lines of cells aligned: the first column to the left, the others to the right."""
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for first, *rest in lines:
        numbers = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        yield "  ".join([f"  {first.ljust(widths[0])}", *numbers])
