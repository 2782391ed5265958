import shutil

import pytest
from click.testing import CliRunner

from forms.load import load_study
from survey.cli.main import main
from survey.program import program_version
from survey.storage.stores import Stores
from tests.answering import freeze, real_answers
from tests.conftest import FLAGSHIP

NAME = "therapist-tears"


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """The data folder beside 330 frozen answers, whose release in tier C is number 1."""
    folder = tmp_path_factory.mktemp("released")
    study = load_study(FLAGSHIP)
    stores = Stores(folder / "data")
    real_answers(stores, study, 330)
    freeze(stores, study)
    stores.close()
    environ = {"LACRIMA_DATA": str(folder / "data"), "LACRIMA_STUDIES": str(FLAGSHIP)}
    words = ["release", NAME, "--tier", "C", "--out", str(folder / "out")]
    done = CliRunner(env=environ).invoke(main, words, catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    return folder


@pytest.fixture
def lacrima(runner, tmp_path, released):
    """The command line of an installation of its own, like that one."""
    shutil.copytree(released / "data", tmp_path / "data")

    def run(*words: object):
        return runner.invoke(main, list(map(str, words)), catch_exceptions=False)

    return run


def test_the_ledger_lists_what_left_the_house_and_to_whom(lacrima, released):
    (file,) = (released / "out" / "data").glob("*.csv")
    rows = len(file.read_text("utf-8").splitlines()) - 1
    given = ("--to", "Dr Ada Example", "--agreement", "DUA 7", "--agreed", "2031-01-01")
    assert lacrima("hand-over", NAME, 1, *given).exit_code == 0
    told = lacrima("ledger", NAME).output
    assert f"tier C  {rows} rows" in told
    assert "given to Dr Ada Example, DUA 7, agreed 2031-01-01" in told


def test_ledger_and_release_say_which_program_made_it(lacrima, released):
    made_with = f"Lacrima {program_version()}"
    assert f"made with {made_with}\n" in lacrima("ledger", NAME).output
    assert made_with in (released / "out" / "README.md").read_text("utf-8")


def test_a_recalled_release_stays_listed_with_the_reason(lacrima):
    assert lacrima("recall", NAME, 1, "--why", "Wrong labels.").exit_code == 0
    assert "RECALLED" in lacrima("ledger", NAME).output
    again = lacrima("recall", NAME, 1, "--why", "Wrong labels.")
    assert (again.exit_code, again.stderr) == (1, "Release 1 was recalled already.\n")


@pytest.mark.parametrize("command", ["recall", "hand-over"])
def test_a_release_that_is_not_there_is_refused_by_its_number(lacrima, command):
    options = {
        "recall": ("--why", "x"),
        "hand-over": ("--to", "x", "--agreement", "x", "--agreed", "2031-01-01"),
    }
    done = lacrima(command, NAME, 9, *options[command])
    assert done.exit_code == 1
    assert "has no release 9" in done.stderr


def test_a_recipient_is_named_whole_or_not_at_all(lacrima, tmp_path):
    done = lacrima("release", NAME, "--tier", "C", "--out", tmp_path / "x", "--to", "Dr Ada")
    assert done.exit_code == 2
    assert "--to, --agreement and --agreed belong together" in done.stderr


def test_a_date_that_is_none_is_wrong_use(lacrima):
    given = ("--to", "x", "--agreement", "x", "--agreed", "yesterday")
    assert lacrima("hand-over", NAME, 1, *given).exit_code == 2
