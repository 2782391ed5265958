"""Who knows everybody else's answers is right no more often than is said.

With files and whole measurements: tests/attacks/tables.py.
"""

import secrets
from fractions import Fraction
from random import Random

import pytest

from exports.columns import fields_of, table_of
from exports.tables import menu, noise
from exports.tables.budget import right_of_100
from forms.load import load_study
from tests.conftest import FLAGSHIP
from tests.exports.releases import simulated
from tests.exports.tables.neighbours import (
    Counts,
    alarm,
    choices,
    furthest,
    planned,
    right,
    rows_of,
    true_cells,
)

STUDY = load_study(FLAGSHIP)
BUDGET = Fraction(1, 2)
BOUND = right_of_100(BUDGET) / 100
TRIALS = 20_000
PEOPLE = table_of(STUDY, simulated(STUDY, 100), fields_of(STUDY))


@pytest.fixture(autouse=True)
def fixed_chance(monkeypatch):
    """An alarm that rings by chance once in some hundred runs would be no alarm."""
    monkeypatch.setattr(secrets, "randbelow", Random(1).randrange)


def plan_and_worst_rows(people: int = 300) -> tuple[tuple[menu.Planned, ...], Counts, Counts]:
    """What is measured, and the cells of the two rows that are furthest apart."""
    plan = planned(STUDY, people)
    one, other = furthest(plan)
    return plan, true_cells(plan, one), true_cells(plan, other)


def test_an_insider_tells_two_rows_apart_no_more_often_than_is_said():
    told = right(*plan_and_worst_rows(), TRIALS)
    assert BOUND - 0.02 < told < alarm(BOUND, TRIALS)  # the bound is reached, and not passed


def test_an_insider_who_knows_two_real_people_is_right_less_often():
    plan = planned(STUDY, 300)
    one, other = (true_cells(plan, PEOPLE[at]) for at in (0, 1))
    assert right(plan, one, other, 5000) < BOUND - 0.01


def test_a_single_answer_is_told_hardly_more_often_than_by_a_coin():
    plan = [p for p in planned(STUDY, 600) if p.statistic.name == "int_main"]
    column, (one, other, *_) = "int_main", choices(plan)["int_main"]
    asked = {name: values[0] for name, values in choices(plan).items()}
    rows = [rows_of({k: [v] for k, v in (asked | {column: x}).items()}) for x in (one, other)]
    cells = [true_cells(plan, row) for row in rows]
    told = right(plan, cells[0], cells[1], TRIALS)
    assert told < alarm(right_of_100(plan[0].rho) / 100, TRIALS) < 0.56


def test_the_alarm_rings_where_the_noise_is_for_people_who_are_added_or_removed(monkeypatch):
    monkeypatch.setattr(menu, "cost_of_counts", lambda variance: 1 / (2 * Fraction(variance)))
    assert right(*plan_and_worst_rows(), TRIALS) > alarm(BOUND, TRIALS)


def test_the_alarm_rings_where_the_noise_is_a_tenth_too_small(monkeypatch):
    whole = noise.discrete_gaussian
    monkeypatch.setattr(noise, "discrete_gaussian", lambda v: whole(v * Fraction(81, 100)))
    assert right(*plan_and_worst_rows(), TRIALS) > alarm(BOUND, TRIALS)


def test_the_alarm_rings_where_one_figure_gets_out_without_noise():
    assert right(*plan_and_worst_rows(), TRIALS, exact=["concern"]) == 1
