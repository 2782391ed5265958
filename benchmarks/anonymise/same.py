"""Whether the study's main result survives: its confidence interval before and after release.

Synthetic clients of the flagship, the documented analysis (analysis/h1.py), the very same people on
both sides. Covariates that a tier does not keep are left out of both.
"""

from __future__ import annotations

import csv
import importlib.util
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl

from benchmarks.anonymise.keys import FLAGSHIP
from benchmarks.anonymise.regression import overlap
from exports.columns import content_order, fields_of, frame_of, table_of, write_data
from exports.errors import ExportRefused
from exports.generalise import path_to
from forms.load import load_study
from forms.simulation import load_recipe
from forms.study import Study
from survey.synthetic.simulate import simulate
from tests.exports.releases import make_release

SIZES = (100, 300, 1080)
TIERS = ("B", "C")
SEEDS = tuple(range(1, 11))
WITHHELD = "-93"

Row = dict[str, Any]


def analysis() -> ModuleType:
    """The study's script as a module."""
    found = importlib.util.spec_from_file_location("h1", FLAGSHIP / "analysis" / "h1.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    sys.modules["h1"] = module  # dataclasses look their module up
    found.loader.exec_module(module)
    return module


def people(study: Study, count: int, seed: int) -> pl.DataFrame:
    """Simulated clients as a release takes them."""
    recipe = load_recipe(study, FLAGSHIP)
    rows = [
        {**p.values, "study_version": "1", "consent_version": "1", "lang": p.lang,
         "c_open": p.c_open, "completion": p.completion, "dur_band": p.dur_band}
        for p in simulate(study, count=count, seed=seed, recipe=recipe)
    ]  # fmt: skip
    return frame_of(study, {name: [row[name] for row in rows] for name in rows[0]})


def _untouched(study: Study, frame: pl.DataFrame, path: Path) -> list[dict[str, str]]:
    """The lines of a data file in which nothing was recoded."""
    fields = fields_of(study)
    table = table_of(study, frame, fields)
    write_data(table, fields, path, order=content_order(table, [f.name for f in fields]))
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _both(h1: ModuleType, study: Study, frame: pl.DataFrame, tier: str) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        make_release(study, frame, tier=tier, out=Path(folder) / "after")
        lines, book = h1.load(Path(folder) / "after")
        raw = _untouched(study, frame, Path(folder) / "before.csv")
    gone = {n for n in h1.COVARIATES if all(line.get(n, WITHHELD) == WITHHELD for line in lines)}
    raw = [{name: cell for name, cell in line.items() if name not in gone} for line in raw]
    for outcome in h1.OUTCOMES:
        before, after = h1.fit(raw, book, outcome), h1.fit(lines, book, outcome)
        yield {
            "outcome": outcome,
            "overlap": overlap((before.low, before.high), (after.low, after.high)),
            "same_sign": (before.slope > 0) == (after.slope > 0),
            "used": after.rows,
        }


def same() -> Iterator[Row]:
    """A row for each size, tier, seed and outcome; ``failed`` where there is no fit."""
    h1, study = analysis(), load_study(FLAGSHIP)
    for size in SIZES:
        for seed in SEEDS:
            frame = people(study, size, seed)
            agreed = frame.filter(pl.col("c_open") == 1)
            for tier in TIERS:
                open_ = path_to(study, tier)[-1].needs_open_consent
                yield from _rows(h1, study, agreed if open_ else frame, (size, seed, tier))


def _rows(
    h1: ModuleType, study: Study, frame: pl.DataFrame, case: tuple[int, int, str]
) -> Iterator[Row]:
    size, seed, tier = case
    about = {"size": size, "seed": seed, "tier": tier}
    try:
        yield from [about | row for row in _both(h1, study, frame, tier)]
    except ExportRefused as refused:
        yield about | {"failed": f"refused: {refused}"}
    except (ValueError, ArithmeticError) as unfit:  # statistics' own error is a ValueError
        yield about | {"failed": f"analysis/h1.py cannot fit so few rows: {unfit}"}
