"""The measuring rod of the export engine's figures measures what it says."""

import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks.anonymise.cells import Attribute, Unreadable, attributes_of, ncp
from benchmarks.anonymise.compare import CASES
from benchmarks.anonymise.grow import exponent
from benchmarks.anonymise.judge import judge
from benchmarks.anonymise.measured import Failed, run
from benchmarks.anonymise.regression import fit, overlap
from benchmarks.anonymise.spec import SPECS, Spec, Term, read_spec
from benchmarks.anonymise.targets import NCP

AGES = Attribute(
    "age",
    counts={"20": 3, "24": 1, "40": 1},
    groups={"20": frozenset({"20"}), "young": frozenset({"20", "24"})},
    numeric=True,
)
TREES = Attribute(
    "tree",
    counts={"oak": 1, "elm": 1, "fir": 2},
    groups={name: frozenset({name}) for name in ("oak", "elm", "fir")},
    numeric=False,
)


@pytest.mark.parametrize(
    ("cell", "loss"), [("20", 0.0), ("young", 0.2), ("20-24", 0.2), ("20-39", 0.2), ("*", 1.0)]
)
def test_a_number_loses_the_range_of_the_values_that_occur(cell, loss):
    assert AGES.loss(cell) == pytest.approx(loss)


@pytest.mark.parametrize(("cell", "loss"), [("oak", 0.0), ("elm,oak", 0.5), ("*", 1.0)])
def test_any_other_cell_loses_by_the_number_of_its_values(cell, loss):
    assert TREES.loss(cell) == loss


def test_a_cell_that_covers_nothing_is_no_cell():
    with pytest.raises(Unreadable, match="'30-35' covers no value"):
        AGES.loss("30-35")


def test_whoever_is_not_in_the_file_lost_everything():
    released = pl.DataFrame({"tree": ["oak", "*"]})
    assert ncp({"tree": TREES}, released, rows=4) == pytest.approx((0 + 1 + 2) / 4)


def test_a_coarse_cell_counts_as_the_mean_of_the_people_it_covers():
    assert AGES.mean("young", {"20": 20.0, "24": 24.0, "40": 40.0}) == 21.0


@pytest.mark.parametrize(
    ("after", "share"), [((0, 2), 1.0), ((1, 3), 0.5), ((0.5, 1.5), 0.75), ((3, 4), 0.0)]
)
def test_intervals_overlap_by_the_share_of_each_in_the_other(after, share):
    assert overlap((0, 2), after) == pytest.approx(share)


def spec_of(folder: Path, table: pl.DataFrame, *, one: str = "") -> Spec:
    """A data set with one quasi-identifier, x."""
    table.write_csv(folder / "data.csv")
    lines = [f"{value},*" for value in table["x"].unique().sort()]
    (folder / "x.csv").write_text("\n".join(lines))
    return Spec(
        name="own", data=folder / "data.csv", identifiers=(), qi=("x",),
        numeric=frozenset({"x"}), hierarchies={"x": folder / "x.csv"}, sensitive="y",
        outcome="y", one=one, terms=(Term("x", "x", None),),
    )  # fmt: skip


def test_logistic_regression_of_two_groups_is_the_log_of_the_odds_ratio(tmp_path):
    answers = list("nnny") * 10 + list("ny") * 20
    table = pl.DataFrame({"x": ["0"] * 40 + ["1"] * 40, "y": answers})
    spec = spec_of(tmp_path, table, one="y")
    slope, error = fit(spec, attributes_of(spec, table), table).slopes["x"]
    assert slope == pytest.approx(np.log(3))
    assert error == pytest.approx(np.sqrt(1 / 30 + 1 / 10 + 1 / 20 + 1 / 20))


def test_linear_regression_agrees_with_its_formula(tmp_path):
    x, y = [0, 1, 2, 3], [1.0, 2.0, 2.0, 4.0]
    table = pl.DataFrame({"x": x, "y": y}).cast(pl.String)
    spec = spec_of(tmp_path, table)
    slope, error = fit(spec, attributes_of(spec, table), table).slopes["x"]
    assert [slope, error] == pytest.approx([0.9, np.sqrt(0.7 / 2 / 5)])


def test_a_file_in_which_nothing_was_done_lost_nothing(tmp_path):
    table = pl.DataFrame({"x": ["1", "2", "3", "4"], "y": ["1", "3", "2", "5"]})
    judged = judge(spec_of(tmp_path, table), tmp_path / "data.csv")
    assert [judged.ncp, judged.overlap, judged.withheld] == pytest.approx([0, 1, 0])


def test_a_term_that_no_longer_varies_overlaps_nothing(tmp_path):
    table = pl.DataFrame({"x": ["1", "2", "3", "4"], "y": ["1", "3", "2", "5"]})
    spec = spec_of(tmp_path, table)
    table.with_columns(x=pl.lit("*")).write_csv(tmp_path / "written.csv")
    judged = judge(spec, tmp_path / "written.csv")
    assert (judged.ncp, judged.overlap, judged.withheld) == (1.0, 0.0, 4)


def test_the_exponent_of_a_square_is_two():
    rows = [{"size": size, "seconds": size * size / 1e6} for size in (10, 100, 1000)]
    assert exponent(rows, "seconds", 1) == pytest.approx(2)


def test_memory_is_that_of_the_command_and_not_of_whoever_measures():
    grown = bytearray(300_000_000)
    small = run([sys.executable, "-I", "-S", "-c", "pass"])
    large = run([sys.executable, "-I", "-S", "-c", "b'x' * 200_000_000"])
    assert len(grown) > 0
    assert small.memory < 50 < 190 < large.memory


def test_a_command_that_fails_says_what_it_said_last():
    with pytest.raises(Failed, match="no such bird"):
        run([sys.executable, "-c", "import sys; sys.exit('no such bird')"])


def test_a_command_that_does_not_end_is_ended():
    with pytest.raises(Failed, match="ended after"):
        run([sys.executable, "-c", "import time; time.sleep(60)"], limit=0.2)


def test_every_aim_is_measured():
    assert NCP.keys() <= {(name, asked.k, asked.l) for name, asked in CASES}


@pytest.mark.parametrize("name", SPECS)
def test_the_data_set_itself_has_lost_nothing(shared_data, monkeypatch, name):
    monkeypatch.setenv("PUBLIC_DATA", str(shared_data))
    spec = read_spec(name)
    judged = judge(spec, spec.data)
    assert [judged.ncp, judged.overlap] == pytest.approx([0, 1])
