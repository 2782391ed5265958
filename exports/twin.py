"""A twin to practise on: made-up rows with the columns of a release's data file, beside it.

It is made from something that is told anyway, never from the rows that are released, and goes
through the same recoding, so that scripts meet the same codes, levels and withheld cells. Its size
is the same for every release.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from exports.columns import BOOKKEEPING_KEYS
from exports.documents.context import joined
from exports.errors import ExportRefused
from exports.report import ReleaseContext
from exports.segment_file import recode_segment, source_of, write_segment
from forms.study import Study, Tier

TWIN = "twin-made-up.csv"
TWIN_PAGE = "documentation/twin-made-up.md"
TWIN_FILES = {
    TWIN: "made-up rows to practise on: nobody's answers",
    TWIN_PAGE: "what the made-up rows are drawn from",
}
TWIN_ROWS = 400  # over 300, from which on more than three core variables can stay
MADE_UP = "made-up"  # in place of the versions, in every row

NO_SOURCE = (
    "There is no file to practise on: the study has no simulation.toml, and no tables of tier A of "
    "these answers were out when this release was made."
)
TOO_FEW = "There is no file to practise on: of {rows} made-up rows too few were alike. {why}"


@dataclass(frozen=True, slots=True)
class TwinSource:
    """Made-up answers as a release takes stored ones, and in a sentence what they are drawn from.

    ``frame`` is None where there is nothing to draw from.
    """

    frame: pl.DataFrame | None = None
    said: str = NO_SOURCE


NO_TWIN = TwinSource()

WHAT = """\
`{file}` holds {rows} made-up rows with the columns of the data file, made without its rows: none \
is a person's. {said} In every row `study_version` and `consent_version` say `{mark}`. They were \
then protected by the rules of this tier, as if they had been answered. What is worked out from \
them is no result: use them to write and try scripts, then run these on the data."""
TO_TRY = """\
To try a script, copy this folder and put the file in the place of the data file there, under its \
name. There are other numbers of rows, and of everything else, than in the data."""


def write_twin(
    study: Study,
    source: TwinSource,
    tier: Tier,
    out: Path,
    occasion: ReleaseContext,
    lift: Callable[[Path, Path], None],
    mark: str = "",
) -> str:
    """Write the twin and its page into ``out`` and return what README says of it.

    ``lift`` writes rows anew, with the lifted columns of the data file at their ends; ``mark`` is
    that of the release (pilot, synthetic).
    Without a source, or where too few of its rows are alike, nothing is written.
    """
    if source.frame is None:
        return source.said
    # In the twin everybody agreed and was drawn: who did is told of nobody.
    marked = source.frame.with_columns(
        pl.lit(MADE_UP).alias("study_version"), pl.lit(MADE_UP).alias("consent_version"),
        pl.lit(1, source.frame.schema["c_open"]).alias("c_open"),
    )  # fmt: skip
    everybody = pl.Series([True] * len(marked), dtype=pl.Boolean)
    try:
        rows = source_of(study, marked, occasion)
        part = recode_segment(study, rows, tier, drawn=everybody)
    except ExportRefused as why:
        return TOO_FEW.format(rows=len(marked), why=why)
    versions = [pl.lit(MADE_UP).alias(name) for name in BOOKKEEPING_KEYS[:2]]
    bare = out / f".{TWIN}"
    write_segment(replace(part, table=part.table.with_columns(versions)), bare)
    lift(bare, out / TWIN)
    bare.unlink()
    said = WHAT.format(file=TWIN, rows=len(part.order), said=source.said, mark=MADE_UP)
    page, marked_as = out / TWIN_PAGE, [f"**{mark}.**"] if mark else []
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_bytes(joined(["# A file to practise on: made up", *marked_as, said, TO_TRY]))
    return f"{said} {TO_TRY}"
