"""People who are in no file, on whom the attacks of a report are tried as well.

Of the simulation, and no later answers: those that wait for a further batch are too few to be told
of, and a report tells what the attacks reached on them.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from exports.columns import STORED
from exports.report import ReleaseContext
from exports.segment_file import source_of
from exports.verify.matching import people_tried
from forms.simulation import Recipe, RecipeFault, load_recipe
from forms.study import Study
from survey.synthetic.frame import simulated_frame

# Of no meaning, and none that anybody would choose for simulated answers: they are others.
SEED = 1_936_287_828


def simulated_people(
    study: Study, folder: Path | None, context: ReleaseContext, *, like: pl.DataFrame
) -> pl.DataFrame | None:
    """Return as many as are tried on rows ``like`` these, and of the versions most of them have.

    None where the recipe in ``folder`` cannot be used.
    """
    versions = {name: like[name].mode().sort()[0] for name in STORED[:2]}
    try:
        recipe = load_recipe(study, folder) if folder else Recipe()
        frame = simulated_frame(
            study, recipe, people_tried(len(like)), seed=SEED, versions=versions
        )
    except RecipeFault:
        return None
    return source_of(study, frame, context).table
