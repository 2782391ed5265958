"""What tables would tell of a study, for a board to read before anybody has answered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from exports.tables.budget import right_of_100
from exports.tables.margins import SIZES, Expected, expected
from exports.tables.menu import budget_of
from survey.studies.version import StudyVersion


@dataclass(frozen=True, slots=True)
class ExpectedTables:
    """Every figure with its margin at each of ``sizes`` answers, and what the budget allows.

    ``release`` and ``lifetime`` say how often of 100 a choice between two whole sets of answers
    for one person is right at most. ``lines`` are (name, label, margins in words).
    """

    sizes: tuple[int, ...]
    release: int
    lifetime: int
    lines: tuple[tuple[str, str, tuple[str, ...]], ...]


@lru_cache(maxsize=16)
def expected_tables(version: StudyVersion) -> ExpectedTables | None:
    """Return what tables would tell; None where no tier of the study holds any."""
    study = version.study
    if not any(tier.kind.holds == "tables" for tier in study.policy.tiers.values()):
        return None
    budget = budget_of(study)
    return ExpectedTables(
        SIZES,
        round(right_of_100(budget.release)),
        round(right_of_100(budget.lifetime)),
        tuple(map(_line, expected(study))),
    )


def _line(one: Expected) -> tuple[str, str, tuple[str, ...]]:
    margins = ("–" if margin is None else one.in_words(margin) for margin in one.margins)
    return one.statistic.name, one.label, tuple(margins)
