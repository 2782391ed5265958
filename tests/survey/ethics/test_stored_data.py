"""What boards read of each column: what a tier really does with it, said once and in words."""

import pytest

from forms.load import load_study
from forms.study import Tier
from survey.ethics.stored_data import (
    COARSE,
    COUNTED,
    OUT,
    READ_FIRST,
    WHAT_TIERS_DO,
    WHOLE,
    data_groups,
    data_lines,
    response_sets,
)
from tests.conftest import FLAGSHIP


@pytest.fixture(scope="module")
def flagship():
    return load_study(FLAGSHIP)


def shapes(study, tier):
    """Column → what this tier does with it."""
    return {line.name: dict(line.tiers)[tier] for line in data_lines(study)}


def test_no_answer_of_a_row_stands_in_the_file_of_texts(flagship):
    shapes_of_d = shapes(flagship, "D")
    texts = {q.name for q in flagship.questions.values() if q.apart}
    assert {n for n, does in shapes_of_d.items() if does != OUT} <= texts
    assert shapes_of_d["ff_open"] == READ_FIRST


def test_tables_show_counts_and_never_an_answer(flagship):
    assert set(shapes(flagship, "A").values()) <= {COUNTED, OUT}


@pytest.mark.parametrize(("column", "in_b", "in_c"), [
    ("age_band", COARSE, COARSE),
    ("ep_setting", OUT, WHOLE),
    ("view_emp_1", WHOLE, WHOLE),
    ("talk_helped", OUT, WHOLE),
    ("ff_open", OUT, OUT),
])  # fmt: skip
def test_rows_hold_what_the_policy_lets_them(flagship, column, in_b, in_c):
    assert (shapes(flagship, "B")[column], shapes(flagship, "C")[column]) == (in_b, in_c)


def test_a_set_of_answers_is_named_once(flagship):
    sets = response_sets(flagship)
    assert "Strongly disagree to Strongly agree (1 to 5)" in sets
    named = [line for line in data_lines(flagship) if line.responses]
    assert {line.responses for line in named} == set(sets)
    assert all(sets[line.responses] == line.values for line in named)


def test_codes_of_what_is_missing_stand_beside_no_column(flagship):
    labels = [m.label for m in flagship.missing]
    assert not any(label in line.values for line in data_lines(flagship) for label in labels)


def test_grouped_by_what_leaves_every_column_stands_once_with_its_answers(flagship):
    grouped = [
        (line.name, group.role, group.tiers, answers)
        for group in data_groups(flagship)
        for answers, lines in group.sets
        for line in lines
    ]
    lines = data_lines(flagship)
    assert sorted(grouped) == sorted(
        (o.name, o.role, o.tiers, o.responses or o.values) for o in lines
    )


def test_every_word_of_a_tier_is_explained(flagship):
    used = {does for line in data_lines(flagship) for _, does in line.tiers}
    assert used <= set(WHAT_TIERS_DO)
    assert isinstance(flagship.policy.tiers["A"], Tier)
