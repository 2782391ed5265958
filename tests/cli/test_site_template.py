import pytest

from forms.load import load_study
from forms.site_facts import load_site
from survey.cli.main import main
from tests.conftest import FLAGSHIP


@pytest.fixture
def template(runner, tmp_path):
    def run(*words):
        return runner.invoke(main, ["site", "new", *map(str, words)], catch_exceptions=False)

    done = run("therapist-tears", "--out", tmp_path / "site.toml")
    assert done.exit_code == 0
    return run, tmp_path / "site.toml"


def test_a_template_names_every_fact_of_a_study_and_is_read_as_it_stands(template):
    _, path = template
    consent = load_study(FLAGSHIP).consent
    lines = [line.removeprefix("# ") for line in path.read_text("utf-8").splitlines()]
    for fact in (consent.facts | consent.optional_facts | consent.board_facts) - {"stop_rule"}:
        assert any(line.startswith(f"{fact} = ") for line in lines), fact
    assert not any(load_site(path).by_study["therapist-tears"].values())


def test_each_fact_stands_below_the_words_that_tell_it(template):
    lines = template[1].read_text("utf-8").splitlines()
    assert "{ethics_board}" in lines[lines.index('ethics_board = ""') - 1]


def test_a_file_that_is_there_is_not_written_over(template):
    run, path = template
    path.write_text("mine")
    done = run("therapist-tears", "--out", path)
    assert (done.exit_code, path.read_text()) == (1, "mine")
