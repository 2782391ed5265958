"""A rehearsal says what a release of the same answers would hold, before anybody has answered."""

import pytest

from forms.load import load_study
from forms.simulation import load_recipe
from survey.cli.main import main
from survey.releases.rehearsal import rehearse
from survey.synthetic.frame import simulated_frame
from tests.conftest import FLAGSHIP, STUDIES
from tests.exports.releases import make_release, report_of


@pytest.fixture(scope="module")
def study():
    return load_study(FLAGSHIP)


@pytest.fixture(scope="module")
def recipe(study):
    return load_recipe(study, FLAGSHIP)


@pytest.fixture(scope="module")
def found(study, recipe):
    return rehearse(study, recipe, (15, 120))


def of(found, tier, answers):
    """What is rehearsed of one tier and number of answers."""
    [kept] = [k for k in found.rows if k.tier.startswith(tier) and k.answers == answers]
    return kept


def test_it_is_what_a_release_of_the_same_answers_holds(study, recipe, found, tmp_path):
    frame = simulated_frame(study, recipe, 120, seed=1)
    make_release(study, frame, tier="C", out=tmp_path / "out")
    report, kept = report_of(tmp_path / "out"), of(found, "C", 120)
    assert kept.rows == report["rows"]
    assert list(kept.notes) == report["policy_notes"]
    for one in kept.variables:
        shown = report["columns"][one.name]
        levels = {w: n for w, n in shown.items() if w.startswith("level ")}
        assert round(one.as_asked * kept.rows) == shown.get("as asked", 0)
        assert round(sum(one.coarser.values()) * kept.rows) == sum(levels.values())
        assert round(one.withheld * kept.rows) == report["cells_withheld"].get(one.name, 0)


def test_the_shares_of_a_variable_are_all_its_rows(found):
    for tier in "BC":
        for one in of(found, tier, 120).variables:
            shares = [one.as_asked, *one.coarser.values(), one.withheld, one.unanswered]
            assert sum(shares) == pytest.approx(1)


def test_tier_b_has_no_insider_variable_and_names_what_it_leaves_out(study, found):
    kept = of(found, "B", 120)
    assert {one.group for one in kept.variables} == {"core"}
    assert "th_gender" in kept.gone
    assert kept.rows < 120


def test_where_there_would_be_no_file_it_says_why(found):
    assert "takes 20 rows or more" in of(found, "C", 15).refused


def test_figures_have_a_margin_where_the_budget_bears_them(found):
    margins = {one.name: one.margins for one in found.figures}
    assert margins["saw_tears"][0] == ""  # no tables of 15 answers
    assert margins["saw_tears"][1].startswith("± ")
    assert found.unmeasured > 0


def test_the_command_prints_a_table_for_each_tier_and_size(runner):
    done = runner.invoke(main, ["study", "check", str(FLAGSHIP), "--rehearse", "15,60"])
    assert done.exit_code == 0, done.stderr
    heads = [line for line in done.stdout.splitlines() if " answers, tier " in line]
    assert [head.split(",")[0] for head in heads] == ["15 answers"] * 2 + ["60 answers"] * 2
    assert "Under 100 answers there are no tables." in done.stdout


def test_a_study_that_says_not_how_people_answer_is_refused_in_a_sentence(runner):
    words = ["study", "check", str(STUDIES / "minimal"), "--rehearse", "300"]
    done = runner.invoke(main, words)
    assert done.exit_code == 1
    assert "minimal has no simulation.toml" in done.stderr


@pytest.mark.parametrize("typed", ["many", "300,", "0", "999999999"])
def test_a_number_that_cannot_be_read_is_named(runner, typed):
    done = runner.invoke(main, ["study", "check", str(FLAGSHIP), "--rehearse", typed])
    assert (done.exit_code, typed in done.stderr) == (2, True)
