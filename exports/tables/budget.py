"""Privacy accounting: what measurements of one batch cost, and what a cost means.

Zero-concentrated differential privacy (Bun & Steinke 2016): costs, rho, are added up. Neighbours
differ in the answers of one person, replaced by any others that the questionnaire allows; how many
people there are is public. Costs are exact fractions; what they mean is worked out in floats, to
be read and never to be added.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import erfc, exp, log, sqrt

DELTA = 1e-6


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent on one batch: in a release, in its lifetime, on one statistic at most."""

    release: Fraction = Fraction(1, 2)
    lifetime: Fraction = Fraction(1)
    cap: Fraction = Fraction(1, 10)


def cost_of_counts(variance: Fraction | int) -> Fraction:
    """Return rho of a table with this noise: one person leaves a cell and enters another."""
    return 1 / Fraction(variance)


def cost_of_sum(span: int, variance: Fraction | int) -> Fraction:
    """Return rho of a sum with this noise, which one person can change by ``span`` at most."""
    return Fraction(span * span) / (2 * Fraction(variance))


def _phi(z: float) -> float:
    """Return the share of a normal distribution below ``z``."""
    return erfc(-z / sqrt(2)) / 2


def right_of_100(rho: Fraction | float) -> float:
    """Return how often of 100 somebody is right who has to choose between two rows, at most.

    Exact for continuous Gaussian noise, and to what is printed for the discrete one from a
    standard deviation of 3 on.
    """
    return 100 * _phi(sqrt(rho / 2))


def bound_of_100(rho: Fraction | float) -> float:
    """Return the same for any mechanism of this rho whatever its noise (Pinsker's inequality)."""
    return min(100.0, 50 * (1 + sqrt(rho / 2)))


def epsilon(rho: Fraction | float, delta: float = DELTA) -> float:
    """Return epsilon of Gaussian noise of this rho at ``delta`` (Balle & Wang 2018, theorem 8)."""
    mean = sqrt(2 * rho)

    def exceeds(tried: float) -> bool:
        low = _phi(-mean / 2 - tried / mean)
        return _phi(mean / 2 - tried / mean) - exp(tried) * low > delta

    low, high = 0.0, 1.0
    while exceeds(high):
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if exceeds(middle) else (low, middle)
    return high


def epsilon_bound(rho: Fraction | float, delta: float = DELTA) -> float:
    """Return epsilon of any mechanism of this rho (Canonne, Kamath & Steinke 2020, lemma 3.5)."""
    rho = float(rho)

    def at(order: float) -> float:
        lost = log(1 / (order * delta)) / (order - 1)
        return rho * order + lost + log(1 - 1 / order)

    low, high = 1.000001, 10_000.0
    for _ in range(200):  # at has one lowest point
        one, two = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, two) if at(one) < at(two) else (one, high)
    return at(low)
