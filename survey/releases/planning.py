"""The interval that an analysis will have, before and after anonymisation, on simulated answers.

The analysis is the plainest one that the policy's ``[tables]`` names: each primary score on the
predictor by ordinary least squares, adjusted for covariates. Covariates are categories, and what is
missing, withheld or rare is one of its own, as a careful analyst of a released file would have it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist, fmean

import numpy as np
import polars as pl
from numpy.typing import NDArray

from exports.anonymise.problem import Progress, no_progress
from exports.columns import CORE, SCORE, fields_of, kept_in, table_of
from exports.errors import ExportRefused
from exports.generalise import tier_of
from forms.simulation import Recipe
from forms.study import MISSING_RANGE, Study, Tier
from survey.errors import Refusal
from survey.releases.rehearsal import columns, tier_rows
from survey.synthetic.frame import simulated_frame

Z95 = NormalDist().inv_cdf(0.975)
RARE = 10  # rows: categories of a covariate with fewer are taken together
ROWS_A_COLUMN = 3  # of the model, at least: with fewer nothing is fitted

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Slope:
    """A slope in points of the outcome for one of the predictor, and its standard error."""

    value: float
    error: float
    rows: int

    @property
    def half(self) -> float:
        """Return half of its 95 % interval."""
        return Z95 * self.error

    def holds(self, value: float) -> bool:
        """Return whether ``value`` lies in the interval."""
        return abs(self.value - value) <= self.half


def fit(
    table: pl.DataFrame, outcome: str, predictor: str, covariates: Sequence[str]
) -> Slope | None:
    """Return the slope with its HC3 error; None where the rows are too few for the model."""
    scores = table.select(outcome, predictor)
    used = table.filter(scores[outcome] >= 0, scores[predictor] >= 0)
    parts = [np.ones((len(used), 1)), used[predictor].cast(pl.Float64).to_numpy()[:, None]]
    parts += [_dummies(used[name]) for name in covariates]
    x, y = np.hstack(parts), used[outcome].cast(pl.Float64).to_numpy()
    if len(used) < ROWS_A_COLUMN * x.shape[1] or np.ptp(x[:, 1]) == 0:
        return None
    # Of covariates that say the same one is enough, and the slope of the predictor is not theirs.
    bread = np.linalg.pinv(x.T @ x)
    beta = bread @ (x.T @ y)
    leverage = np.einsum("ij,jk,ik->i", x, bread, x).clip(0, 1 - 1e-9)
    pulled = (x @ bread[:, 1]) * (y - x @ beta) / (1 - leverage)
    return Slope(float(beta[1]), sqrt(float(pulled @ pulled)), len(used))


def _dummies(cells: pl.Series) -> Floats:
    """Return a 0/1 column for each category but the commonest."""
    words = [_category(cell) for cell in cells.to_list()]
    often = Counter(words)
    words = [word if often[word] >= RARE else "other" for word in words]
    _, *others = [word for word, _ in Counter(sorted(words)).most_common()] or [""]
    flags = [[float(word == other) for other in others] for word in words]
    return np.array(flags, dtype=float).reshape(len(words), len(others))


def _category(cell: object) -> str:
    return "other" if cell is None or cell in MISSING_RANGE else str(cell)


@dataclass(frozen=True, slots=True)
class PlannedInterval:
    """One primary score at one number of answers: a slope before and after, for each repetition.

    None stands where the rows were too few for the model, or the tier would have refused a file.
    """

    answers: int
    outcome: str
    before: tuple[Slope | None, ...]
    after: tuple[Slope | None, ...]


@dataclass(frozen=True, slots=True)
class SamplePlan:
    """What an analysis may expect of one tier; ``planted`` maps an outcome to its true slope.

    That is the same model's of PLANTED_FROM simulated answers, with what is left of chance.
    """

    tier: str
    predictor: str
    covariates: tuple[str, ...]
    repetitions: int
    seed: int
    planted: Mapping[str, Slope]
    intervals: tuple[PlannedInterval, ...]


PLANTED_FROM = 10_000  # simulated answers
OTHERS = 1 << 33  # far from the seeds of the repetitions: other people

NO_HYPOTHESIS = (
    "release.toml of {study} names no analysis to plan for: give predictor and primary in [tables] "
    "(docs/study-format.md)."
)
NOT_IN_TIER = "{name} is no column that tier {tier} of {study} has; those it has are {known}."


def plan(
    study: Study,
    recipe: Recipe,
    sizes: Sequence[int],
    tier_name: str,
    *,
    adjust: Sequence[str] = (),
    repetitions: int,
    seed: int = 1,
    progress: Progress = no_progress,
) -> SamplePlan:
    """Return the intervals of the study's primary scores at each number of answers.

    Without ``adjust`` the covariates are the core variables. Raise Refusal or ExportRefused where
    the study lacks what is asked for, RecipeFault where the recipe cannot be used.
    """
    tier, said = tier_of(study, tier_name), study.policy.tables
    if not said.predictor:
        raise Refusal(NO_HYPOTHESIS.format(study=study.name))
    covariates = _covariates(study, tier, adjust)
    predictor, outcomes = SCORE + said.predictor, [SCORE + name for name in said.primary]

    def fitted(table: pl.DataFrame) -> dict[str, Slope | None]:
        return {name: fit(table, name, predictor, covariates) for name in outcomes}

    many = fitted(_answers(study, simulated_frame(study, recipe, PLANTED_FROM, seed=seed + OTHERS)))
    intervals: list[PlannedInterval] = []
    for size in sizes:
        before: list[dict[str, Slope | None]] = []
        after: list[dict[str, Slope | None]] = []
        for turn in range(repetitions):
            frame = simulated_frame(study, recipe, size, seed=seed + turn)
            before.append(fitted(_answers(study, frame)))
            released = _released(study, frame, tier, seed + turn)
            after.append({} if released is None else fitted(released))
            done = len(intervals) / len(outcomes) + (turn + 1) / repetitions
            progress(done / len(sizes))
        intervals += [
            PlannedInterval(
                size, name, tuple(b.get(name) for b in before), tuple(a.get(name) for a in after)
            )
            for name in outcomes
        ]
    planted = {name: slope for name, slope in many.items() if slope}
    return SamplePlan(
        tier.name, predictor, covariates, repetitions, seed, planted, tuple(intervals)
    )


def _covariates(study: Study, tier: Tier, adjust: Sequence[str]) -> tuple[str, ...]:
    """Return the covariates: those asked for, or the core variables. Raise Refusal."""
    fields = [f for f in kept_in(fields_of(study), tier) if f.column and f.type == "integer"]
    known = [f.name for f in fields]
    for name in adjust:
        if name not in known:
            told = {"name": name, "tier": tier.name, "study": study.name}
            raise Refusal(NOT_IN_TIER.format(known=", ".join(known), **told))
    return tuple(adjust) or tuple(f.name for f in fields if f.group == CORE)


def _answers(study: Study, frame: pl.DataFrame) -> pl.DataFrame:
    return table_of(study, frame, fields_of(study))


def _released(study: Study, frame: pl.DataFrame, tier: Tier, seed: int) -> pl.DataFrame | None:
    try:
        return tier_rows(study, frame, tier, seed=seed).table
    except ExportRefused:
        return None


# In a terminal.


def plan_in_lines(found: SamplePlan) -> Iterator[str]:
    """Yield a plan as lines of text: a table for each primary score."""
    yield (
        f"Simulated, {found.repetitions} repetitions of each number of answers (seeds {found.seed} "
        f"to {found.seed + found.repetitions - 1}); tier {found.tier}. Least squares with HC3 "
        f"errors, adjusted for {', '.join(found.covariates) or 'nothing'}. Each interval is the "
        "mean of those of the repetitions."
    )
    for outcome, planted in found.planted.items():
        yield ""
        yield (
            f"{outcome} on {found.predictor}. The slope that simulation.toml plants is "
            f"{planted.value:.3f} ± {planted.half:.3f}, by the same model of {PLANTED_FROM:,} "
            "other simulated answers."
        )
        head = (
            "answers",
            "",
            "rows",
            "slope  [95 % interval]",
            "half",
            "without 0",
            "hold planted",
        )
        lines: list[tuple[str, ...]] = [head]
        for one in (i for i in found.intervals if i.outcome == outcome):
            lines.append((f"{one.answers:,}", "before", *_cells(one.before, planted)))
            lines.append(("", "after", *_cells(one.after, planted)))
        yield from columns(lines)


def _cells(slopes: Sequence[Slope | None], planted: Slope) -> tuple[str, ...]:
    """Return rows, mean interval, half of it, and of how many repetitions two things are so."""
    there = [one for one in slopes if one]
    if not there:
        return "-", "too few rows, or no file", "-", "-", "-"
    middle, half = fmean(s.value for s in there), fmean(s.half for s in there)
    return (
        f"{fmean(s.rows for s in there):,.0f}",
        f"{middle:.3f}  [{middle - half:.3f}, {middle + half:.3f}]",
        f"{half:.3f}",
        f"{sum(not s.holds(0) for s in there)} of {len(slopes)}",
        f"{sum(s.holds(planted.value) for s in there)} of {len(slopes)}",
    )
