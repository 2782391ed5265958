import pytest

from forms.columns import of_study
from forms.load import load_study
from survey.cli import main
from survey.simulate import simulate
from survey.store import responses
from survey.store.connect import Stores
from tests.conftest import FLAGSHIP

NAME = "therapist-tears"


@pytest.fixture
def lacrima(runner, tmp_path):
    """The command line beside 330 frozen answers, whose release in tier C is number 1."""
    study = load_study(FLAGSHIP)
    stores = Stores(tmp_path / "data")
    words = bytes.fromhex(study.fingerprints.words)
    table = responses.prepare(
        stores.responses, study=NAME, fingerprint=words, content=study.content,
        columns=of_study(study),
    )  # fmt: skip
    for at, client in enumerate(simulate(study, count=330, seed=1)):
        blob = at.to_bytes(32)
        sent = responses.Response(
            study=NAME, table=table, fingerprint=words, lang="en", c_open=client.c_open,
            completion=client.completion, dur_band=client.dur_band, deletion=blob,
            values=client.values, texts=(), submit=blob, invitation=None,
        )  # fmt: skip
        assert responses.accept(stores.responses, sent)
    responses.freeze(stores.responses, NAME, minimum=1, closing=True)
    stores.close()

    def run(*words: object):
        return runner.invoke(main, list(map(str, words)), catch_exceptions=False)

    done = run("release", NAME, "--tier", "C", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    return run


def test_the_ledger_lists_what_left_the_house_and_to_whom(lacrima):
    given = ("--to", "Dr Ada Example", "--agreement", "DUA 7", "--agreed", "2031-01-01")
    assert lacrima("hand-over", NAME, 1, *given).exit_code == 0
    told = lacrima("ledger", NAME).output
    assert "tier C  330 rows" in told
    assert "given to Dr Ada Example, DUA 7, agreed 2031-01-01" in told


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
