"""A researcher gets an anonymised dataset from the command line, and nothing else."""

import csv
import json

import pytest

from survey.cli.main import main
from survey.storage.stores import Stores
from tests.conftest import folder_of

NAME = "therapist-tears"
COUNT = "600"
UNREAD = ("SHA256SUMS", ".psychds-ignore")  # for programs alone


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A folder with one release of simulated pilot answers, and a runner on the same data."""
    from click.testing import CliRunner

    folder = tmp_path_factory.mktemp("researcher")
    runner = CliRunner(env={"LACRIMA_DATA": str(folder / "data")})

    def lacrima(*words):
        return runner.invoke(main, list(map(str, words)), catch_exceptions=False)

    assert lacrima("key", "new").exit_code == 0
    assert lacrima("simulate", NAME, "--count", COUNT, "--seed", 1).exit_code == 0
    done = lacrima("release", NAME, "--tier", "C", "--pilot", "--out", folder / "out")
    assert done.exit_code == 0, done.stderr
    return folder, lacrima


def only(folder, pattern):
    (found,) = (folder / "out").rglob(pattern)
    return found


def table(folder):
    with only(folder, "*_data.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_simulated_client_is_in_the_table(released):
    assert len(table(released[0])) == int(COUNT)


def test_the_table_has_the_columns_of_the_codebook_and_no_other(released):
    folder, _ = released
    codebook = json.loads(only(folder, "*codebook.json").read_text("utf-8"))
    entries = codebook["variables"] if isinstance(codebook, dict) else codebook
    assert [entry["variable"] for entry in entries] == list(table(folder)[0])


def test_no_key_code_or_own_words_leave_the_house(released):
    folder, _ = released
    assert not {"key", "deletion", "ff_open", "final_open"} & set(table(folder)[0])


def test_pilot_answers_are_marked_in_every_file(released):
    folder, _ = released
    files = [p for p in (folder / "out").rglob("*") if p.is_file() and p.name not in UNREAD]
    assert [p.name for p in files if b"pilot" not in p.read_bytes().lower()] == []


def test_pilot_answers_are_not_released_as_real_ones(released, tmp_path):
    _, lacrima = released
    done = lacrima("release", NAME, "--tier", "C", "--out", tmp_path / "real")
    assert (done.exit_code, (tmp_path / "real").exists()) == (1, False)


def test_an_existing_release_is_never_overwritten(released):
    folder, lacrima = released
    done = lacrima("release", NAME, "--tier", "C", "--pilot", "--out", folder / "out")
    assert (done.exit_code, len(done.stderr.strip().splitlines())) == (1, 1)


def test_an_empty_study_has_nothing_to_release(released, tmp_path):
    _, lacrima = released
    empty, out = folder_of("minimal"), tmp_path / "none"
    done = lacrima("release", empty, "--tier", "C", "--pilot", "--out", out)
    assert (done.exit_code, "minimal" in done.stderr, out.exists()) == (1, True, False)


def test_the_release_is_in_the_ledger(released):
    folder, _ = released
    stores = Stores(folder / "data")
    found = stores.office.conn.execute("SELECT study, tier, pilot FROM releases").fetchall()
    stores.close()
    assert (NAME, "C", 1) in found
