"""The documented analysis finds what the simulation planted, before and after anonymisation."""

import csv
import importlib.util
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from exports.codebook import codebook_of
from exports.columns import fields_of, table_of
from exports.release import make_release
from exports.write import data_csv
from forms.load import load_study
from forms.simulation import load_recipe
from survey.simulate import simulate

FLAGSHIP = Path(__file__).parents[2] / "studies" / "therapist-tears"
SCRIPT = FLAGSHIP / "analysis" / "h1.py"
PLANTED = {"sc_int_connect": 0.40, "sc_int_strain": -0.30}  # simulation.toml, on the latents


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
def rows(study):
    people = simulate(study, count=1080, seed=1, recipe=load_recipe(study, FLAGSHIP))
    return [
        {**p.values, "study_version": "1", "consent_version": "1", "lang": p.lang,
         "c_open": p.c_open, "completion": p.completion, "dur_band": p.dur_band}
        for p in people
    ]  # fmt: skip


def parsed(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


@pytest.fixture(scope="module")
def before(study, rows):
    fields = fields_of(study)
    levels = {f.name: 0 for f in fields}
    book = codebook_of(study, fields, levels=levels, rows=len(rows), versions={})
    return parsed(data_csv(table_of(study, rows, fields), fields)), book


@pytest.fixture(scope="module")
def files(study, rows):
    return make_release(study, rows, tier="C").files


@pytest.fixture(scope="module")
def after(files):
    book = json.loads(files["codebook.json"])["variables"]
    return parsed(files["study-therapisttears_data.csv"]), book


@pytest.mark.parametrize("outcome", PLANTED)
@pytest.mark.parametrize("when", ["before", "after"])
def test_the_planted_effect_lies_in_its_interval(h1, request, outcome, when):
    lines, book = request.getfixturevalue(when)
    result = h1.fit(lines, {e["variable"]: e for e in book}, outcome)
    assert result.latent_low < PLANTED[outcome] < result.latent_high
    assert result.p < 0.001


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


def test_the_script_prints_both_tests_for_a_release_folder(files, tmp_path):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    done = subprocess.run(
        [sys.executable, SCRIPT, tmp_path], capture_output=True, text=True, check=True
    )
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == list(PLANTED)
