"""People with several rows, rows that add nobody, and sensitive cells that are no value.

Held against plain counting, which shares no code with the engine.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.anonymise.privacy_models import covering_values
from exports.anonymise.problem import Infeasible, PrivacyModel, Problem
from exports.anonymise.solve import solve
from tests.exports.anonymise.plain import commonest, fewest_named, smallest_loss, wrongs
from tests.exports.anonymise.tables import MODES, hierarchy, ints, ladder, problems, solved


@st.composite
def of_several_rows(draw: st.DrawFn) -> Problem:
    """A problem in which rows share people, add nobody, and lack sensitive values."""
    problem = draw(problems())
    whose = st.lists(st.integers(-1, 5), min_size=problem.rows, max_size=problem.rows)
    columns = problem.sensitive.shape[1]
    missing = st.lists(st.sampled_from([-1, 0, 2]), min_size=columns, max_size=columns)
    return replace(problem, people=np.array(draw(whose)), missing=tuple(draw(missing)))


@settings(deadline=None, max_examples=400)
@given(of_several_rows(), MODES)
def test_every_class_holds_different_people_and_values(problem, mode):
    found = solved(problem, mode)
    assert found is None or wrongs(problem, found) == []


@settings(deadline=None, max_examples=200)
@given(of_several_rows(), MODES)
def test_what_one_coding_can_reach_is_reached(problem, mode):
    least = smallest_loss(problem)
    if least is not None and problem.counted >= problem.model.k:
        assert solved(problem, mode) is not None


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12))
def test_no_fewer_values_name_one_of_everybody(rows):
    pairs = sorted(set(rows))
    counts = np.bincount([value for _, value in pairs], minlength=5)[None]
    known = np.array([len({who for who, _ in pairs})])
    reached = int(covering_values(counts, known)[0])
    assert reached == commonest(pairs) <= fewest_named(pairs)
    if len(pairs) == len({who for who, _ in pairs}):
        assert reached == len({value for _, value in pairs})


def visits(people, model, **others):
    """Three visits of each person, who stays at one place."""
    count = len(people) * 3
    return Problem(
        codes=ints([[place] for place in people for _ in range(3)]),
        hierarchies=(ladder("place", 2, 8),),
        model=model,
        people=np.repeat(np.arange(len(people)), 3),
        **{"sensitive": np.zeros((count, 0), dtype=np.int32), **others},
    )


@pytest.mark.parametrize("mode", ["local", "one-coding"])
def test_three_visits_of_one_person_are_no_three_people(mode):
    alone = visits([0, 1], PrivacyModel(k=3))
    with pytest.raises(Infeasible, match="k = 3 needs at least 3 people; the table has 2"):
        solve(alone, mode)
    both = solve(visits([0, 1, 4, 5], PrivacyModel(k=2)), mode)
    # Place 0 and place 1 have one person each, and their band has two.
    assert both.nodes[:6].tolist() == [[8]] * 6


def test_members_of_a_household_keep_their_own_values():
    """Two households of a man and a woman of one place: each sex has two households."""
    problem = Problem(
        codes=ints([[0], [1], [0], [1]]),
        hierarchies=(hierarchy("sex", [[0, 2], [1, 2]]),),
        model=PrivacyModel(k=2),
        people=np.array([0, 0, 1, 1]),
    )
    assert solve(problem).nodes.tolist() == [[0], [1], [0], [1]]


def test_what_everybody_has_had_is_one_value_however_many_others_had_too():
    illness = ints([[0], [1], [2], [0], [0], [0]])
    people = np.array([0, 0, 0, 1, 2, 3])
    problem = Problem(
        codes=ints([[0]] * 6),
        hierarchies=(hierarchy("same", [[0, 0]]),),
        model=PrivacyModel(k=3, distinct_l=2),
        sensitive=illness,
        people=people,
    )
    with pytest.raises(Infeasible):
        solve(problem)
    assert solve(replace(problem, people=None)).nodes.tolist() == [[0]] * 6


def test_a_missing_answer_makes_no_class_diverse():
    problem = Problem(
        codes=ints([[0]] * 3 + [[1]] * 3),
        hierarchies=(hierarchy("sex", [[0, 2], [1, 2]]),),
        model=PrivacyModel(k=3, distinct_l=2),
        sensitive=ints([[0], [0], [2], [0], [1], [2]]),
        missing=(2,),
    )
    assert solve(problem).nodes.tolist() == [[2]] * 6
    assert solve(replace(problem, missing=())).nodes.tolist() == [[0]] * 3 + [[1]] * 3
