"""Commands know which installation they speak of, and as whom: nothing is made by a slip."""

import os
import subprocess

import pytest
from click.testing import CliRunner

from survey.cli.main import main
from survey.storage import studies
from survey.storage.stores import Stores
from tests.serving import LACRIMA, ROOT

NOBODY = 64640  # a user of no name, as containers have

# Every command but those that begin an installation, with what it needs to be called at all.
COMMANDS = [
    ("account", "list"), ("account", "add", "x", "--role", "board"), ("account", "disable", "x"),
    ("account", "reset", "x"), ("account", "studies", "x"), ("account", "mail", "x"),
    ("board", "list", "minimal"), ("board", "quorum", "minimal", "1"),
    ("board", "end", "minimal", "x", "--why", "y"), ("board", "new-key", "x", "--why", "y"),
    ("destroy", "minimal"), ("doctor",), ("ledger", "minimal"), ("purge",), ("serve",),
    ("key", "rotate"), ("key", "list"), ("key", "lost"),
    ("invite", "minimal", "--count", "1", "--out", "codes"),
    ("recall", "minimal", "1", "--why", "y"), ("review", "minimal"),
    ("release", "minimal", "--tier", "C", "--out", "out"),
    ("study", "list"), ("study", "open", "minimal"), ("study", "close", "minimal"),
    ("study", "freeze", "minimal"), ("study", "stop-rule", "minimal"),
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_where_there_is_no_installation_a_command_says_so_and_makes_nothing(
    runner, tmp_path, monkeypatch, command
):
    monkeypatch.chdir(tmp_path)
    done = runner.invoke(main, command)
    assert (done.exit_code, "Traceback" in done.output) == (1, False)
    assert "here is no installation" in done.output or "there is none" in done.output
    assert list(tmp_path.iterdir()) == []


def test_the_data_folder_can_be_named_before_the_command(tmp_path):
    runner = CliRunner(env={"LACRIMA_DATA": str(tmp_path / "other")})
    named = ["--data", str(tmp_path / "data")]
    assert runner.invoke(main, [*named, "key", "new"]).exit_code == 0
    assert runner.invoke(main, [*named, "account", "list"]).exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def as_nobody(data, *words):
    """Run a command as a user of the system that has no name."""
    environ = {"PATH": os.environ["PATH"], "LACRIMA_DATA": str(data), "PYTHONPATH": str(ROOT)}
    environ |= {"LACRIMA_STUDIES": str(ROOT / "tests" / "studies")}
    user = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]
    command = [*user, str(LACRIMA), *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def test_a_user_without_a_name_works_and_each_act_has_its_line(tmp_path):
    for words in (
        ("key", "new"), ("account", "add", "Ada", "--role", "board"), ("account", "disable", "Ada"),
        ("key", "rotate"), ("doctor",), ("study", "list"), ("purge",),
    ):  # fmt: skip
        done = as_nobody(tmp_path / "data", *words)
        assert (done.returncode, done.stderr) == (0, ""), words
    stores = Stores(tmp_path / "data")
    lines = [(line["who"], line["what"]) for line in studies.audit(stores.office)]
    stores.close()
    assert lines == [
        ("command line", "server key: made"),
        ("command line", "account Ada (board): added"),
        ("command line", "account Ada: switched off"),
        ("command line", "server key: changed, 1 older kept"),
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_another_users_installation_is_left_alone_and_its_owner_named(runner, tmp_path):
    assert runner.invoke(main, ["key", "new"]).exit_code == 0
    for path in (tmp_path / "data", *(tmp_path / "data").iterdir()):
        os.chown(path, NOBODY, NOBODY)
    before = sorted((tmp_path / "data").iterdir())
    for words in (["study", "list"], ["account", "list"], ["purge"], ["key", "rotate"], ["doctor"]):
        done = runner.invoke(main, words)
        assert (done.exit_code, f"uid {NOBODY}" in done.stderr) == (1, True), words
    assert sorted((tmp_path / "data").iterdir()) == before
