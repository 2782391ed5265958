"""The noise has the law that the account of the budget takes it to have."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction
from math import exp, sqrt
from time import perf_counter

import opendp.prelude as opendp
import pytest

from exports.tables import noise

opendp.enable_features("contrib")
DRAWS = 50_000
SURE = 5  # standard deviations: chance alone is further away once in a few million runs
SIGMAS = [Fraction(1, 2), Fraction(3), Fraction(25, 2)]
WHOLE = opendp.vector_domain(opendp.atom_domain(T="i64"))


def law(sigma):
    """Whole number → its chance, as the definition has it."""
    far = int(12 * sigma) + 2
    weight = {x: exp(-x * x / (2 * sigma * sigma)) for x in range(-far, far + 1)}
    total = sum(weight.values())
    return {x: w / total for x, w in weight.items()}


def apart(drawn, sigma):
    """How far the draws are from the law, in standard deviations: chi-square, and variance."""
    chance, seen, n = law(sigma), Counter(drawn), len(drawn)
    often = [x for x, p in chance.items() if n * p >= 5]
    cells = [(seen[x], n * chance[x]) for x in often]
    cells.append((n - sum(s for s, _ in cells), n - sum(e for _, e in cells)))
    off = sum((s - e) ** 2 / e for s, e in cells if e > 1e-9)
    free = 2 / (9 * (len(cells) - 1))
    chi = ((off / (len(cells) - 1)) ** (1 / 3) - 1 + free) / sqrt(free)  # Wilson & Hilferty 1931
    second, fourth = (sum(p * x**power for x, p in chance.items()) for power in (2, 4))
    spread = sum(x * x for x in drawn) / n
    return chi, abs(spread - second) / sqrt((fourth - second**2) / n)


@pytest.mark.parametrize("sigma", SIGMAS)
def test_draws_have_the_variance_and_the_law_of_the_discrete_gaussian(sigma):
    drawn = [noise.discrete_gaussian(sigma * sigma) for _ in range(DRAWS)]
    assert max(apart(drawn, float(sigma))) < SURE


@pytest.mark.parametrize("sigma", SIGMAS)
def test_the_law_is_that_of_an_independent_library(sigma):
    drawn = opendp.m.make_gaussian(WHOLE, opendp.l2_distance(T=float), scale=float(sigma))(
        [0] * DRAWS
    )
    assert max(apart(drawn, float(sigma))) < SURE


@pytest.mark.parametrize(
    ("sigma", "drawn_by"),
    [
        (0.5, lambda drawn: round(drawn.gauss(0, 0.5))),
        (3.0, lambda drawn: round(drawn.gauss(0, 2.85))),
        (12.5, lambda drawn: 2 * round(drawn.gauss(0, 6.25))),
    ],
    ids=["rounded", "5 % too little", "even numbers alone"],
)
def test_another_law_is_told_from_it(sigma, drawn_by):
    drawn = random.Random(1)
    assert max(apart([drawn_by(drawn) for _ in range(DRAWS)], sigma)) > SURE


def test_no_draw_repeats_what_was_drawn_before_and_no_float_is_in_it():
    drawn = [noise.discrete_gaussian(10**40) for _ in range(20)]
    assert len({*drawn}) == 20
    assert any(x % 2 for x in drawn)  # a float of this size is even


def test_a_variance_need_not_be_whole_or_square():
    variance = Fraction(7, 3)
    drawn = [noise.discrete_gaussian(variance) for _ in range(5000)]
    assert max(apart(drawn, sqrt(variance))) < SURE


def test_a_whole_release_is_drawn_in_a_moment():
    begun = perf_counter()
    for _ in range(2000):
        noise.discrete_gaussian(150)
    assert perf_counter() - begun < 1  # 0.05 alone; tests share their cores
