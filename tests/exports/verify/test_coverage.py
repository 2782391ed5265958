"""Counting who fits whom, where classes overlap."""

import polars as pl
import pytest

from exports.verify.coverage import Coverage, coverage_of
from exports.verify.reading import Claim, coded
from exports.verify.verdict import faults
from exports.verify.verify import verify
from tests.exports.verify.written import text

CLAIM = Claim(
    ("age", "sex"),
    k=2,
    covers={"age": {"20-29": frozenset({"20", "25"})}},
    suppressed={"age": "*", "sex": "*"},
)
TRUE = [("20", "F"), ("25", "F"), ("25", "M"), ("30", "M")]
SHOWN = [("20-29", "F"), ("20-29", "F"), ("25", "*"), ("*", "*")]


def counted(limit: int = 1000) -> Coverage:
    true, shown = (
        [coded(pl.Series(column)) for column in zip(*rows, strict=True)] for rows in (TRUE, SHOWN)
    )
    return coverage_of(true, shown, CLAIM.core, rows=(4, 4), claim=CLAIM, limit=limit)


def test_everybody_is_covered_by_every_row_that_may_be_theirs():
    assert counted().released.tolist() == [3, 4, 2, 1]


def test_every_row_may_be_everybody_it_covers():
    assert counted().true.tolist() == [2, 2, 2, 4]


def test_a_count_that_ends_early_says_so_and_never_says_too_much():
    early = counted(limit=0)
    assert not early.exact
    assert (early.released <= counted().released).all()


def test_a_value_as_rare_as_a_name_is_still_counted(tmp_path):
    names = [f"n{at}" for at in range(3000)]
    path = text(tmp_path / "t.csv", "\n".join(["name", *sorted(names)]))
    truth, places = pl.DataFrame({"name": sorted(names)}), range(3000)
    found = verify(path, Claim(("name",), k=1), truth=truth, truth_rows=places).compared
    assert found
    assert (found.k_coverage, found.k_coverage_reverse, found.exact) == (1, 1, True)


@pytest.mark.parametrize("places", [[0, 1, 2, -1], [0, 1, 2, 9], [0, 1]])
def test_a_row_paired_with_nobody_is_a_fault_and_no_crash(places, tmp_path):
    path = text(tmp_path / "t.csv", "age,sex\n" + "\n".join(",".join(row) for row in SHOWN))
    truth = pl.DataFrame(TRUE, schema=["age", "sex"], orient="row")
    found = verify(path, CLAIM, truth=truth, truth_rows=places)
    assert "cannot be paired with true rows" in "; ".join(faults(found, CLAIM))


def test_a_truth_without_the_key_is_a_mistake_of_the_caller(tmp_path):
    path = text(tmp_path / "t.csv", "age,sex\n1,F\n")
    with pytest.raises(ValueError, match="the truth lacks the key columns sex"):
        verify(path, CLAIM, truth=pl.DataFrame({"age": ["1"]}), truth_rows=[0])


def test_without_a_key_everybody_is_like_everybody(tmp_path):
    path = text(tmp_path / "t.csv", "mood\n1\n2\n3\n")
    truth = pl.DataFrame({"mood": [1, 2, 3, 1]})
    found = verify(path, Claim((), k=3), truth=truth, truth_rows=[0, 1, 2])
    assert found.compared
    assert (found.classes.k, found.compared.k_coverage, found.compared.k_coverage_reverse) == (
        3,
        3,
        4,
    )
