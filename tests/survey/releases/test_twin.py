"""Beside rows lies a twin to practise on: made up, marked, and drawn from what is told anyway."""

import csv
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import closing

import pytest

from exports.tables.estimate import estimate
from exports.tables.measure import read_csv
from exports.twin import TWIN, TWIN_PAGE, TWIN_ROWS
from forms.load import load_study
from survey.releases import process
from survey.releases.archive import Archive
from survey.releases.build import ReleaseRequest
from survey.releases.distribution import recall
from survey.storage import measurements, releases
from survey.storage.stores import Stores
from tests.answering import freeze, real_answers
from tests.conftest import FLAGSHIP

DAYS = [f"2031-01-0{day}T10:00:00+00:00" for day in range(1, 6)]

LIFTED = re.compile(r"_l[0-9]$")


@pytest.fixture(scope="module")
def study():
    return load_study(FLAGSHIP)


@pytest.fixture(scope="module")
def frozen(tmp_path_factory, study):
    """A data folder with 120 frozen answers, to be copied."""
    folder = tmp_path_factory.mktemp("frozen") / "data"
    with closing(Stores(folder)) as stores:
        real_answers(stores, study, 120, seed=1)
        freeze(stores, study)
    return folder


def copied(data, target):
    shutil.copytree(data, target / "data")
    return closing(Stores(target / "data"))


def run(stores, study, out, *, tier="C", folder=FLAGSHIP, at=DAYS[0]):
    request = ReleaseRequest(tier=tier, out=out, study_folder=folder, made_at=at)
    process.run(stores, study, request)
    return out


@pytest.fixture(scope="module")
def made(frozen, study, tmp_path_factory):
    """Releases: ``before`` and ``open`` from the simulation, ``after`` once tier A is out."""
    work = tmp_path_factory.mktemp("made")
    with copied(frozen, work) as stores:
        run(stores, study, work / "before", at=DAYS[0])
        run(stores, study, work / "open", tier="B", at=DAYS[1])
        run(stores, study, work / "tables", tier="A", at=DAYS[2])
        run(stores, study, work / "after", at=DAYS[3])
    return work


def twin_of(folder):
    with (folder / TWIN).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def data_of(folder):
    [path] = (folder / "data").glob("*_data.csv")
    return path


def readme_of(folder):
    return (folder / "README.md").read_text("utf-8")


@pytest.mark.parametrize(("name", "source"), [
    ("before", "simulation.toml"), ("open", "simulation.toml"), ("after", "figures of tier A"),
])  # fmt: skip
def test_it_is_marked_as_made_up_and_says_what_it_is_drawn_from(made, name, source):
    rows = twin_of(made / name)
    assert "made-up" in TWIN
    assert {(row["study_version"], row["consent_version"]) for row in rows} == {("made-up",) * 2}
    for told in (readme_of(made / name), (made / name / TWIN_PAGE).read_text("utf-8")):
        assert f"`{TWIN}` holds {len(rows)} made-up rows" in told
        assert f"drawn from {'the ' * ('figures' in source)}{source}" in told
    assert f"  {TWIN}" in (made / name / "SHA256SUMS").read_text()


@pytest.mark.parametrize("name", ["before", "open", "after"])
def test_it_has_the_columns_and_the_codes_of_the_data_file(made, name):
    rows, data = twin_of(made / name), data_of(made / name)
    assert data.read_text("utf-8").splitlines()[0].split(",") == list(rows[0])
    book = json.loads((made / name / "documentation" / "codebook.json").read_bytes())
    for entry in book["variables"]:
        if entry["type"] == "integer" and entry["codes"] and not entry["range"]:
            known = {*entry["codes"], *entry["missing"], ""}
            assert {row[entry["variable"]] for row in rows} <= known


def with_the_twin_as_data(folder, target):
    copy = shutil.copytree(folder, target)
    shutil.copy(copy / TWIN, data_of(copy))
    return copy


@pytest.mark.parametrize("name", ["before", "after"])
def test_a_releases_scripts_run_on_it(made, tmp_path, name):
    copy = with_the_twin_as_data(made / name, tmp_path / name)
    names = ("import.py", "score.py", "lift.py")
    scripts = [path for n in names if (path := copy / "analysis" / n).exists()]
    assert len(scripts) > 1
    for script in scripts:
        done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
        assert done.returncode == 0, (script.name, done.stdout[-600:], done.stderr[-600:])


def test_the_studys_own_analysis_runs_on_one_from_the_simulation(made, tmp_path):
    """On one from tables it may find too little spread to fit its covariates."""
    copy = with_the_twin_as_data(made / "before", tmp_path / "before")
    h1 = [sys.executable, FLAGSHIP / "analysis" / "h1.py", copy]
    told = subprocess.run(h1, capture_output=True, text=True, check=True)
    assert told.stdout.count("sc_int_") == 2


def test_the_simulation_gives_the_same_bytes_whoever_answered(made, study, tmp_path):
    with closing(Stores(tmp_path / "data")) as stores:
        real_answers(stores, study, 130, seed=7)
        freeze(stores, study)
        other = run(stores, study, tmp_path / "other")
    # Which columns are lifted follows from the data file.
    told = [[{**row} for row in twin_of(folder)] for folder in (other, made / "before")]
    for row in (*told[0], *told[1]):
        for name in [name for name in row if LIFTED.search(name)]:
            del row[name]
    assert told[0] == told[1]


def test_rows_drawn_from_tables_follow_the_published_figures(made, study):
    with closing(Stores(made / "data")) as stores:
        archive = Archive(stores.folder, study.name)
        measured = read_csv(study, archive.measured(1).read_bytes())
    rows = twin_of(made / "after")
    assert len(rows) <= TWIN_ROWS
    for table in estimate(measured).tables:
        [axis, *more] = table.statistic.axes
        if more or table.statistic.condition or axis.column not in ("saw_tears", "concern"):
            continue
        found = Counter(int(row[axis.column]) for row in rows)
        for category, people in zip(axis.categories, table.counts, strict=False):
            share = sum(found[code] for code in category.codes) / len(rows)
            assert abs(share - people / table.base) < 0.1  # four errors of 400 draws


def test_tables_that_were_recalled_are_no_source(frozen, study, tmp_path):
    with copied(frozen, tmp_path) as stores:
        run(stores, study, tmp_path / "tables", tier="A", at=DAYS[0])
        recall(stores, study.name, 1, why="A fault.", at=DAYS[1])
        assert "simulation.toml" in readme_of(run(stores, study, tmp_path / "out", at=DAYS[2]))


def test_a_release_is_made_again_with_the_same_twin(made, study, tmp_path):
    shutil.copytree(made / "data", tmp_path / "data")
    with closing(Stores(tmp_path / "data")) as stores:
        [first, *_] = releases.all_releases(stores.office, study.name)
        again = ReleaseRequest(
            tier="C", out=tmp_path / "again", study_folder=FLAGSHIP, made_at=DAYS[4]
        )
        spent = measurements.measured_segments(stores.office, study.name, pilot=False)
        process.rebuild_zip(stores, study, first, again)  # refuses where a byte differs
        last = releases.all_releases(stores.office, study.name)[-1]
        process.rebuild_zip(stores, study, last, again)
        # Nothing was measured for either.
        assert measurements.measured_segments(stores.office, study.name, pilot=False) == spent


@pytest.mark.parametrize("recipe", [None, "[nonsense]\n"])
def test_without_a_source_there_is_none_and_the_readme_says_so(frozen, study, tmp_path, recipe):
    folder = tmp_path / "folder"
    folder.mkdir()
    if recipe:
        (folder / "simulation.toml").write_text(recipe)
    with copied(frozen, tmp_path) as stores:
        out = run(stores, study, tmp_path / "out", folder=folder)
    assert not (out / TWIN).exists()
    assert "There is no file to practise on" in readme_of(out)
    assert ("unknown table nonsense" in readme_of(out)) == bool(recipe)
