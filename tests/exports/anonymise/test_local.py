"""Local recoding keeps what it promises at the edges, and finds what a thoughtful person would."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.anonymise.problem import Infeasible, PrivacyModel, Problem, loss_of
from exports.anonymise.solve import protect_locally, solve
from tests.exports.anonymise.achieved import measure_achieved
from tests.exports.anonymise.plain import wrongs
from tests.exports.anonymise.tables import hierarchy, ints, ladder


def towns(codes: list[int], k: int, **changes: object) -> Problem:
    """One quasi-identifier with six values in three bands of two."""
    model = PrivacyModel(k=k, **changes)  # type: ignore[arg-type]
    return Problem(ints([[code] for code in codes]), (ladder("town", 2, 6),), model)


def survey(rows: int, columns: int, seed: int = 1, **changes: object) -> Problem:
    """A table of uneven random values, twelve in four bands each, with a sensitive column."""
    random = np.random.default_rng(seed)
    codes = np.minimum(random.geometric(0.3, (rows, columns)) - 1, 11).astype(np.int32)
    trees = tuple(ladder(str(at), 3, 12) for at in range(columns))
    sensitive = random.integers(0, 4, (rows, 1), dtype=np.int32)
    made = Problem(codes, trees, PrivacyModel(k=5), sensitive=sensitive, ordered=(True,))
    return replace(made, **changes)  # type: ignore[arg-type]


def boxes(problem: Problem) -> list[list[int]]:
    shown: list[list[int]] = solve(problem).nodes.tolist()
    return shown


# --- what it finds ---


def test_rows_that_are_enough_alike_keep_their_values():
    assert boxes(towns([0, 0, 3, 3, 3], 2)) == [[0], [0], [3], [3], [3]]


def test_a_lonely_row_borrows_one_that_its_neighbours_can_spare():
    shown = boxes(towns([0, 1, 1, 1, 3, 3], 2))
    band = 6
    assert sorted(shown) == [[1], [1], [3], [3], [band], [band]]


def test_a_lonely_row_joins_a_small_class_nearby_rather_than_lose_everything():
    shown = boxes(towns([0, 1, 1, 3, 3], 2))
    assert shown == [[6], [6], [6], [3], [3]]


def test_a_group_that_lacks_a_sensitive_value_finds_it_nearby():
    problem = replace(
        towns([0, 0, 0, 1, 1, 1, 4, 4], 2, distinct_l=2),
        sensitive=ints([[0], [0], [0], [0], [1], [1], [0], [1]]),
        ordered=(False,),
    )
    assert wrongs(problem, solve(problem)) == []
    assert boxes(problem)[6:] == [[4], [4]]


def test_a_class_shows_the_smallest_box_that_covers_its_rows():
    problem = survey(200, 4)
    found = solve(problem)
    for box in np.unique(found.nodes, axis=0):
        rows = (found.nodes == box).all(axis=1)
        for at, tree in enumerate(problem.hierarchies):
            ways = tree.up[problem.codes[rows, at]]
            shared = [way[0] for way in ways.T if (way == way[0]).all()]
            assert shared[0] == box[at]


def test_it_loses_less_than_one_coding_for_all():
    problem = survey(500, 4)
    assert loss_of(problem, solve(problem)) < loss_of(problem, solve(problem, "one-coding"))


# --- the edges ---


def test_one_row_alone_is_released_when_one_is_enough():
    assert boxes(towns([4], 1)) == [[4]]


def test_exactly_k_rows_are_one_class():
    assert boxes(towns([0, 2, 5], 3)) == [[9]] * 3


def test_rows_that_are_all_alike_stay_as_they_are():
    assert boxes(towns([2] * 7, 7)) == [[2]] * 7


def test_k_above_the_rows_is_refused_saying_so():
    with pytest.raises(Infeasible, match="k = 8 needs at least 8 rows; the table has 7"):
        solve(towns([2] * 7, 8))


def test_more_values_than_there_are_is_refused_with_figures():
    problem = survey(50, 2, model=PrivacyModel(k=5, distinct_l=5))
    with pytest.raises(Infeasible, match=r"l = 5 needs 5 distinct values; .* has 4"):
        solve(problem)


def test_without_quasi_identifiers_nothing_is_recoded():
    found = solve(Problem(ints([[]] * 6), (), PrivacyModel(k=5)))
    assert found.nodes.shape == (6, 0)
    assert not found.suppressed.any()


def test_fifteen_quasi_identifiers_are_thinned_out_and_that_is_said():
    problem = survey(120, 15)
    found = solve(problem)
    assert wrongs(problem, found) == []
    assert "lattice nodes" in found.note


def test_a_value_that_was_the_root_from_the_start_costs_nothing_again():
    silent = hierarchy("town", [[0, 4, 5], [1, 4, 5], [2, 2, 5], [5, 5, 5]])
    problem = Problem(ints([[0]] * 3 + [[3]] * 3), (silent,), PrivacyModel(k=3))
    assert loss_of(problem, solve(problem)) == 0
    assert boxes(problem)[3:] == [[5]] * 3


def test_a_value_that_is_coarse_already_sits_with_those_who_become_so():
    mixed = hierarchy("age", [[0, 3, 5], [1, 3, 5], [2, 2, 5], [3, 3, 5]])
    problem = Problem(ints([[0], [1], [3]]), (mixed,), PrivacyModel(k=3))
    assert boxes(problem) == [[3]] * 3


def test_nothing_is_withheld_where_nothing_may_be():
    problem = survey(60, 6, model=PrivacyModel(k=20))
    found = solve(problem)
    assert not found.suppressed.any()
    assert measure_achieved(problem, found).k >= 20


def test_no_more_rows_are_withheld_than_may_be():
    codes = [[0, 0, 0]] * 40 + [[5, 5, 5]]
    problem = replace(survey(41, 3), codes=ints(codes), suppression_limit=0.01)
    assert not solve(problem).suppressed.any()


@pytest.mark.parametrize(
    "model",
    [
        PrivacyModel(k=5, distinct_l=3),
        PrivacyModel(k=5, entropy_l=2.5),
        PrivacyModel(k=5, t=0.2),
        PrivacyModel(k=10, distinct_l=2, t=0.15),
    ],
)
def test_every_condition_holds_on_a_larger_table(model):
    problem = survey(300, 4, model=model)
    assert wrongs(problem, solve(problem)) == []


# --- steps, order, callers ---


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000), st.sampled_from([PrivacyModel(k=5), PrivacyModel(k=3, distinct_l=2)]))
def test_the_order_of_the_rows_decides_nothing(seed, model):
    problem = survey(150, 3, model=model)
    order = np.random.default_rng(seed).permutation(problem.rows)
    turned = replace(problem, codes=problem.codes[order], sensitive=problem.sensitive[order])
    assert _content(turned) == _content(problem)


def _content(problem: Problem) -> list[list[int]]:
    found = solve(problem)
    return sorted(np.hstack([problem.codes, problem.sensitive, found.nodes]).tolist())


def test_the_same_seed_gives_the_same_answer():
    problem = survey(300, 5)
    assert boxes(problem) == boxes(problem)


def test_few_steps_give_a_worse_answer_that_holds_all_the_same():
    problem = survey(400, 5)
    hasty = solve(replace(problem, steps=100))
    assert wrongs(problem, hasty) == []
    assert loss_of(problem, hasty) >= loss_of(problem, solve(problem))


def test_a_caller_hears_of_the_progress_and_can_end_it():
    heard: list[float] = []

    class Enough(Exception):
        pass

    def stop(share: float) -> None:
        heard.append(share)
        if share > 0.3:
            raise Enough

    with pytest.raises(Enough):
        protect_locally(survey(2000, 6), stop)
    assert heard == sorted(heard)
    assert all(0 <= share <= 1 for share in heard)


def test_progress_ends_at_one():
    heard: list[float] = []
    solve(survey(50, 2), progress=heard.append)
    assert heard[-1] == 1


def test_a_mode_that_is_none_is_refused_with_those_that_are():
    with pytest.raises(ValueError, match="no mode 'wild': choose one of local, one-coding"):
        solve(survey(50, 2), "wild")
