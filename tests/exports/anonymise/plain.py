"""The conditions and the optimum by plain counting, slowly, from the papers' definitions."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations, product
from math import exp, log

import numpy as np

from exports.anonymise.problem import Problem, Recoding

Box = tuple[int, ...]


def moved(values: Sequence[int], whole: Sequence[int], *, ordered: bool) -> float:
    """Earth mover's distance over the values that occur."""
    places = sorted(set(whole))
    here, there = Counter(values), Counter(whole)
    gaps = [here[v] / len(values) - there[v] / len(whole) for v in places]
    if not ordered:
        return sum(gap for gap in gaps if gap > 0)
    return sum(abs(sum(gaps[: at + 1])) for at in range(len(places))) / max(len(places) - 1, 1)


def whose(problem: Problem, rows: Iterable[int]) -> list[int]:
    """Whose each of the rows is; -1 for nobody's."""
    return [row if problem.people is None else int(problem.people[row]) for row in rows]


def told(problem: Problem, at: int, rows: Sequence[int]) -> list[tuple[int, int]]:
    """Who has which value of a sensitive column in these rows, each pair once."""
    people, column = whose(problem, rows), problem.sensitive[:, at].tolist()
    pairs = {(who, column[row]) for who, row in zip(people, rows, strict=True) if who >= 0}
    return sorted(pairs)


def commonest(pairs: Sequence[tuple[int, int]]) -> int:
    """How many of the commonest values reach everybody by their numbers."""
    everybody, reached = len({who for who, _ in pairs}), 0
    for many, (_, times) in enumerate(Counter(value for _, value in pairs).most_common(), 1):
        reached += times
        if reached >= everybody:
            return many
    return 0


def fewest_named(pairs: Sequence[tuple[int, int]]) -> int:
    """The fewest values of which everybody has one, by trying all sets."""
    has: dict[int, set[int]] = {}
    for who, value in pairs:
        has.setdefault(who, set()).add(value)
    values = sorted({value for _, value in pairs})
    for many in range(len(values) + 1):
        if any(
            all(set(named) & own for own in has.values()) for named in combinations(values, many)
        ):
            return many
    raise AssertionError("all values together name one of everybody")


def entropy_l(values: Sequence[int]) -> float:
    """exp of the entropy; 0 where there is no value."""
    if not values:
        return 0.0
    return exp(-sum(c / len(values) * log(c / len(values)) for c in Counter(values).values()))


def covers(problem: Problem, box: Box, codes: Iterable[int]) -> bool:
    """Whether the box stands for a row with these codes."""
    return all(
        node in problem.hierarchies[at].up[code]
        for at, (node, code) in enumerate(zip(box, codes, strict=True))
    )


def holds(problem: Problem, box: Box, rows: Sequence[int], whole: Sequence[int]) -> bool:
    """Whether the class of these rows holds all, closeness measured from the rows ``whole``."""
    asked = problem.model
    everybody = set(whose(problem, rows)) - {-1}
    if len(everybody) < max(asked.k, 1):
        return False
    for at in range(problem.sensitive.shape[1]):
        pairs, missing = told(problem, at, rows), problem.missing[at] if problem.missing else -1
        known = [(who, value) for who, value in pairs if value != missing]
        spread = entropy_l([value for _, value in known])
        distinct_l, least_entropy, t = asked.of_column(at)
        # A class in which nobody has a value tells none.
        if known and (commonest(known) < distinct_l or spread < least_entropy - 1e-9):
            return False
        values, all_values = ([v for _, v in told(problem, at, r)] for r in (rows, whole))
        if t is not None and moved(values, all_values, ordered=problem.ordered[at]) > t + 1e-9:
            return False
    if asked.presence is None or problem.population is None:
        return True
    people = sum(covers(problem, box, codes) for codes in problem.population.tolist())
    fits = [row for row in range(problem.rows) if covers(problem, box, problem.codes[row].tolist())]
    here = set(whose(problem, fits)) - {-1}
    low, high = asked.presence
    return low - 1e-9 <= len(here) / people <= high + 1e-9


def classes(boxes: Sequence[Box], rows: Iterable[int]) -> dict[Box, list[int]]:
    """The rows that show each box."""
    found: dict[Box, list[int]] = {}
    for row in rows:
        found.setdefault(boxes[row], []).append(row)
    return found


def blank(problem: Problem, boxes: Sequence[Box]) -> set[int]:
    """Rows that lost everything, where such rows count as suppressed."""
    roots = tuple(hierarchy.root for hierarchy in problem.hierarchies)
    first = [tuple(tree.up[:, 0].tolist()) for tree in problem.hierarchies]
    own = [
        tuple(first[at][code] for at, code in enumerate(codes)) for codes in problem.codes.tolist()
    ]
    rows = range(problem.rows) if problem.blank_counts else ()
    return {row for row in rows if boxes[row] == roots != own[row]}


def kept(problem: Problem, boxes: Sequence[Box]) -> set[int]:
    """Rows in classes that hold, measured from all rows and from those that remain."""
    rows = set(range(problem.rows))
    whole = list(rows)
    good = {
        row
        for box, members in classes(boxes, sorted(rows)).items()
        if holds(problem, box, members, whole)
        for row in members
    }
    if lost := blank(problem, boxes):
        good -= lost
        box = boxes[next(iter(lost))]
        stay = [row for row in sorted(good) if boxes[row] == box]
        if not holds(problem, box, stay, whole):
            good -= set(stay)
    while problem.model.bounds_distance:
        seen = sorted(good)
        left = {
            row
            for box, members in classes(boxes, seen).items()
            if holds(problem, box, members, seen)
            for row in members
        }
        if left == good:
            break
        good = left
    return good


def smallest_loss(problem: Problem) -> float | None:
    """The least loss of one level a column within the limit; None where there is none."""
    found = []
    for vector in product(*(range(hierarchy.levels) for hierarchy in problem.hierarchies)):
        boxes = [
            tuple(
                int(problem.hierarchies[at].up[code, vector[at]]) for at, code in enumerate(codes)
            )
            for codes in problem.codes.tolist()
        ]
        good = kept(problem, boxes)
        if problem.rows - len(good) <= problem.suppressible:
            found.append(_loss(problem, boxes, good))
    return min(found, default=None)


def _loss(problem: Problem, boxes: Sequence[Box], good: set[int]) -> float:
    total = 0.0
    for row, (box, codes) in enumerate(zip(boxes, problem.codes.tolist(), strict=True)):
        for at, node in enumerate(box):
            tree = problem.hierarchies[at]
            total += tree.loss[node] - tree.loss[tree.up[codes[at], 0]] if row in good else 1.0
    return total / problem.codes.size


def wrongs(problem: Problem, recoding: Recoding) -> list[str]:
    """What a reader could hold against an outcome; empty when it keeps its promises."""
    boxes = [tuple(box) for box in recoding.nodes.tolist()]
    released = np.flatnonzero(~recoding.suppressed).tolist()
    wrong = [
        f"row {row} shows what it is not"
        for row in range(problem.rows)
        if not covers(problem, boxes[row], problem.codes[row].tolist())
    ]
    for box, members in classes(boxes, released).items():
        wrong += [
            f"the class {box} of {len(members)} rows does not hold"
            for whole in (range(problem.rows), released)
            if not holds(problem, box, members, list(whole))
        ]
    roots = tuple(hierarchy.root for hierarchy in problem.hierarchies)
    wrong += [
        f"row {row} is withheld and shows something"
        for row in range(problem.rows)
        if recoding.suppressed[row] and boxes[row] != roots
    ]
    gone = set(np.flatnonzero(recoding.suppressed).tolist()) | blank(problem, boxes)
    cut = set(whose(problem, sorted(gone))) - {-1}
    everybody = set(whose(problem, range(problem.rows))) - {-1}
    if len(cut) > problem.suppression_limit * len(everybody) + 1e-9:
        wrong.append(f"{len(gone)} rows are withheld")
    return wrong
