"""The documented analysis finds what the simulation planted, before and after anonymisation."""

import importlib.util
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from exports.columns import content_order, fields_of, table_of, write_data
from exports.generalise import path_to
from forms.load import load_study
from tests.conftest import FLAGSHIP
from tests.exports.releases import data_in, make_release, simulated

SCRIPT = FLAGSHIP / "analysis" / "h1.py"
PLANTED = {"sc_int_connect": 0.40, "sc_int_strain": -0.30}  # simulation.toml, on the latents
SIZES = (300, 1080)


@pytest.fixture(scope="module")
def h1():
    spec = importlib.util.spec_from_file_location("h1", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["h1"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def study():
    return load_study(FLAGSHIP)


@pytest.fixture(scope="module")
def frames(study):
    return {n: simulated(study, n) for n in SIZES}


def untouched(study, frame: pl.DataFrame, folder: Path) -> Path:
    """The same answers as a data file in which nothing was recoded."""
    fields = fields_of(study)
    table = table_of(study, frame, fields)
    (folder / "data").mkdir(parents=True)
    order = content_order(table, [f.name for f in fields])
    write_data(table, fields, folder / "data" / "x_data.csv", order=order)
    return folder


@pytest.fixture(scope="module")
def released(h1, study, frames, tmp_path_factory):
    """(rows, tier) → (before, after) as lines, and the codebook, of the very same people.

    Covariates that the tier does not keep are left out of both.
    """

    @cache
    def release(rows: int, tier: str):
        frame = frames[rows]
        if path_to(study, tier)[-1].needs_open_consent:
            frame = frame.filter(pl.col("c_open") == 1)
        work = tmp_path_factory.mktemp("h1")
        make_release(study, frame, tier=tier, out=work / "after")
        lines, book = h1.load(work / "after")
        gone = {n for n in h1.COVARIATES if all(line.get(n, "-93") == "-93" for line in lines)}
        raw = data_in(untouched(study, frame, work / "before"))
        return [{n: cell for n, cell in line.items() if n not in gone} for line in raw], lines, book

    return release


@pytest.fixture(scope="module")
def fits(h1, released):
    """(rows, tier, outcome) → (before, after)."""

    @cache
    def both(rows: int, tier: str, outcome: str):
        before, after, book = released(rows, tier)
        return h1.fit(before, book, outcome), h1.fit(after, book, outcome)

    return both


def overlap(one, other) -> float:
    """Share of each 95 % interval inside the other, averaged (Karr et al. 2006)."""
    shared: float = min(one.high, other.high) - max(one.low, other.low)
    return float(shared / (one.high - one.low) + shared / (other.high - other.low)) / 2


@pytest.mark.parametrize("outcome", PLANTED)
@pytest.mark.parametrize("tier", ["B", "C"])
def test_the_planted_effect_lies_in_its_interval(fits, outcome, tier):
    for result in fits(1080, tier, outcome):
        assert result.latent_low < PLANTED[outcome] < result.latent_high
        assert result.p < 0.001


@pytest.mark.parametrize("outcome", PLANTED)
@pytest.mark.parametrize("tier", ["B", "C"])
@pytest.mark.parametrize("rows", SIZES)
def test_anonymisation_leaves_the_main_result_as_it_was(fits, outcome, tier, rows):
    before, after = fits(rows, tier, outcome)
    assert (before.slope > 0) == (after.slope > 0)
    assert overlap(before, after) >= 0.8


def test_hc3_agrees_with_its_formula(h1):
    draw = np.random.default_rng(1)
    x = np.column_stack([np.ones(60), draw.normal(size=60), draw.integers(0, 2, 60)])
    y = x @ [1, 2, 3] + draw.normal(size=60) * (1 + x[:, 2])
    bread = np.linalg.inv(x.T @ x)
    beta = bread @ x.T @ y
    scaled = (y - x @ beta) / (1 - np.einsum("ij,jk,ik->i", x, bread, x))
    error = np.sqrt((bread @ (x.T * scaled**2) @ x @ bread)[1, 1])
    assert h1.ols_hc3(x.tolist(), y.tolist(), 1) == pytest.approx((beta[1], error))


def test_holm_corrects_the_smallest_the_most(h1):
    assert h1.holm([0.03, 0.01]) == [0.03, 0.02]


def test_the_script_prints_both_tests_for_a_release_folder(study, frames, tmp_path):
    make_release(study, frames[300], tier="C", out=tmp_path / "out")
    done = subprocess.run(
        [sys.executable, SCRIPT, tmp_path / "out"], capture_output=True, text=True, check=True
    )
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == list(PLANTED)


def test_too_few_rows_are_told_in_one_line(study, frames, tmp_path):
    make_release(study, frames[300].head(40), tier="C", out=tmp_path / "out")
    done = subprocess.run(
        [sys.executable, SCRIPT, tmp_path / "out"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "rows can be used" in done.stderr) == (1, True)
