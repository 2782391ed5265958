"""The margins that are told: 19 times in 20 what is true lies within them."""

import secrets
from collections import Counter
from random import Random

import pytest

from exports.tables import measure
from exports.tables.estimate import estimate
from exports.tables.menu import Menu
from forms.load import load_study
from tests.conftest import STUDIES
from tests.exports.tables.neighbours import choices, planned, rows_of

RELEASES, PEOPLE = 200, 250
STUDY = load_study(STUDIES / "scores")


def answers():
    """People of whom more give one answer than another, and some give none."""
    drawn, columns = Random(3), choices(planned(STUDY, PEOPLE))
    return rows_of({
        name: drawn.choices(values, [3 / (at + 1) for at in range(len(values))], k=PEOPLE)
        for name, values in columns.items()
    })  # fmt: skip


def within(told, true):
    return told.low - 1e-9 <= true <= told.high + 1e-9


def of_tables(estimated, counted):
    for table in estimated.tables:
        true = counted.count(table.statistic)
        yield from (("counts", within(table.count(at), n)) for at, n in enumerate(true))
        valid = range(len(true) - 1)
        if len(table.statistic.axes) == 1:
            shares = ((table.percent(at, valid), 100 * true[at] / sum(true[:-1])) for at in valid)
            yield from (("per cent", within(*two)) for two in shares)


def of_means(estimated, people):
    for mean in estimated.means:
        scores = people[mean.statistic.column].clip(None, mean.statistic.high)
        scores = scores.filter(scores >= 0).clip(mean.statistic.low)
        yield "means", within(mean.figure, scores.mean())


@pytest.fixture(scope="module")
def covered():
    """Kind of figure → the share of all told in many releases of the same people that hold."""
    held, told = Counter[str](), Counter[str]()
    menu, people = Menu(STUDY), answers()
    counted = measure._Answers(people)
    with pytest.MonkeyPatch.context() as fixed:
        fixed.setattr(secrets, "randbelow", Random(1).randrange)
        fixed.setattr(measure, "Menu", lambda _: menu)
        for _ in range(RELEASES):
            estimated = estimate(measure.measure(STUDY, [people]))
            for kind, holds in (*of_tables(estimated, counted), *of_means(estimated, people)):
                held[kind] += holds
                told[kind] += 1
    return {kind: held[kind] / told[kind] for kind in told}


@pytest.mark.parametrize("kind", ["counts", "per cent", "means"])
def test_margins_hold_as_often_as_is_said(covered, kind):
    """Whole counts have margins in whole people, so a little more often."""
    assert 0.93 < covered[kind] < 0.99
