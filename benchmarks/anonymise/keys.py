"""Tables to grow with, each written as a data set of its own: resampled people, synthetic columns.

Everything is drawn from one seed; a planted outcome gives the regression something to find.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.anonymise.spec import Spec, Term, read_cells, read_spec, write_hierarchy
from benchmarks.process import ROOT
from exports.columns import CORE, Field, fields_of
from exports.generalise import generalise_cell, is_missing, suppressed_cell, top_of
from forms.load import load_study
from forms.simulation import load_recipe
from forms.study import Study
from survey.synthetic.simulate import simulate

SEED = 1
EXCHANGED = 0.05  # share of key cells
PEOPLE = 3000  # simulated, then resampled
FLAGSHIP = ROOT / "studies" / "therapist-tears"
MISSING = "missing"
VALUES = 8  # of a synthetic column: halves, quarters, eighths
CORRELATION = 0.4
SLOPES = (0.3, -0.2)  # planted


def _written(table: pl.DataFrame, folder: Path) -> Path:
    path = folder / "table.csv"
    table.with_row_index("rid").write_csv(path)
    return path


def _drawn(people: pl.DataFrame, rows: int, keys: Sequence[str]) -> pl.DataFrame:
    """People drawn with replacement; some cells come from somebody else, or all would have doubles.

    So new combinations keep turning up however many rows there are, as among real people.
    """
    draw = np.random.default_rng(SEED)
    donors = draw.integers(0, len(people), rows)
    columns = []
    for column in people:
        other = draw.integers(0, len(people), rows)
        exchanged = (draw.random(rows) < EXCHANGED) & (column.name in keys)
        columns.append(column.gather(np.where(exchanged, other, donors)))
    return pl.DataFrame(columns)


def adult(rows: int, folder: Path) -> Spec:
    """Adult-8, resampled."""
    spec = read_spec("Adult-8")
    true = read_cells(spec.data).drop(spec.identifiers)
    return replace(spec, data=_written(_drawn(true, rows, spec.qi), folder))


def _planted(
    spec: Spec, table: pl.DataFrame, numbers: Mapping[str, NDArray[np.float64]], folder: Path
) -> Spec:
    """``spec`` with an outcome that depends on the terms, and its table written."""
    noise = np.random.default_rng(SEED).normal(size=len(table))
    values = noise + sum(
        slope * number for slope, number in zip(SLOPES, numbers.values(), strict=True)
    )
    outcome = pl.Series(spec.outcome, np.round(values, 3))
    return replace(spec, data=_written(table.with_columns(outcome), folder))


def _spec(name: str, hierarchies: Mapping[str, Path], terms: tuple[Term, ...]) -> Spec:
    return Spec(
        name=name, data=Path(), identifiers=("rid",), qi=tuple(hierarchies), numeric=frozenset(),
        hierarchies=hierarchies, sensitive="outcome", outcome="outcome", one="", terms=terms,
    )  # fmt: skip


def synthetic(columns: int, rows: int, folder: Path) -> Spec:
    """So many correlated columns of eight values, the middle ones common, in a binary tree."""
    draw = np.random.default_rng(SEED)
    common = draw.normal(size=(rows, 1))
    mixed = CORRELATION**0.5 * common + (1 - CORRELATION) ** 0.5 * draw.normal(size=(rows, columns))
    codes = np.clip(np.floor(mixed * 1.5) + VALUES // 2, 0, VALUES - 1).astype(int)
    table = pl.DataFrame({f"q{at}": [f"v{c}" for c in codes[:, at]] for at in range(columns)})
    lines = [[f"v{v}", f"pair{v // 2}", f"half{v // 4}", "*"] for v in range(VALUES)]
    write_hierarchy(folder / "tree.csv", lines)
    values = {f"v{v}": float(v) for v in range(VALUES)}
    terms = tuple(Term(f"q{at}", f"q{at}", values) for at in range(2))
    spec = _spec("synthetic", dict.fromkeys(table.columns, folder / "tree.csv"), terms)
    numbers = {f"q{at}": codes[:, at].astype(float) for at in range(2)}
    return _planted(spec, table, numbers, folder)


def study_like(rows: int, folder: Path) -> Spec:
    """The flagship's core keys of simulated clients, resampled."""
    study = load_study(FLAGSHIP)
    keys = [f for f in fields_of(study) if f.key and f.group == CORE and f.column]
    recipe = load_recipe(study, FLAGSHIP)
    people = [c.values for c in simulate(study, count=PEOPLE, seed=SEED, recipe=recipe)]
    frame = pl.DataFrame({f.name: [int(p[f.name]) for p in people] for f in keys})
    drawn = _drawn(frame, rows, frame.columns)
    hierarchies = {f.name: _hierarchy(study, f, folder) for f in keys}
    terms = (_term(keys[0], "band", None), _term(keys[1], "first", 1))
    numbers = {
        t.name: np.array([t.of(_told(cell)) for cell in drawn[t.column].to_list()]) for t in terms
    }
    table = drawn.select(pl.col(n).map_elements(_told, pl.String) for n in drawn.columns)
    return _planted(_spec("study", hierarchies, terms), table, numbers, folder)


def _told(cell: int) -> str:
    """All missing codes of a key are one category, as in a release."""
    return MISSING if is_missing(cell) else f"c{cell}"


def _term(field: Field, name: str, only: int | None) -> Term:
    assert field.column
    codes = [c for c in field.column.codes if only in (None, c)]
    return Term(name, field.name, {_told(c): 1.0 if only else float(c) for c in codes})


def _hierarchy(study: Study, field: Field, folder: Path) -> Path:
    """The study's own levels; what is missing can only be withheld."""
    assert field.column
    levels = range(1, top_of(field, study.policy))
    lines = [
        [
            _told(code),
            *(f"g{generalise_cell(field, study.policy, code, level)}" for level in levels),
            "*",
        ]
        for code in field.column.codes
    ]
    lines.append([MISSING, *("*" for _ in levels), "*"])
    assert suppressed_cell(field)
    path = folder / f"{field.name}.csv"
    write_hierarchy(path, lines)
    return path
