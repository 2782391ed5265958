"""Conditions agree with the papers' worked examples, and with plain counting on any table."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.anonymise.privacy_models import (
    Population,
    check_feasible,
    distance,
    effective,
    failing,
    privacy_checks_of,
)
from exports.anonymise.problem import Infeasible, PrivacyModel, Problem, Recoding
from tests.exports.anonymise.achieved import measure_achieved
from tests.exports.anonymise.plain import entropy_l, moved
from tests.exports.anonymise.tables import hierarchy, ints, ladder, one_class

# A distance of 1 is as far as there is: it asks nothing, and has the column looked at.
ANYTHING = PrivacyModel(k=1, t=1.0)


def distances(values, classes, *, ordered):
    problem = one_class(values, ANYTHING, ordered=ordered)
    checks = privacy_checks_of(problem)
    tally = checks.tally(np.arange(len(values)), np.array(classes), max(classes) + 1)
    column = checks.columns[0]
    return distance(tally[:, column.part], column)


def test_salaries_of_li_et_al_are_as_far_from_the_table_as_they_say():
    # Salaries of 3k to 11k; {3k, 4k, 5k} lies .375 away and {6k, 8k, 11k} .167 (section 4.2).
    salaries = [0, 1, 2, 3, 5, 8, 4, 6, 7]
    far = distances(salaries, [0, 0, 0, 1, 1, 1, 2, 2, 2], ordered=True)
    assert far[:2] == pytest.approx([0.375, 1 / 6])


def test_values_without_order_are_all_equally_far_apart():
    assert distances([0, 0, 1, 2], [0, 0, 1, 1], ordered=False) == pytest.approx([0.5, 0.5])


def test_codes_that_never_occur_are_no_steps_between_ranks():
    assert distances([0, 90], [0, 1], ordered=True) == pytest.approx([0.5, 0.5])


def test_the_inpatients_of_machanavajjhala_et_al_are_2_8_diverse_by_entropy():
    # Figure 3: heart disease, viral infection and cancer, one of them twice, in each block.
    counts = np.array([[1, 1, 2], [1, 2, 1], [1, 1, 2]])
    assert effective(counts) == pytest.approx([2.83] * 3, abs=0.01)


def test_a_class_of_two_even_values_holds_an_entropy_l_of_2():
    problem = one_class([0, 1, 0, 1, 0, 1], PrivacyModel(k=2, entropy_l=2.0))
    assert privacy_checks_of(problem).satisfied_by_rows(
        np.arange(6), np.zeros(6, int), 1
    ).tolist() == [True]


def people(presence):
    """Nine people of three towns; the table holds two, two and none of them."""
    towns = hierarchy("town", [[0, 3], [1, 3], [2, 3]])
    return Problem(
        codes=ints([[0], [0], [1], [1]]),
        hierarchies=(towns,),
        model=PrivacyModel(k=1, presence=presence),
        population=ints([[0]] * 2 + [[1]] * 4 + [[2]] * 3),
    )


def test_presence_counts_the_people_whom_a_class_could_be():
    recoding = Recoding(ints([[0], [0], [1], [1]]), np.zeros(4, dtype=bool))
    assert measure_achieved(people((0, 1)), recoding).presence == (0.5, 1.0)


def test_presence_counts_everybody_of_the_table_who_fits_a_class_that_overlaps_others():
    recoding = Recoding(ints([[0], [0], [3], [3]]), np.zeros(4, dtype=bool))
    assert measure_achieved(people((0, 1)), recoding).presence == (4 / 9, 1.0)


def test_presence_counts_rows_that_are_left_out_too():
    left_out = np.array([False, True, False, False])
    recoding = Recoding(ints([[0], [3], [1], [1]]), left_out)
    assert measure_achieved(people((0, 1)), recoding).presence == (0.5, 1.0)


def test_a_class_that_is_surely_there_fails_a_bound_of_presence():
    recoding = Recoding(ints([[0], [0], [1], [1]]), np.zeros(4, dtype=bool))
    assert failing(people((0, 0.8)), recoding).tolist() == [True, True, False, False]


def test_presence_without_a_population_is_refused():
    with pytest.raises(Infeasible, match="population"):
        privacy_checks_of(replace(people((0, 1)), population=None))


def test_a_coarse_value_of_the_population_is_not_under_a_finer_node():
    ages = hierarchy("age", [[0, 2, 3], [1, 2, 3], [2, 2, 3], [3, 3, 3]])
    population = Population((ages,), ints([[0], [1], [2], [3]]), table=ints([[0]]))
    assert population.presence(ints([[0], [2], [3]])).tolist() == [1, 1 / 3, 1 / 4]


def test_closeness_is_measured_from_the_released_rows_too():
    problem = one_class([0, 0, 1, 1], PrivacyModel(k=1, t=0.4))
    split = replace(
        problem, codes=ints([[0], [0], [1], [1]]), hierarchies=(hierarchy("x", [[0, 2], [1, 2]]),)
    )
    suppressed = np.array([False, False, False, True])
    assert failing(split, Recoding(ints([[0], [0], [1], [2]]), suppressed)).tolist() == [
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (PrivacyModel(k=5), "k = 5 needs at least 5 rows; the table has 4"),
        (PrivacyModel(k=2, distinct_l=3), "sensitive column 1 has 2"),
        (PrivacyModel(k=2, entropy_l=2.0), "reaches 1.75 over the whole table"),
    ],
)
def test_what_no_table_of_this_kind_can_reach_is_refused_with_figures(model, words):
    with pytest.raises(Infeasible, match=words):
        check_feasible(one_class([0, 0, 0, 1], model))


def test_an_outcome_that_releases_nothing_reaches_nothing():
    problem = one_class([0, 1], PrivacyModel(k=1))
    assert measure_achieved(problem, Recoding(problem.codes, np.ones(2, dtype=bool))).k == 0


# --- plain counting ---

VALUES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=30
)


@given(VALUES)
def test_reached_figures_are_those_of_plain_counting(rows):
    problem = Problem(
        codes=ints([[row[0]] for row in rows]),
        hierarchies=(ladder("a", 2, 4),),
        model=ANYTHING,
        sensitive=ints([row[1:] for row in rows]),
        ordered=(True, False),
    )
    found = measure_achieved(problem, Recoding(problem.codes, np.zeros(len(rows), dtype=bool)))
    classes = [[row for row in rows if row[0] == at] for at in {row[0] for row in rows}]
    parts = [([row[at] for row in inside], at) for inside in classes for at in (1, 2)]
    assert found.k == min(len(inside) for inside in classes)
    assert found.distinct_l == min(len(set(values)) for values, _ in parts)
    assert found.entropy_l == pytest.approx(min(entropy_l(values) for values, _ in parts))
    assert found.t == pytest.approx(
        max(moved(values, [r[at] for r in rows], ordered=at == 1) for values, at in parts)
    )


@given(VALUES, st.integers(1, 4), st.integers(1, 3), st.floats(0, 1))
def test_a_class_holds_when_each_of_its_figures_does(rows, k, l_, t):
    model = PrivacyModel(k=k, distinct_l=l_, entropy_l=l_ * 0.9, t=t)
    problem = one_class([row[1] for row in rows], model, ordered=True)
    classes = np.array([row[0] for row in rows])
    held = privacy_checks_of(problem).satisfied_by_rows(np.arange(len(rows)), classes, 4)
    whole = [row[1] for row in rows]
    for at in range(4):
        values = [row[1] for row in rows if row[0] == at]
        expected = (
            len(values) >= k
            and len(set(values)) >= l_
            and entropy_l(values) >= l_ * 0.9 - 1e-9
            and moved(values, whole, ordered=True) <= t + 1e-9
        )
        assert held[at] == expected


@given(VALUES, st.integers(1, 5))
def test_asking_in_turns_gives_the_same_answer(rows, step):
    problem = one_class([row[1] for row in rows], PrivacyModel(k=2, distinct_l=2))
    checks = privacy_checks_of(problem)
    classes = np.array([row[0] for row in rows])
    at_once = checks.satisfied_by_rows(np.arange(len(rows)), classes, 4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("exports.anonymise.privacy_models.AT_ONCE", checks.width * step)
        assert (
            checks.satisfied_by_rows(np.arange(len(rows)), classes, 4).tolist() == at_once.tolist()
        )
