"""A plan shows the interval of the main analysis, before and after anonymisation."""

import numpy as np
import polars as pl
import pytest

from forms.load import load_study
from survey.cli.main import main
from survey.releases import planning
from survey.releases.planning import fit
from tests.conftest import FLAGSHIP, STUDIES

PRIMARY = ("sc_int_connect", "sc_int_strain")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(planning, "PLANTED_FROM", 600)  # 10,000 take seconds


def planned(runner, *words):
    done = runner.invoke(main, ["study", "plan", str(FLAGSHIP), *words])
    return done.exit_code, done.stdout, done.stderr


def test_the_slope_is_that_of_least_squares_with_hc3_errors():
    draw = np.random.default_rng(1)
    kind = draw.integers(1, 3, 80)
    view = draw.uniform(1, 5, 80)
    outcome = 1 + 0.5 * view + kind + draw.normal(size=80) * view / 9
    found = fit(pl.DataFrame({"y": outcome, "x": view, "kind": kind}), "y", "x", ["kind"])
    assert found
    x = np.column_stack([np.ones(80), view, kind == 2])
    bread = np.linalg.inv(x.T @ x)
    beta = bread @ x.T @ outcome
    scaled = (outcome - x @ beta) / (1 - np.einsum("ij,jk,ik->i", x, bread, x))
    error = np.sqrt((bread @ (x.T * scaled**2) @ x @ bread)[1, 1])
    assert (found.value, found.error) == pytest.approx((beta[1], error))


def test_what_is_missing_or_rare_is_one_category_of_a_covariate():
    draw = np.random.default_rng(2)
    rest = {"x": draw.uniform(1, 5, 90), "y": draw.uniform(1, 5, 90)}
    kinds = [1] * 60 + [2] * 20 + [3] * 3 + [-93] * 4 + [-99] * 3
    taken = [1] * 60 + [2] * 20 + [9] * 10
    told = [fit(pl.DataFrame({**rest, "kind": k}), "y", "x", ["kind"]) for k in (kinds, taken)]
    assert told[0]
    assert told[1]
    assert told[0].value == pytest.approx(told[1].value)


def test_nothing_is_fitted_to_a_handful_of_rows():
    few = pl.DataFrame({"y": [1.0, 2.0, 3.0], "x": [1.0, 2.0, 4.0], "kind": [1, 1, 1]})
    assert fit(few, "y", "x", ["kind"]) is None


def test_a_plan_shows_each_primary_score_before_and_after_and_what_is_planted(runner):
    words = ("--n", "60,200", "--tier", "C", "--repetitions", "2", "--adjust", "gender,th_gender")
    status, told, _ = planned(runner, *words)
    assert status == 0
    assert "2 repetitions" in told
    lines = told.splitlines()
    for name in PRIMARY:
        [at] = [i for i, line in enumerate(lines) if line.startswith(f"{name} on sc_view_total.")]
        assert "simulation.toml plants is" in lines[at]
        assert [line.split()[:2] for line in lines[at + 2 : at + 6 : 2]] == [
            ["60", "before"], ["200", "before"],
        ]  # fmt: skip
        # Where the interval is narrower there are more rows.
        halves = [float(line.split()[-7]) for line in lines[at + 2 : at + 6]]
        assert halves[2] < halves[0]
    assert planned(runner, *words)[1] == told


def test_an_interval_of_the_open_file_has_fewer_rows_than_there_were_answers(runner):
    status, told, _ = planned(runner, "--n", "300", "--tier", "B", "--repetitions", "1")
    assert status == 0
    before, after = (
        [int(line.split(word)[1].split()[0]) for line in told.splitlines() if f" {word} " in line]
        for word in ("before", "after")
    )
    assert 0 < after[0] < before[0]


def test_a_covariate_that_the_tier_lacks_is_named_with_those_there_are(runner):
    status, _, told = planned(runner, "--n", "300", "--tier", "B", "--adjust", "th_gender")
    assert status == 1
    assert "th_gender is no column that tier B" in told
    assert "age_band" in told


def test_a_study_that_names_no_analysis_is_told_where_to_name_one(runner, tmp_path):
    folder = STUDIES / "scores"
    assert not load_study(folder).policy.tables.predictor
    copy = tmp_path / "scores"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    (copy / "simulation.toml").write_text("")
    done = runner.invoke(main, ["study", "plan", str(copy), "--n", "300", "--tier", "C"])
    assert done.exit_code == 1
    assert "predictor and primary in [tables]" in done.stderr
