"""How few answers a study's hypotheses would rest on: for a board to read beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from exports.fragility import MEASURED, TURNED
from exports.simulated_fragility import SAMPLES, FragilityAtSize, expected
from exports.tables.margins import SIZES
from forms.simulation import RecipeFault, load_recipe
from forms.study import Hypothesis
from survey.studies.version import StudyVersion
from survey.synthetic.frame import simulated_frame

SEED = 1
WORDS = {
    ("made_up", "sign"): "Made-up answers that turn the sign",
    ("made_up", "verdict"): "Made-up answers that turn a verdict of “supported”",
    ("left_out", "sign"): "Left-out answers that turn the sign",
    ("left_out", "verdict"): "Left-out answers that turn a verdict of “supported”",
}


@dataclass(frozen=True, slots=True)
class ExpectedFragility:
    """Each hypothesis in words, with lines of (what is counted, its value at each of ``sizes``)."""

    sizes: tuple[int, ...]
    draws: int
    pool: int
    hypotheses: tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...]


@lru_cache(maxsize=16)
def expected_fragility(version: StudyVersion) -> ExpectedFragility | None:
    """Return what simulation expects; None without a hypothesis, or a recipe that can be used."""
    study = version.study
    if not study.policy.hypotheses:
        return None
    try:
        recipe = load_recipe(study, version.folder)
        clients = simulated_frame(study, recipe, SIZES[-1], seed=SEED)
    except RecipeFault:
        return None
    found = expected(study, clients)
    told = tuple((_words(one), _lines(at)) for one, at in found.items())
    return ExpectedFragility(SIZES, SAMPLES, SIZES[-1], told)


def _words(one: Hypothesis) -> str:
    return f"{one.id}: {one.predictor} → {one.outcome}, {one.sign}"


def _lines(found: tuple[FragilityAtSize | None, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the share of draws that support the hypothesis, then the counts."""
    support = tuple("–" if at is None else f"{at.supported:.0%}" for at in found)
    counts = (
        (WORDS[key], tuple("–" if at is None else _count(at.counts[key]) for at in found))
        for key in product(MEASURED, TURNED)
    )
    return (("Supported, of the draws", support), *counts)


def _count(number: int | None) -> str:
    return "–" if number is None else str(number)
