"""Checks of a privacy model on many equivalence classes at a time.

A class is a line of a *tally*: the first number counts its rows, the others count each value of
each sensitive column. Tallies add up, so a union of two classes is tried by adding their lines.

Where people have several rows, a second number counts people, and each value counts once for each
person who has it. Different people do not add up, so that sums of such lines guide a search, and
what it ends with is counted again from the rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from exports.anonymise.problem import (
    Bools,
    Floats,
    GeneralisationHierarchy,
    Infeasible,
    Ints,
    PrivacyModel,
    Problem,
    Recoding,
)

Counts = NDArray[np.int64]
# Positions of rows and numbers of classes, of whichever whole type numpy numbers them with.
Positions = NDArray[np.integer]

# Sums of rounded shares miss the exact value by far less; a class at the very bound satisfies it.
ROUNDING = 1e-9
# Numbers in a tally made at one time; more classes are tallied in turns, to bound the memory.
AT_ONCE = 4_000_000
# Rows up to which all columns are counted in one call.
FEW_ROWS = 2_000
# Keys grow column by column; they are renumbered before they could pass 64 bits.
KEY_LIMIT = 2**62


@dataclass(frozen=True, slots=True)
class Population:
    """Population and table, ready to count the rows of both that a box of nodes covers.

    ``codes`` and ``table`` have shape (rows, quasi-identifiers); ``people`` says whose each row of
    the table is (None: another person's).
    """

    hierarchies: tuple[GeneralisationHierarchy, ...]
    codes: Ints
    table: Ints
    people: Ints | None = None
    _known: dict[bytes, float] = field(default_factory=dict)

    def presence(self, boxes: Ints) -> Floats:
        """Return the share (0-1) of the population rows covered by each box that are in the table.

        Every row of the table that fits counts, whichever class shows it, for nobody can tell who
        of them is meant. Boxes have shape (boxes, quasi-identifiers). Where more rows of the table
        than of the population fit, all are taken to be there. Population rows that no class covers
        are not judged. Source: delta-presence, Nergiz et al. 2007, definition 3.
        """
        keys = [box.tobytes() for box in boxes]
        new = {key: at for at, key in enumerate(keys) if key not in self._known}
        if new:
            asked = boxes[list(new.values())]
            here, people = self._here(asked), self._covered(self.codes, asked)
            shares = np.minimum(here / np.maximum(people, 1), 1.0)
            self._known.update(zip(new, shares.tolist(), strict=True))
        return np.array([self._known[key] for key in keys], dtype=np.float64)

    def _here(self, boxes: Ints) -> Counts:
        """Return how many people of the table each box covers."""
        if self.people is None:
            return self._covered(self.table, boxes)
        counts = np.zeros(boxes.shape[0], dtype=np.int64)
        ups = [tree.up[self.table[:, at]] for at, tree in enumerate(self.hierarchies)]
        for at, box in enumerate(boxes.tolist()):
            inside = self.people >= 0
            for up, node in zip(ups, box, strict=True):
                inside &= (up == node).any(axis=1)
            counts[at] = np.unique(self.people[inside]).size
        return counts

    def _covered(self, codes: Ints, boxes: Ints) -> Counts:
        """Return how many of the rows each box covers."""
        counts = np.zeros(boxes.shape[0], dtype=np.int64)
        under = [self._under(codes, at, boxes[:, at]) for at in range(boxes.shape[1])]
        # A bit a person: eight people are intersected at a time.
        everybody = np.packbits(np.ones(codes.shape[0], dtype=np.bool_))
        for at, box in enumerate(boxes.tolist()):
            inside = everybody
            for column, node in zip(under, box, strict=True):
                inside = inside & column[node]
            counts[at] = int(np.bitwise_count(inside).sum())
        return counts

    def _under(self, codes: Ints, at: int, nodes: Ints) -> dict[int, NDArray[np.uint8]]:
        """Return, for each node of a column, one bit a row: is it under the node?"""
        up = self.hierarchies[at].up
        found = {}
        for node in np.unique(nodes).tolist():
            under = (up == node).any(axis=1)
            found[node] = np.packbits(under[codes[:, at]])
        return found


@dataclass(frozen=True, slots=True)
class SensitiveColumn:
    """A sensitive column that the model looks at, its values renumbered without gaps in order.

    ``values`` has shape (rows,), ``shares`` has shape (distinct values,) and sums to 1: the
    distribution that closeness is measured from. ``part`` is the column's part of a tally; l,
    entropy l and t are what is asked of it; ``missing`` is the number that is no value (-1: none).
    """

    values: Ints
    shares: Floats
    ordered: bool
    part: slice
    distinct_l: int
    entropy_l: float
    t: float | None
    missing: int = -1

    @property
    def asks_distinct_alone(self) -> bool:
        """Return whether nothing but a number of distinct values is asked."""
        return self.entropy_l <= 1 and self.t is None

    def substantive(self, counts: Counts) -> Counts:
        """Return counts, shape (classes, values), of what is a value."""
        if self.missing < 0:
            return counts
        # A view where that is enough: this is asked of every class that is tried.
        if self.missing == 0:
            return counts[:, 1:]
        return np.delete(counts, self.missing, axis=1)


@dataclass(frozen=True, slots=True)
class PrivacyChecks:
    """A privacy model on one table, ready to judge any of its classes.

    ``people`` is that of the problem. ``places``, shape (rows, columns), say where in the columns'
    part of a tally each row counts; None for a table too large to hold them.
    """

    model: PrivacyModel
    columns: tuple[SensitiveColumn, ...]
    population: Population | None
    people: Ints | None = None
    places: Ints | None = None

    @property
    def size_at(self) -> int:
        """Place in a line of the number that k speaks of."""
        return 0 if self.people is None else 1

    @property
    def width(self) -> int:
        """Numbers in one line of a tally."""
        return 1 + self.size_at + sum(column.shares.size for column in self.columns)

    def tally(
        self, rows: Positions, classes: Positions, count: int, amounts: Counts | None = None
    ) -> Counts:
        """Return the tally, shape (count, width), of the rows at these positions.

        ``classes`` has the shape of ``rows`` and says in which class (0 to count - 1) each is;
        ``amounts``, in the same shape, how often each counts (None: once).
        """
        parts = [np.bincount(classes, amounts, count)[:, None]]
        if self.people is not None:
            kept = self.people[rows] >= 0
            rows, classes = rows[kept], classes[kept]
            amounts = None if amounts is None else amounts[kept]
            parts.append(np.bincount(classes, amounts, count)[:, None])
        if self.places is not None and rows.size <= FEW_ROWS:
            # For few rows a call costs more than what it counts: one for all columns.
            width = self.width - 1 - self.size_at
            keys = classes.astype(np.int64)[:, None] * width + self.places[rows]
            each = None if amounts is None else np.repeat(amounts, len(self.columns))
            parts.append(np.bincount(keys.ravel(), each, count * width).reshape(count, width))
        else:
            for column in self.columns:
                values = column.shares.size
                keys = classes.astype(np.int64) * values + column.values[rows]
                parts.append(np.bincount(keys, amounts, count * values).reshape(count, values))
        return np.concatenate(parts, axis=1).astype(np.int64, copy=False)

    def satisfied_without(
        self, tally: Counts, rows: Positions, classes: Positions, boxes: Ints
    ) -> Bools:
        """Return whether each class of ``classes`` satisfies the model without its row of ``rows``.

        Both have shape (pairs,); ``tally`` and ``boxes`` are those of all classes.
        """
        distinct_alone = all(column.asks_distinct_alone for column in self.columns)
        if self.population is not None or not distinct_alone:
            unit = self.tally(rows, np.arange(rows.size), rows.size)
            return self.satisfied(tally[classes] - unit, boxes[classes])
        counted = np.True_ if self.people is None else self.people[rows] >= 0
        at = np.flatnonzero(tally[classes, self.size_at] - counted >= max(self.model.k, 1))
        counted = np.broadcast_to(counted, rows.shape)
        reached = self._distinct(tally, None) if self.columns else tally
        for number, column in enumerate(self.columns):
            values, inside = column.values[rows[at]], classes[at]
            last = tally[inside, column.part.start + values] == 1
            last &= counted[at] & (values != column.missing)
            left = reached[inside, number] - last
            at = at[(left >= column.distinct_l) | (left == 0)]
        satisfied = np.zeros(rows.size, dtype=np.bool_)
        satisfied[at] = True
        return satisfied

    def tally_of_people(
        self, rows: Positions, classes: Positions, count: int
    ) -> tuple[Counts, Counts | None]:
        """Return the tally of different people, and how many have a value of each column.

        The latter has shape (count, columns); None where each person has one row.
        """
        if self.people is None:
            return self.tally(rows, classes, count), None
        parts, known = [np.bincount(classes, minlength=count)[:, None]], []
        somebody = self.people[rows] >= 0
        rows, classes = rows[somebody], classes[somebody]
        people = self.people[rows]
        parts.append(_different(classes, people, count)[:, None])
        for column in self.columns:
            values, width = column.values[rows], column.shares.size
            keys = classes.astype(np.int64) * width + values
            parts.append(_different(keys, people, count * width).reshape(count, width))
            told = values != column.missing
            known.append(_different(classes[told], people[told], count))
        return np.concatenate(parts, axis=1), np.reshape(known, (len(known), count)).T

    def satisfied(
        self, tally: Counts, boxes: Ints | None = None, known: Counts | None = None
    ) -> Bools:
        """Return which classes of a tally satisfy the whole model, shape (classes,).

        ``boxes`` has shape (classes, quasi-identifiers), the nodes released for each class; it is
        read where presence is bounded. Raises ValueError where it is missing then. ``known``, shape
        (classes, columns), are the people with a value (None: each has one row).
        """
        satisfied = tally[:, self.size_at] >= max(self.model.k, 1)
        # Each check sees the classes that passed the one before: the costly ones see the fewest.
        at = np.flatnonzero(satisfied)
        satisfied[at] = self._diverse(tally[at], None if known is None else known[at])
        at = np.flatnonzero(satisfied)
        satisfied[at] = self._close(tally[at])
        if self.population is not None:
            if boxes is None:
                raise ValueError("presence is demanded: say which box of nodes each class is")
            at = np.flatnonzero(satisfied)
            low, high = self.model.presence or (0.0, 1.0)
            shares = self.population.presence(boxes[at])
            satisfied[at] = (shares >= low - ROUNDING) & (shares <= high + ROUNDING)
        return satisfied

    def satisfied_by_rows(
        self, rows: Positions, classes: Positions, count: int, boxes: Ints | None = None
    ) -> Bools:
        """Return which classes of these rows satisfy the model, in bounded memory."""
        step = max(1, AT_ONCE // self.width)
        if count <= step:
            tally, known = self.tally_of_people(rows, classes, count)
            return self.satisfied(tally, boxes, known)
        satisfied = np.zeros(count, dtype=np.bool_)
        for start in range(0, count, step):
            stop = min(start + step, count)
            inside = (classes >= start) & (classes < stop)
            tally, known = self.tally_of_people(rows[inside], classes[inside] - start, stop - start)
            part = None if boxes is None else boxes[start:stop]
            satisfied[start:stop] = self.satisfied(tally, part, known)
        return satisfied

    def _diverse(self, tally: Counts, known: Counts | None) -> Bools:
        asked = np.array([column.distinct_l for column in self.columns])
        diverse = np.ones(tally.shape[0], dtype=np.bool_)
        if (asked > 1).any() and tally.shape[0]:
            reached = self._distinct(tally, known)
            diverse = ((reached >= asked) | (reached == 0)).all(axis=1)
        for column in self.columns:
            if column.entropy_l > 1:
                spread = effective(column.substantive(tally[:, column.part]))
                diverse &= (spread >= column.entropy_l - ROUNDING) | (spread == 0)
        return diverse

    def _distinct(self, tally: Counts, known: Counts | None) -> Counts:
        """Return the distinct values of each class in each column, shape (classes, columns).

        Source: distinct l-diversity, Machanavajjhala et al. 2007.
        """
        if known is not None:
            values = (column.substantive(tally[:, column.part]) for column in self.columns)
            each = [covering_values(counts, known[:, at]) for at, counts in enumerate(values)]
            return np.column_stack(each)
        # All columns at once: a study may name dozens, and this is asked of every class tried.
        first = self.columns[0].part.start
        there = tally[:, first:] > 0
        there[:, [c.part.start + c.missing - first for c in self.columns if c.missing >= 0]] = False
        starts = [column.part.start - first for column in self.columns]
        found: Counts = np.add.reduceat(there, starts, axis=1, dtype=np.int64)
        return found

    def _close(self, tally: Counts) -> Bools:
        close = np.ones(tally.shape[0], dtype=np.bool_)
        for column in self.columns:
            if column.t is not None:
                close &= distance(tally[:, column.part], column) <= column.t + ROUNDING
        return close


def privacy_checks_of(problem: Problem, among: Bools | None = None) -> PrivacyChecks:
    """Return the checks of a problem, closeness measured from the rows ``among`` (None: all).

    Li et al. (2007) measure from "the whole table". Before a release that is every row; a reader
    of the file can measure from the released rows alone. Where rows are suppressed the two differ,
    and a class should be close by both. Only classes of rows ``among`` may then be judged. Columns
    of which nothing is asked are left out. Raises Infeasible where presence is bounded without a
    population.
    """
    columns: list[SensitiveColumn] = []
    start = 1 if problem.people is None else 2
    for at in range(problem.sensitive.shape[1]):
        asked = problem.model.of_column(at)
        if asked[0] <= 1 and asked[1] <= 1 and asked[2] is None:
            continue
        codes = problem.sensitive[:, at]
        measured = _once_a_person(codes, problem.people, among)
        occurring, counts = np.unique(measured, return_counts=True)
        # Other rows may hold values without a number; none of their classes is judged.
        values = np.searchsorted(occurring, codes).clip(max=max(occurring.size - 1, 0))
        ordered = at < len(problem.ordered) and problem.ordered[at]
        part = slice(start, start + occurring.size)
        shares = counts / max(measured.size, 1)
        missing = np.flatnonzero(occurring == (problem.missing[at] if problem.missing else -1))
        no_value = int(missing.max(initial=-1))
        columns.append(
            SensitiveColumn(values.astype(np.int32), shares, ordered, part, *asked, no_value)
        )
        start += occurring.size
    population = None
    if problem.model.presence is not None:
        if problem.population is None:
            raise Infeasible("presence is demanded: it needs a population table")
        population = Population(
            problem.hierarchies, problem.population, problem.codes, problem.people
        )
    places = None
    if columns and problem.rows * len(columns) <= AT_ONCE:
        begin = columns[0].part.start
        found = [column.values + np.int32(column.part.start - begin) for column in columns]
        places = np.ascontiguousarray(np.stack(found, axis=1))
    return PrivacyChecks(problem.model, tuple(columns), population, problem.people, places)


def rows_alike(problem: Problem, people: Ints) -> tuple[Positions, Positions]:
    """Return the first of each person's rows that are alike, and which of these each row is like.

    Alike are rows with the same quasi-identifiers; a row of nobody is like no other.
    """
    nobody = np.where(people < 0, np.arange(1, people.size + 1), 0)
    numbers, count = number_rows([people.clip(min=0), nobody, *problem.codes.T], people.size)
    first = np.full(count, people.size)
    np.minimum.at(first, numbers, np.arange(people.size))
    # In the order of rows, as numbers of people say nothing.
    place = np.empty(count, dtype=np.int64)
    order = np.argsort(first)
    place[order] = np.arange(count)
    return first[order], place[numbers]


def _once_a_person(codes: Ints, people: Ints | None, among: Bools | None) -> Ints:
    """Return the values of these rows (None: of all), each once for each person who has it."""
    if people is None:
        return codes if among is None else codes[among]
    rows = people >= 0 if among is None else among & (people >= 0)
    whose, values = people[rows], codes[rows]
    if _each_has_one_row(whose):
        return values
    least, span = int(values.min()), int(values.max()) - int(values.min()) + 1
    pairs = np.unique(whose.astype(np.int64) * span + (values - least))
    found: Ints = (pairs % span + least).astype(codes.dtype)
    return found


def _each_has_one_row(people: Ints) -> bool:
    """Return whether nobody is named twice, which is quicker seen than sorted."""
    return int(np.bincount(people).max(initial=0)) <= 1


def _different(keys: Positions, people: Ints, count: int) -> Counts:
    """Return how many different people stand beside each key, shape (count,)."""
    if _each_has_one_row(people):
        return np.bincount(keys, minlength=count).astype(np.int64)
    span = int(people.max(initial=0)) + 1
    both = np.unique(keys.astype(np.int64) * span + people)
    return np.bincount(both // span, minlength=count).astype(np.int64)


def covering_values(counts: Counts, known: Counts) -> Counts:
    """Return how many values somebody must name at least to name one of everybody in a class.

    ``counts`` (classes, values) are the people with each value, ``known`` (classes,) those with
    any. Where each person has one value these are the distinct values. It is the number of the
    commonest values whose counts reach everybody: never more than are needed.
    """
    commonest = np.cumsum(-np.sort(-counts, axis=1), axis=1)
    short: Counts = np.count_nonzero(commonest < known[:, None], axis=1)
    return np.where(known > 0, short + 1, 0)


def effective(counts: Counts) -> Floats:
    """Return exp of the Shannon entropy of each class: the entropy l reached, 1 for one value.

    A class without any value reaches 0.

    Source: entropy l-diversity, Machanavajjhala et al. 2007, definition 4.1.
    """
    shares = _shares(counts)
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    reached: Floats = np.exp(-(shares * logs).sum(axis=1))
    return np.where(counts.any(axis=1), reached, 0.0)


def distance(counts: Counts, column: SensitiveColumn) -> Floats:
    """Return the earth mover's distance (0-1) of each class to the column's distribution.

    Values without order are all equally far apart; ranks are as far apart as steps between them,
    the two ends by 1. Source: Li et al. 2007, sections 4.1 and 4.2.
    """
    gaps = _shares(counts) - column.shares
    moved: Floats
    if column.ordered:
        moved = np.abs(np.cumsum(gaps, axis=1)).sum(axis=1) / max(column.shares.size - 1, 1)
    else:
        moved = np.abs(gaps).sum(axis=1) / 2
    return moved


def _shares(counts: Counts) -> Floats:
    shares: Floats = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return shares


def number_rows(columns: Iterable[NDArray[np.integer]], rows: int) -> tuple[Counts, int]:
    """Return the class of each row, shape (rows,), numbered from 0, and how many there are.

    ``columns`` hold numbers from 0. Classes are numbered in the order of their content, the first
    column first, so that the order of rows decides nothing. Without columns all rows are one class.
    """
    keys = np.zeros(rows, dtype=np.int64)
    span = 1
    for column in columns:
        width = int(column.max(initial=0)) + 1
        if span > KEY_LIMIT // width:
            keys, span = _renumbered(keys)
        keys = keys * width + column
        span *= width
    return _renumbered(keys)


def _renumbered(keys: Counts) -> tuple[Counts, int]:
    distinct_keys, numbers = np.unique(keys, return_inverse=True)
    return numbers, int(distinct_keys.size)


def boxes_of(nodes: Ints, classes: Positions, count: int) -> Ints:
    """Return the nodes that each class shows, from the equal ones that its members show."""
    boxes = np.empty((count, nodes.shape[1]), dtype=np.int32)
    boxes[classes] = nodes
    return boxes


def failing(problem: Problem, recoding: Recoding) -> Bools:
    """Return which rows, shape (rows,), are released in a class that fails the model.

    Closeness must hold both from the whole table and from the released rows.
    """
    released = np.flatnonzero(~recoding.suppressed)
    nodes = recoding.nodes[released]
    classes, count = number_rows(nodes.T, released.size)
    boxes = boxes_of(nodes, classes, count)
    satisfied = np.ones(count, dtype=np.bool_)
    for among in (None, ~recoding.suppressed) if problem.model.bounds_distance else (None,):
        checks = privacy_checks_of(problem, among)
        satisfied &= checks.satisfied_by_rows(released, classes, count, boxes)
    failed = np.zeros(problem.rows, dtype=np.bool_)
    failed[released] = ~satisfied[classes]
    return failed


def check_feasible(problem: Problem) -> None:
    """Raise Infeasible for what no recoding of this table can reach, saying by how much."""
    model, people = problem.model, problem.counted
    if people < model.k:
        noun = "rows" if problem.people is None else "people"
        raise Infeasible(f"k = {model.k} needs at least {model.k} {noun}; the table has {people}")
    for at in range(problem.sensitive.shape[1]):
        codes = _once_a_person(problem.sensitive[:, at], problem.people, None)
        missing = problem.missing[at] if problem.missing else -1
        values = np.unique(codes[codes != missing], return_counts=True)[1]
        distinct_l, entropy_l, _ = model.of_column(at)
        if 0 < values.size < distinct_l:
            raise Infeasible(
                f"l = {distinct_l} needs {distinct_l} distinct values; sensitive column {at + 1}"
                f" has {values.size}"
            )
        # A union of classes is at least as diverse as they are: the whole table bounds them all.
        whole = float(effective(values[None, :])[0])
        alone = problem.suppression_limit == 0 and problem.people is None
        if alone and values.size and whole < entropy_l - ROUNDING:
            raise Infeasible(
                f"entropy l = {entropy_l:g} cannot be reached: sensitive column {at + 1}"
                f" reaches {whole:.2f} over the whole table"
            )
