"""What archives are told, from the study's folder and site.toml into a release."""

import json
import shutil

import pytest
from click.testing import CliRunner

from survey.cli.main import main
from tests.conftest import FLAGSHIP

NAME = FLAGSHIP.name
SITE = """
[site]
institution = "A house"
[[site.author]]
family = "Sample"
given = "Bob"
orcid = "0000-0002-1825-0097"
[study.therapist-tears.deposit]
publisher = "An archive"
"""


@pytest.fixture(scope="module")
def lacrima(tmp_path_factory):
    """A folder with 150 simulated answers of a pilot and a study of its own; its command line."""
    folder = tmp_path_factory.mktemp("archives")
    shutil.copytree(FLAGSHIP, folder / NAME)
    environ = {"LACRIMA_DATA": str(folder / "data"), "LACRIMA_STUDIES": str(folder / NAME)}
    runner = CliRunner(env=environ)

    def run(*words):
        return runner.invoke(main, list(map(str, words)), catch_exceptions=False)

    assert run("key", "new").exit_code == 0
    (folder / "data" / "site.toml").write_text(SITE, "utf-8")
    assert run("simulate", NAME, "--count", 150, "--seed", 1).exit_code == 0
    return folder, run


@pytest.mark.parametrize("tier", ["A", "C"])
def test_folder_and_site_are_told_together(lacrima, tmp_path, tier):
    _, run = lacrima
    done = run("release", NAME, "--tier", tier, "--pilot", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    said = json.loads((tmp_path / "out" / "datacite.json").read_text("utf-8"))
    assert said["publisher"] == {"name": "An archive"}
    assert said["creators"][0]["nameIdentifiers"][0]["nameIdentifier"].endswith("1825-0097")
    methods = next(d for d in said["descriptions"] if d["descriptionType"] == "Methods")
    assert "Nonprobability.Availability: Open and self-selected" in methods["description"]
    readme = (tmp_path / "out" / "README.md").read_text("utf-8")
    assert "Not told: year, contact_email, place, period, grant, related." in readme
    plan = (tmp_path / "out" / "documentation" / "anonymisation-plan.md").read_text("utf-8")
    assert "- Authors: Bob Sample\n- Responsible: A house\n" in plan


def test_a_slip_in_the_folder_refuses_the_release_by_file_table_and_key(lacrima, tmp_path):
    folder, run = lacrima
    told = folder / NAME / "deposit.toml"
    sound = told.read_text("utf-8")
    told.write_text(sound.replace("Social Sciences", "Psychology"), "utf-8")
    done = run("release", NAME, "--tier", "C", "--pilot", "--out", tmp_path / "out")
    told.write_text(sound, "utf-8")
    assert done.exit_code == 1
    assert "deposit.toml, deposit, subject: unknown: 'Psychology'" in done.stderr
    assert not (tmp_path / "out").exists()
