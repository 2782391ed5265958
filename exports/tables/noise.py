"""Noise for tables: exact draws from the discrete Gaussian.

The sampler of Canonne, Kamath & Steinke 2020 (The Discrete Gaussian for Differential Privacy, arXiv
2004.00010, algorithms 1 to 3). It needs whole numbers and the system's random source alone: with
rounded numbers a draw would tell by its last digits what it was added to (Mironov 2012).
"""

from __future__ import annotations

import secrets
from fractions import Fraction
from math import isqrt


def _with_chance(times: int, of: int) -> bool:
    return secrets.randbelow(of) < times


def _exp_up_to_one(times: int, of: int) -> bool:
    """Return true with chance exp(-times/of), for times/of from 0 to 1."""
    k = 1
    while _with_chance(times, of * k):
        k += 1
    return k % 2 == 1


def _exp(times: int, of: int) -> bool:
    """Return true with chance exp(-times/of)."""
    whole, rest = divmod(times, of)
    return all(_exp_up_to_one(1, 1) for _ in range(whole)) and _exp_up_to_one(rest, of)


def _discrete_laplace(scale: int) -> int:
    """Draw a whole number x with chance proportional to exp(-abs(x)/scale)."""
    while True:
        low = secrets.randbelow(scale)
        if not _exp_up_to_one(low, scale):
            continue
        high = 0
        while _exp_up_to_one(1, 1):
            high += 1
        size, negative = low + scale * high, secrets.randbelow(2)
        if size or not negative:  # nought counts once
            return -size if negative else size


def discrete_gaussian(variance: Fraction | int) -> int:
    """Draw a whole number x with chance proportional to exp(-x²/(2 variance))."""
    num, den = Fraction(variance).as_integer_ratio()
    scale = isqrt(num // den) + 1
    while True:
        drawn = _discrete_laplace(scale)
        # exp(-(abs(x) - variance/scale)² / (2 variance)), in whole numbers
        off = abs(drawn) * scale * den - num
        if _exp(off * off, 2 * num * den * scale * scale):
            return drawn
