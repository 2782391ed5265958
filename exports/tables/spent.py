"""What a measurement cost: in rho, and how often of 100 somebody who knows the others is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from exports.columns import fields_of
from exports.tables.budget import Budget, right_of_100
from exports.tables.measure import Measurement
from exports.tables.menu import Menu, Planned, account_of


@dataclass(frozen=True, slots=True)
class Spent:
    """What one batch has paid: the person who paid most, and the dearest single answer."""

    people: Fraction
    answer: Fraction

    @property
    def right(self) -> float:
        """Return how often of 100 a choice between two whole sets of answers is right, at most."""
        return right_of_100(self.people)

    @property
    def right_answer(self) -> float:
        """Return the same of two answers to one question, all else alike."""
        return right_of_100(self.answer)


def spent_on(menu: Menu, measurement: Measurement) -> Spent:
    """Return what a batch paid for its measurement."""
    planned = [Planned(one.statistic, one.variance) for one in measurement.parts]
    return Spent(account_of(planned).most, _dearest_answer(menu, planned))


def most_spent(menu: Menu, rho: Mapping[str, Fraction]) -> Fraction:
    """Return what the person paid who paid most, from the cost of each statistic by name.

    A statistic that the menu no longer has counts as measured of everybody, which is no less.
    """
    known = {s.name: s for s in (*menu.routing, *menu.every, *menu.statistics)}
    planned = [Planned(known[n], known[n].least_variance(x)) for n, x in rho.items() if n in known]
    rest = sum((x for n, x in rho.items() if n not in known), start=Fraction(0))
    return account_of(planned).most + rest


def _dearest_answer(menu: Menu, planned: Sequence[Planned]) -> Fraction:
    """Return the most that the answer to any question paid on which no other one hangs.

    All options of a multiple choice are one answer.
    """
    question = {field.name: field.variable for field in fields_of(menu.study)}
    cost: dict[str, Fraction] = {}
    routers = {question[s.axes[0].column] for s in menu.routing}
    items = _items(menu)
    for one in planned:
        columns = {axis.column for axis in one.statistic.axes} | ({one.statistic.column} - {""})
        answers = {question[item] for column in columns for item in items.get(column, (column,))}
        for name in answers - routers:
            cost[name] = cost.get(name, Fraction(0)) + one.rho
    return max(cost.values(), default=Fraction(0))


def _items(menu: Menu) -> dict[str, tuple[str, ...]]:
    """Return score → the answers that go into it, those of its parts as well."""
    found: dict[str, tuple[str, ...]] = {}
    for field in fields_of(menu.study):
        if field.items:
            found[field.name] = tuple(
                dict.fromkeys(x for item in field.items for x in found.get(item, (item,)))
            )
    return found


def left_of(budget: Budget, paid: Fraction) -> Fraction:
    """Return what of its lifetime's budget an answer of this batch has left."""
    return max(Fraction(0), budget.lifetime - paid)
