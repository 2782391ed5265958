"""One coding per column is the optimum that can be proven, and keeps every promise."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from exports.anonymise.full_domain import protect_with_one_coding
from exports.anonymise.privacy_models import failing
from exports.anonymise.problem import (
    GeneralisationHierarchy,
    Infeasible,
    PrivacyModel,
    Problem,
    Recoding,
    loss_of,
)
from tests.exports.anonymise.plain import smallest_loss, wrongs
from tests.exports.anonymise.tables import hierarchy, ints, ladder, problems


def optimum(problem: Problem) -> Recoding | None:
    try:
        return protect_with_one_coding(problem, cells=False)
    except Infeasible:
        return None


@settings(deadline=None, max_examples=300)
@given(problems())
def test_no_vector_of_levels_loses_less(problem):
    found = optimum(problem)
    least = smallest_loss(problem)
    if least is None or problem.rows < problem.model.k:
        assert found is None
    else:
        assert found is not None
        assert loss_of(problem, found) == pytest.approx(least)


@settings(deadline=None, max_examples=300)
@given(problems())
def test_with_single_cells_blanked_every_promise_is_kept_and_nothing_more_lost(problem):
    pure = optimum(problem)
    if pure is None:
        return
    found = protect_with_one_coding(problem)
    assert wrongs(problem, found) == wrongs(problem, pure) == []
    assert loss_of(problem, found) <= loss_of(problem, pure) + 1e-12


@settings(deadline=None)
@given(problems())
def test_a_column_shows_one_level_and_roots(problem):
    try:
        found = protect_with_one_coding(problem)
    except Infeasible:
        return
    for at, tree in enumerate(problem.hierarchies):
        shown = found.nodes[:, at]
        levels = tree.up[problem.codes[:, at]]
        fits = (shown[:, None] == levels) | (shown == tree.root)[:, None]
        assert fits.all(axis=0).any()


@settings(deadline=None)
@given(problems())
def test_the_order_of_rows_decides_nothing(problem):
    turned = replace(
        problem, codes=problem.codes[::-1].copy(), sensitive=problem.sensitive[::-1].copy()
    )
    try:
        found = protect_with_one_coding(problem)
    except Infeasible as refusal:
        with pytest.raises(Infeasible, match=str(refusal)[:20]):
            protect_with_one_coding(turned)
        return
    assert protect_with_one_coding(turned).nodes[::-1].tolist() == found.nodes.tolist()


def lonely(suppression_limit: float) -> Problem:
    """Four pairs who are alike in both columns but one person, alone in the second."""
    codes = [[0, 0], [0, 0], [0, 0], [1, 0], [1, 0], [1, 0], [2, 0], [2, 0], [2, 0], [2, 1]]
    return Problem(
        codes=ints(codes),
        hierarchies=(ladder("town", 3), ladder("language", 2)),
        model=PrivacyModel(k=3),
        suppression_limit=suppression_limit,
    )


def test_a_withheld_row_is_not_shown_as_a_wildcard_that_matches_others():
    assert protect_with_one_coding(lonely(0.1)).suppressed.tolist() == [False] * 9 + [True]


def test_withheld_rows_come_back_with_one_cell_blank_when_they_are_enough():
    problem = lonely(0.3)
    three = replace(
        problem, codes=np.concatenate([problem.codes[:9], ints([[0, 1], [1, 1], [2, 1]])])
    )
    found = protect_with_one_coding(three)
    town = three.hierarchies[0].root
    assert found.nodes[9:].tolist() == [[town, 1]] * 3


def test_strangers_who_share_nothing_stay_withheld_rather_than_come_back_all_blank():
    strangers = [[3, 1], [4, 2], [5, 3]]
    problem = replace(
        lonely(0.3),
        codes=ints([[at // 3, 0] for at in range(9)] + strangers),
        hierarchies=(ladder("town", 6), ladder("language", 4)),
    )
    assert protect_with_one_coding(problem).suppressed.tolist() == [False] * 9 + [True] * 3


def test_a_row_with_a_blank_joins_the_class_of_those_who_never_said():
    silent = hierarchy("town", [[0, 4], [1, 4], [2, 4], [4, 4]])
    problem = replace(
        lonely(0.1),
        codes=ints([[0]] * 3 + [[1]] * 3 + [[3]] * 4 + [[2]]),
        hierarchies=(silent, ladder("language", 2)),
    )
    codes = np.concatenate([problem.codes, np.zeros_like(problem.codes)], axis=1)
    found = protect_with_one_coding(replace(problem, codes=codes))
    assert found.nodes[[6, 10]].tolist() == [[4, 0], [4, 0]]


def test_what_stands_in_the_way_is_told_with_figures():
    problem = replace(
        lonely(0.1),
        sensitive=ints([[0]] * 9 + [[1]]),
        ordered=(False,),
        model=PrivacyModel(k=3, entropy_l=1.9),
    )
    with pytest.raises(Infeasible, match=r"needs 100.0% of the rows withheld; 10.0% are allowed"):
        protect_with_one_coding(problem)


def test_a_search_that_ran_out_of_steps_says_so():
    found = protect_with_one_coding(replace(lonely(0.1), steps=5))
    assert "perhaps not the optimum" in found.note


def test_a_caller_can_end_the_search():
    class Enough(Exception):
        pass

    def stop(_):
        raise Enough

    with pytest.raises(Enough):
        protect_with_one_coding(lonely(0.1), stop)


def test_without_quasi_identifiers_nothing_is_recoded():
    empty = Problem(codes=ints([[]] * 6), hierarchies=(), model=PrivacyModel(k=5))
    assert not protect_with_one_coding(empty).suppressed.any()


def many(rows: int, columns: int, *sizes: int) -> Problem:
    """A wide table of even random values."""
    codes = np.random.default_rng(1).integers(0, sizes[-1], (rows, columns), dtype=np.int32)
    trees = tuple(ladder(str(at), *sizes) for at in range(columns))
    return Problem(codes, trees, PrivacyModel(k=5), suppression_limit=0.05, steps=20_000)


@pytest.mark.parametrize("sizes", [(4, 12), tuple(2**at for at in range(9))])
def test_a_lattice_too_wide_to_list_is_searched_in_bounded_steps_and_that_is_said(sizes):
    problem = many(300, 15, *sizes)
    found = protect_with_one_coding(problem)
    assert found.steps <= problem.steps
    assert "perhaps not the optimum" in found.note
    assert wrongs(problem, found) == []


@pytest.fixture(scope="module")
def adult(shared_data: Path) -> Problem:
    """Eight quasi-identifiers of 30,162 rows; losses over the values that occur."""
    spec = json.loads((shared_data / "adult" / "adult8.json").read_text())
    with (shared_data / "adult" / spec["data"]).open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    trees, columns = [], []
    for name in spec["qi"]:
        cells = np.array([row[name] for row in rows])
        values, codes = np.unique(cells, return_inverse=True)
        with (shared_data / "adult" / spec["hierarchies"][name]).open(newline="") as lines:
            places = {line[0]: line for line in csv.reader(lines)}
        labels = [places[value] for value in values]
        trees.append(_tree(name, labels, numeric=name in spec["numeric"]))
        columns.append(codes)
    return Problem(np.stack(columns, axis=1).astype(np.int32), tuple(trees), PrivacyModel(k=5))


def _tree(name: str, labels: list[list[str]], *, numeric: bool) -> GeneralisationHierarchy:
    nodes, places = np.unique(labels, return_inverse=True)
    up = ints(places.reshape(len(labels), -1).tolist())
    counted = hierarchy(name, up)
    if not numeric:
        return counted
    numbers = np.array([float(line[0]) for line in labels])
    under = [numbers[(up == node).any(axis=1)] for node in range(nodes.size)]
    widths = np.array([part.max() - part.min() for part in under])
    return GeneralisationHierarchy(name, up, widths / widths.max())


@pytest.mark.parametrize(
    ("limit", "loss"), [(0.0, 0.6608), (0.02, 0.3442), (0.05, 0.2742), (0.1, 0.2395)]
)
def test_adult_has_the_optimum_that_arx_finds(adult, limit, loss):
    found = protect_with_one_coding(replace(adult, suppression_limit=limit), cells=False)
    assert loss_of(adult, found) == pytest.approx(loss, abs=5e-5)
    assert not found.note


def test_adult_rows_that_were_withheld_come_back_with_single_cells_blank(adult):
    found = protect_with_one_coding(replace(adult, suppression_limit=0.05))
    assert loss_of(adult, found) < 0.25
    assert found.suppressed.mean() < 0.001
    assert not failing(adult, found).any()
