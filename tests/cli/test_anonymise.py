"""``lacrima anonymise``: the documented example, what is printed, and how it refuses."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from survey.cli.main import main
from tests.exports.tabular.desk import ROWS, Desk
from tests.serving import ROOT

BLOCK = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def anonymise(runner, desk):
    """Runs the command; gives (exit status, what was printed, what was said on standard error)."""

    def run(*words):
        words = words or (desk.data, "--policy", desk.policy, "--out", desk.out)
        done = runner.invoke(main, ["anonymise", *map(str, words)], catch_exceptions=False)
        return done.exit_code, done.stdout, done.stderr

    return run


def test_the_documented_example_gives_the_documented_table(anonymise, tmp_path):
    told = dict(BLOCK.findall((ROOT / "docs" / "anonymise.md").read_text("utf-8")))
    folder = tmp_path / "example"
    folder.mkdir()
    data, policy = (folder / name for name in ("people.csv", "policy.toml"))
    data.write_text(told["people.csv"], encoding="utf-8")
    anonymise(data, "--start", policy)
    assert policy.read_text("utf-8") == told["begun/policy.toml"]
    hierarchy = "policy-hierarchies/sex.csv"
    assert (folder / hierarchy).read_text("utf-8") == told[hierarchy]
    policy.write_text(told["policy.toml"], encoding="utf-8")
    anonymise(data, "--policy", policy, "--out", folder / "protected")
    assert (folder / "protected" / "data.csv").read_text("utf-8") == told["protected/data.csv"]


def test_a_first_policy_shows_no_value_on_the_terminal(anonymise, desk):
    desk.rows([(f"canary {at}", *row[1:4], f"canary {at} wrote") for at, row in enumerate(ROWS)])
    status, said, told = anonymise(desk.data, "--start", desk.folder / "new.toml")
    assert (status, told, "canary" in said) == (0, "", False)
    assert "new.toml written with 1 hierarchy beside it: read every line, then" in said


def test_it_says_what_was_reached_and_where_it_lies(anonymise, desk):
    status, said, told = anonymise()
    assert (status, told) == (0, "")
    assert re.search(rf"{desk.out} written in \d+\.\d seconds", said)


def test_how_the_table_was_read_is_said_first_where_it_was_not_plain(anonymise, desk):
    desk.write(
        "data.csv", desk.data.read_text().replace(",", ";").replace("P0", "Jörg").encode("cp1252")
    )
    _, said, _ = anonymise()
    assert said.splitlines()[0] == "Read as semicolon-separated, cp1252: data.csv."


def test_what_is_in_doubt_can_be_named(anonymise, desk):
    desk.write(
        "data.csv", desk.data.read_text().replace(",", ";").replace("P0", "Żółć").encode("cp1250")
    )
    words = (desk.data, "--policy", desk.policy, "--out", desk.out)
    status, _, told = anonymise(*words)
    assert (status, "--encoding" in told) == (1, True)
    assert anonymise(*words, "--encoding", "cp1250", "--separator", ";")[0] == 0


def test_the_private_report_is_told_and_can_be_named(anonymise, desk):
    words = (desk.data, "--policy", desk.policy, "--out", desk.out)
    _, said, _ = anonymise(*words, "--private-report", desk.folder / "mine.json")
    assert f"{desk.folder / 'mine.json'} is for you alone" in said
    assert (desk.folder / "mine.json").stat().st_mode & 0o777 == 0o600


def test_seconds_are_never_written(anonymise, desk):
    anonymise()
    assert [p.name for p in desk.out.iterdir() if b"second" in p.read_bytes()] == []


def test_a_refusal_is_one_line_and_exit_1(anonymise, desk):
    desk.change("k = 2", "k = 99")
    status, said, told = anonymise()
    assert (status, said, len(told.splitlines())) == (1, "", 1)
    assert not desk.out.exists()


@pytest.mark.parametrize(
    "options",
    [[], ["--policy", "p.toml"], ["--out", "o"], ["--start", "p.toml", "--out", "o"]],
)
def test_wrong_use_is_exit_2(anonymise, desk, options):
    assert anonymise(desk.data, *options)[0] == 2


def test_it_loads_no_web(desk):
    words = ["anonymise", desk.data, "--policy", desk.policy, "--out", desk.out]
    script = (
        "import sys; from survey.cli import main\n"
        "try: main()\n"
        "finally: print([m for m in ('flask', 'werkzeug') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, words)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
