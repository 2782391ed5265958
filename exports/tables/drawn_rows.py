"""Rows drawn from the figures of tier A: made up, with no answer of anybody in them.

Each answer is drawn from its own table or, where a table of it and of an earlier answer was
measured, from the line of that table. Where a table of two scores was measured, a person's bands
are drawn from it first, and the items lean to them. What was not measured is drawn evenly. Nothing
but published figures plays a part, so that the rows tell no more than these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from math import exp, fsum
from random import Random

from exports.columns import SCORE, bounds_of, fields_of
from exports.tables.estimate import Estimates, Table
from exports.tables.menu import THOUSAND, Axis
from forms.answers import stored_values
from forms.kinds import columns_of_question, columns_of_study
from forms.routing import condition_holds
from forms.study import LEFT_BLANK, NOT_REACHED, NOT_SHOWN, Column, Study

AsStored = dict[str, "int | str"]
Leanings = Mapping[str, float]  # item → the power of e by which each step up is likelier

MOST_TRIED = 1000  # rows in a row that nobody's answers may be
STEEPEST, HALVINGS = 4.0, 30  # of the search for a leaning


@dataclass
class _Scores:
    """The items of each score, and how far they lean where a person stands in one of its bands."""

    study: Study
    weights: Mapping[str, Sequence[float]]  # item → people by code

    @cached_property
    def items(self) -> Mapping[str, Mapping[str, bool]]:
        """Return score → item → whether it is reversed; of a composite those of its scores."""
        reversed_ = {SCORE + s.name: set(s.reverse) for s in self.study.scales}
        found: dict[str, dict[str, bool]] = {}
        for one in fields_of(self.study):
            if one.name in reversed_:
                found[one.name] = {item: item in reversed_[one.name] for item in one.items}
            elif one.part == "score" and all(item in found for item in one.items):
                found[one.name] = {i: r for score in one.items for i, r in found[score].items()}
        return found

    def lean(self, score: str, target: float) -> Leanings:
        """Return how far each item leans for their mean to be ``target``, by halving."""
        low, high = -STEEPEST, STEEPEST
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if self._mean(score, middle) < target else (low, middle)
        return {item: -low if back else low for item, back in self.items[score].items()}

    def _mean(self, score: str, lean: float) -> float:
        bounds, means = bounds_of(self.study), []
        for item, back in self.items[score].items():
            codes = range(bounds[item][0], bounds[item][0] + len(self.weights[item]))
            tilted = leaning(codes, self.weights[item], -lean if back else lean)
            mean = fsum(c * w for c, w in zip(codes, tilted, strict=True)) / fsum(tilted)
            means.append(sum(bounds[item]) - mean if back else mean)
        return fsum(means) / len(means)


def leaning(codes: Sequence[int], weights: Sequence[float], lean: float) -> list[float]:
    """Return the weights of ``codes``, each step up likelier by e to the power of ``lean``."""
    middle = (codes[0] + codes[-1]) / 2
    return [w * exp(lean * (code - middle)) for code, w in zip(codes, weights, strict=True)]


@dataclass
class DrawnRows:
    """Rows of ``study`` from one set of figures; the same figures and lots give the same rows."""

    study: Study
    figures: Estimates
    lots: Random
    single: Mapping[str, Table] = field(init=False)
    pairs: Sequence[Table] = field(init=False)
    leanings: Leanings = field(init=False, default_factory=dict)  # of the row that is drawn

    def __post_init__(self) -> None:
        tables = self.figures.tables
        self.single = {t.statistic.axes[0].column: t for t in tables if len(t.statistic.axes) == 1}
        self.pairs = [t for t in tables if len(t.statistic.axes) > 1]

    def rows(self, many: int) -> Iterator[AsStored]:
        """Yield rows as they would be stored, without versions."""
        for _ in range(many):
            tried = islice(iter(self._row, None), MOST_TRIED)
            yield next((row for row in tried if not self.study.policy.unused(row)), self._row())

    @cached_property
    def _scores(self) -> _Scores:
        columns = [c for c in columns_of_study(self.study) if c.codes]
        return _Scores(self.study, {c.name: self._code_weights(c) for c in columns})

    def _code_weights(self, column: Column) -> list[float]:
        """Return the people by code: those of a category spread over its codes; else one each."""
        if (table := self.single.get(column.name)) is None:
            return [1.0] * len(column.codes)
        axis, counts = table.statistic.axes[0], table.counts.tolist()
        many = [sum(code in c.codes for code in column.codes) or 1 for c in axis.categories]
        places = [cell_of(axis, code) for code in column.codes]
        # No code without weight: no leaning could reach it.
        return [max(counts[at] / many[at], 0.01) if at < len(many) else 0.01 for at in places]

    @cached_property
    def _leanings_of(self) -> Mapping[tuple[str, int], Leanings]:
        """Return (score, band) → leanings, for scores that stand in a table of two."""
        axes = {a.column: a for pair in self.pairs for a in pair.statistic.axes}
        return {
            (name, at): self._scores.lean(name, (c.codes[0] + c.codes[-1]) / 2 / THOUSAND)
            for name, axis in axes.items()
            if name in self._scores.items
            for at, c in enumerate(axis.categories)
        }

    def _draw_leanings(self) -> Leanings:
        """Return how the items of one person lean, by the bands of the scores drawn for them."""
        bands: dict[str, int] = {}
        for pair in self.pairs:
            first, second = (axis.column for axis in pair.statistic.axes)
            grid = pair.counts.reshape(pair.statistic.shape)[:-1, :-1]
            if not {first, second} <= self._scores.items.keys() or grid.sum() <= 0:
                continue
            if first not in bands:
                [bands[first]] = self.lots.choices(range(len(grid)), grid.sum(axis=1).tolist())
            if second not in bands and grid[bands[first]].sum() > 0:
                line = grid[bands[first]].tolist()
                [bands[second]] = self.lots.choices(range(len(line)), line)
        found: dict[str, float] = {}
        for at in bands.items():
            found = {**self._leanings_of[at], **found}
        return found

    def _row(self) -> AsStored:
        self.leanings, answers = self._draw_leanings(), AsStored()
        for page in self.study.pages:
            if not condition_holds(page.show_if, answers):
                continue
            for question in page.questions:
                if condition_holds(question.show_if, answers):
                    columns = columns_of_question(question)
                    answers |= {c.name: self._answer(c, answers) for c in columns}
        bands = range(1, len(self.study.duration_bands) + 2)
        return {
            **stored_values(self.study, answers),
            "lang": self.study.language,
            "c_open": self.lots.choice((0, 1)),
            "completion": self._code("completion", (1, 2), answers) or 1,
            "dur_band": self._code("dur_band", bands, answers) or 1,
        }

    def _answer(self, column: Column, answers: AsStored) -> int:
        """Return a code of the column, or one for a missing answer."""
        asked = [code for code in column.missing if code not in (NOT_SHOWN, NOT_REACHED)]
        missing = LEFT_BLANK if LEFT_BLANK in column.missing else self.lots.choice(asked or [-1])
        if column.max_length or not column.codes:
            return missing
        code = self._code(column.name, column.codes, answers)
        if code is not None and (lean := self.leanings.get(column.name)):
            weights = leaning(column.codes, self._scores.weights[column.name], lean)
            [code] = self.lots.choices(column.codes, weights)
        if code is None:
            return missing if asked else self.lots.choice(column.codes)
        return code

    def _code(self, name: str, codes: Sequence[int], answers: AsStored) -> int | None:
        """Return a code by the tables; None for the cell of those without a valid answer."""
        axis, weights = self._weights(name, answers)
        if axis is None or sum(weights) <= 0:
            return self.lots.choice(codes)
        [at] = self.lots.choices(range(len(weights)), weights)
        if at == len(axis.categories):
            return None
        inside = [code for code in codes if code in axis.categories[at].codes]
        return self.lots.choice(inside or codes)

    def _weights(self, name: str, answers: AsStored) -> tuple[Axis | None, Sequence[int]]:
        """Return the people in each cell of a column, of those with an earlier answer if told."""
        table = self.single.get(name)
        found = (table.statistic.axes[0], table.counts.tolist()) if table else (None, ())
        for pair in self.pairs:
            first, second = pair.statistic.axes
            grid = pair.counts.reshape(pair.statistic.shape)
            for own, other, lines in ((first, second, grid.T), (second, first, grid)):
                if own.column != name:
                    continue
                if other.column in answers:
                    line = lines[cell_of(other, answers[other.column])].tolist()
                    if sum(line) > 0:
                        return own, line
                elif found[0] is None:
                    found = own, lines.sum(axis=0).tolist()
        return found


def cell_of(axis: Axis, answer: int | str) -> int:
    """Return the place of an answer among the cells of an axis; the last is for all others."""
    found = (at for at, category in enumerate(axis.categories) if answer in category.codes)
    return next(found, len(axis.categories))
