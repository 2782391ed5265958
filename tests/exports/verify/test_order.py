"""What the order of the rows gives away."""

import random
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from exports.verify.findings import Findings
from exports.verify.reading import Claim
from exports.verify.verify import verify
from tests.exports.verify.written import write


def ordered(folder: Path, cells: Sequence[object], places: Sequence[int]) -> Findings:
    """A file of one column beside its truth, paired by ``places``."""
    truth = pl.DataFrame({"a": [""] * len(cells)})
    path = write(folder / "table.csv", [{"a": str(cell)} for cell in cells])
    return verify(path, Claim(("a",), k=1), truth=truth, truth_rows=places)


def shuffled(count: int, seed: int) -> list[int]:
    return random.Random(seed).sample(range(count), count)


def test_rows_sorted_by_content_say_nothing_whatever_the_input(tmp_path):
    found = ordered(tmp_path, range(100), range(100))
    assert (found.sorted_by_content, found.order_follows_input) == (True, False)


@pytest.mark.parametrize("places", [range(100), range(99, -1, -1)], ids=["forwards", "backwards"])
def test_unsorted_rows_in_the_order_of_arrival_are_noticed(places, tmp_path):
    assert ordered(tmp_path, shuffled(100, 1), places).order_follows_input


def test_an_order_that_mostly_follows_the_input_is_noticed(tmp_path):
    places = [place for at in range(0, 200, 40) for place in random.sample(range(at, at + 40), 40)]
    assert ordered(tmp_path, shuffled(200, 2), places).order_follows_input


@pytest.mark.parametrize("seed", range(20))
def test_a_shuffled_file_is_no_fault(seed, tmp_path):
    assert not ordered(tmp_path, shuffled(80, 3), shuffled(80, seed)).order_follows_input


def test_three_rows_in_order_prove_nothing(tmp_path):
    assert not ordered(tmp_path, "bca", range(3)).order_follows_input


def sorted_file(folder: Path, lines: str, **claim: tuple[int, ...]) -> bool:
    header, *rows = [line.split() for line in lines.splitlines() if line.strip()]
    path = write(folder / "table.csv", [dict(zip(header, r, strict=True)) for r in rows])
    return verify(path, Claim((), k=1, **claim)).sorted_by_content  # type: ignore[arg-type]


def test_numbers_may_be_sorted_as_numbers(tmp_path):
    assert sorted_file(tmp_path, "a\n-99\n2\n10")


def test_the_number_of_the_line_is_no_content(tmp_path):
    assert not sorted_file(tmp_path, "row a\n1 c\n2 b\n3 a")


def test_any_column_may_come_first(tmp_path):
    assert sorted_file(tmp_path, "a b\n2 x\n1 y\n2 y")


def test_ties_left_in_some_other_order_are_not_sorted(tmp_path):
    assert not sorted_file(tmp_path, "a b c\n1 z p\n1 x q\n1 y p\n2 x q")


def test_each_batch_may_be_sorted_by_itself(tmp_path):
    assert sorted_file(tmp_path, "a\n2\n3\n1\n2", segments=(2, 2))
