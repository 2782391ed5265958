"""Small problems to try the engine on."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from exports.anonymise.problem import (
    GeneralisationHierarchy,
    Infeasible,
    Ints,
    PrivacyModel,
    Problem,
    Recoding,
)
from exports.anonymise.solve import solve

MODES = st.sampled_from(["local", "one-coding"])


def solved(problem: Problem, mode: str) -> Recoding | None:
    """The recoding, or None where the model cannot be satisfied."""
    try:
        return solve(problem, mode)
    except Infeasible:
        return None


def ints(lines: Sequence[Sequence[int]], columns: int = 0) -> Ints:
    found = np.array(lines, dtype=np.int32)
    return found.reshape(len(lines), columns) if not found.size else found


def ladder(name: str, *sizes: int) -> GeneralisationHierarchy:
    """Values 0, 1, 2 … in bands of the given sizes, then the root; a loss as for categories."""
    values = np.arange(sizes[-1])
    up = [values]
    start = sizes[-1]
    for size in sizes[:-1]:
        up.append(start + values // size)
        start = int(up[-1].max()) + 1
    up.append(np.full(sizes[-1], start))
    return hierarchy(name, np.stack(up, axis=1))


def hierarchy(name: str, up: Ints | Sequence[Sequence[int]]) -> GeneralisationHierarchy:
    """A hierarchy whose nodes lose (values under it - 1) / (values - 1)."""
    table = np.array(up, dtype=np.int32)
    under = np.array(
        [np.count_nonzero((table == node).any(axis=1)) for node in range(int(table.max()) + 1)]
    )
    return GeneralisationHierarchy(
        name, table, np.maximum(under - 1, 0) / max(table.shape[0] - 1, 1)
    )


def one_class(values: Sequence[int], model: PrivacyModel, *, ordered: bool = False) -> Problem:
    """A table with one quasi-identifier that says nothing and one sensitive column."""
    return Problem(
        codes=ints([[0]] * len(values)),
        hierarchies=(hierarchy("same", [[0, 0]]),),
        model=model,
        sensitive=ints([[value] for value in values]),
        ordered=(ordered,),
    )


# --- any problem ---


@st.composite
def hierarchies(draw: st.DrawFn, name: str = "any") -> GeneralisationHierarchy:
    """Nested levels over two to five values; some values coarse or at the root from the start."""
    values = draw(st.integers(2, 5))
    groups = list(range(values))
    levels = [list(groups)]
    node = values
    for _ in range(draw(st.integers(0, 2))):
        joined = draw(st.lists(st.integers(0, 2), min_size=values, max_size=values))
        parents = {group: (joined[group % values], group) for group in groups}
        merged: dict[int, list[int]] = {}
        for group in sorted(set(groups)):
            merged.setdefault(parents[group][0], []).append(group)
        for members in merged.values():
            if len(members) > 1:
                groups = [node if group in members else group for group in groups]
                node += 1
        levels.append(list(groups))
    levels.append([node] * values)
    up = np.array(levels, dtype=np.int32).T.copy()
    coarse = draw(st.integers(0, up.shape[1] - 1))
    up[0, :coarse] = up[0, coarse]
    return hierarchy(name, _renumbered(up))


def _renumbered(up: Ints) -> Ints:
    return np.unique(up, return_inverse=True)[1].reshape(up.shape).astype(np.int32)


MODELS = st.builds(
    PrivacyModel,
    k=st.integers(1, 4),
    distinct_l=st.sampled_from([1, 1, 2, 3]),
    entropy_l=st.sampled_from([1.0, 1.0, 1.5, 2.0]),
    t=st.sampled_from([None, None, 0.2, 0.4]),
    presence=st.sampled_from([None, None, (0.0, 0.5), (0.2, 0.9)]),
)


@st.composite
def problems(draw: st.DrawFn, model: st.SearchStrategy[PrivacyModel] = MODELS) -> Problem:
    """Up to twelve rows, one to three quasi-identifiers, two sensitive columns, fourteen people.

    Of the second column as much is asked as of the first, or something else.
    """
    trees = tuple(draw(st.lists(hierarchies(), min_size=1, max_size=3)))
    row = st.tuples(*(st.integers(0, tree.up.shape[0] - 1) for tree in trees))
    codes = draw(st.lists(row, min_size=1, max_size=12))
    others = draw(st.lists(row, max_size=14))
    both = st.tuples(st.integers(0, 2), st.integers(0, 3))
    asked = draw(model)
    if draw(st.booleans()):
        asked = replace(
            asked,
            distinct_l=(asked.of_column(0)[0], draw(st.integers(1, 2))),
            t=(asked.of_column(0)[2], draw(st.sampled_from([None, 0.5]))),
        )
    return Problem(
        codes=ints(codes),
        hierarchies=trees,
        model=asked,
        sensitive=ints(draw(st.lists(both, min_size=len(codes), max_size=len(codes)))),
        ordered=(draw(st.booleans()), draw(st.booleans())),
        population=ints([*codes, *others]),
        suppression_limit=draw(st.sampled_from([0.0, 0.1, 0.3, 0.5])),
        blank_counts=draw(st.booleans()),
    )
