"""Simulated answers as a frame, as a release takes stored ones."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from exports.columns import STORED, frame_of
from forms.kinds import columns_of_study
from forms.simulation import Recipe
from forms.study import Study
from survey.synthetic.simulate import simulate


def simulated_frame(
    study: Study,
    recipe: Recipe,
    count: int,
    *,
    seed: int,
    versions: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """Return ``count`` simulated answers, of the study's own versions or of these.

    Raise RecipeFault.
    """
    of = versions or {"study_version": study.version, "consent_version": study.consent.version}
    rows = [
        {**of, "lang": c.lang, "c_open": c.c_open, "completion": c.completion,
         "dur_band": c.dur_band, **c.values}
        for c in simulate(study, count=count, seed=seed, recipe=recipe)
    ]  # fmt: skip
    names = (*STORED, *(column.name for column in columns_of_study(study)))
    return frame_of(study, {name: [row[name] for row in rows] for name in names})
