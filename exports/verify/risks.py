"""The chance of a right guess, for three kinds of attacker.

- *Prosecutor*: knows that the person is in the file. Risk of a row: 1 / rows of its class.
- *Journalist*: knows somebody of the population, not whether they are in the file. Risk of a row:
  1 / people of the population in its class. Without a population table the file has to stand for
  it, and the figures are the prosecutor's: an upper bound.
- *Marketer*: wants as many right guesses as possible. Risk: share of rows guessed right on average.

Sources: El Emam & Dankar 2008, Protecting privacy using k-anonymity; El Emam 2013, Guide to the
de-identification of personal health information, ch. 16; Dankar et al. 2012, Estimating the
re-identification risk of clinical data sets; Dankar & El Emam 2010 (marketer).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exports.verify.classes import Classes
from exports.verify.coded import Ints

# EMA Policy 0070 and Health Canada (2019) accept 0.09, which asks for classes of 12; 0.2 goes with
# the classes of 5 that are the historical norm (El Emam 2013).
OPEN_DATA, HISTORICAL = 0.09, 0.2


@dataclass(frozen=True, slots=True)
class Risk:
    """Shares (0-1): the highest and the average risk, and rows above the two usual thresholds."""

    highest: float
    average: float
    above_open_data: float
    above_historical: float


def _risk(each: NDArray[np.float64], rows: Ints, average: float) -> Risk:
    """``each`` is the risk of every class, ``rows`` the rows it counts for."""
    total = rows.sum()
    return Risk(
        float(each.max()),
        average,
        float(rows[each > OPEN_DATA].sum() / total),
        float(rows[each > HISTORICAL].sum() / total),
    )


def prosecutor(classes: Classes) -> Risk | None:
    """Of people known to be in the file; None for a file without rows."""
    if not classes.count:
        return None
    return _risk(1 / classes.sizes, classes.sizes, marketer(classes, None))


def journalist(classes: Classes, people: Ints | None) -> Risk | None:
    """Of people known to be in the population; ``people`` is how many each class covers.

    A class that covers fewer people than it has rows counts as many: they are people too.
    """
    if not classes.count or people is None:
        return prosecutor(classes)
    covered = np.maximum(people, classes.sizes)
    average = max(classes.count / float(covered.sum()), marketer(classes, covered))
    return _risk(1 / covered, classes.sizes, average)


def marketer(classes: Classes, people: Ints | None) -> float:
    """Share of rows guessed right by somebody who guesses all of them."""
    if not classes.count:
        return 0.0
    covered = classes.sizes if people is None else np.maximum(people, classes.sizes)
    return float((classes.sizes / covered).sum() / classes.sizes.sum())


def presence(classes: Classes, people: Ints) -> tuple[float, float]:
    """Lowest and highest share of the people under a class who are in the file.

    Source: Nergiz et al. 2007, δ-presence.
    """
    shares = classes.sizes / np.maximum(people, classes.sizes)
    return float(shares.min()), float(shares.max())
