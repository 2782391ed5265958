import polars as pl
import pytest

from exports.coarsen import coarsen, recode
from exports.columns import fields_of
from exports.refused import Refused
from forms.study import Group, Hierarchy
from tests.exports.tiny import HIERARCHIES, POLICY, STUDY

FIELDS = {f.name: f for f in fields_of(STUDY)}
NESTED = Hierarchy(
    "region",
    (
        (Group("a", frozenset({1})), Group("b", frozenset({2})), Group("c", frozenset({3, 4}))),
        (Group("ab", frozenset({1, 2})), Group("c", frozenset({3, 4}))),
    ),
)


def coarse(column: str, codes: list[int], *, start: int, to: int) -> list[int]:
    table = pl.DataFrame({column: codes})
    done = coarsen(table, FIELDS, POLICY, start={column: start}, to={column: to})
    return done[column].to_list()


def test_a_group_is_called_level_times_100_plus_its_place():
    assert recode(NESTED, start=0, to=1) == {1: 101, 2: 102, 3: 103, 4: 103}


def test_a_coarse_value_coarsens_further():
    assert recode(NESTED, start=1, to=2) == {101: 201, 102: 201, 103: 202}


def test_missing_codes_stay_themselves_below_the_top():
    assert coarse("age", [1, 4, -99], start=0, to=1) == [101, 102, -99]


def test_at_the_top_everything_is_withheld_missing_codes_too():
    assert coarse("age", [101, 102, -99], start=1, to=2) == [-93, -93, -93]


def test_what_is_withheld_stays_withheld():
    assert coarse("town", [-93, -93], start=1, to=1) == [-93, -93]


def test_a_level_of_more_than_99_groups_is_refused():
    many = tuple(Group(str(c), frozenset({c})) for c in range(100))
    with pytest.raises(Refused, match="99 at most"):
        recode(Hierarchy("many", (many,)), start=0, to=1)


def test_every_level_of_the_tiny_study_covers_every_code():
    assert [recode(h, start=0, to=1).keys() for h in HIERARCHIES if h.levels] == [
        {1, 2, 3, 4},
        {1, 2, 3},
    ]
