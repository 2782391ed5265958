import polars as pl
import pytest

from exports.columns import fields_of
from exports.errors import ExportRefused
from exports.generalise import coarsen, covered, generalise_cell, group_codes
from forms.study import Hierarchy, HierarchyGroup
from tests.exports.tiny import POLICY, STUDY

FIELDS = {f.name: f for f in fields_of(STUDY)}


def coarse(column: str, codes: list[int], *, to: int) -> list[int]:
    return coarsen(pl.DataFrame({column: codes}), FIELDS, POLICY, {column: to})[column].to_list()


def test_a_group_is_called_level_times_100_plus_its_place():
    assert coarse("age", [1, 2, 3, 4], to=1) == [101, 101, 102, 102]


def test_a_cell_that_is_coarser_already_stays():
    assert coarse("age", [101, 3, -93], to=1) == [101, 102, -93]


def test_missing_codes_stay_themselves_below_the_top():
    assert coarse("age", [1, 4, -99], to=1) == [101, 102, -99]


def test_at_the_top_everything_is_withheld_missing_codes_too():
    assert coarse("age", [101, 102, -99], to=2) == [-93, -93, -93]


def test_a_column_without_a_level_between_is_withheld_at_once():
    assert generalise_cell(FIELDS["town"], POLICY, 2, 1) == -93


def test_a_group_stands_for_the_answers_in_it():
    assert covered(FIELDS["age"], POLICY, 102) == {3, 4}


def test_a_level_of_more_than_99_groups_is_refused():
    many = tuple(HierarchyGroup(str(c), frozenset({c})) for c in range(100))
    with pytest.raises(ExportRefused, match="99 at most"):
        group_codes(Hierarchy("many", (many,)), 1)
