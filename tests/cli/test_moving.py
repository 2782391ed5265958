"""The page on moving to another machine, followed line by line."""

import re
import shlex
import shutil
from datetime import timedelta

import pytest

from survey.cli.main import main
from survey.clock import today_here
from survey.storage import accounts, studies
from survey.storage.stores import Stores
from tests.approving import FACTS, confirm_all, copied, explain_slots_in, letter_in
from tests.conftest import STUDIES, TOP

NAME = "minimal"
APPROVE = (
    "study", "approve", NAME, "--reference", "R7", "--by", "A board",
    "--date", "2020-01-01", "--expires", (today_here() + timedelta(300)).isoformat(),
)  # fmt: skip


@pytest.fixture
def machine(runner, tmp_path, monkeypatch):
    """``machine(name)``: a command line in a folder of its own, as on a machine of its own."""

    def at(name):
        home = tmp_path / name
        home.mkdir()

        def run(*words, **environ):
            monkeypatch.chdir(home)
            settings = {"LACRIMA_DATA": "data", "LACRIMA_KEY": "server.key", **environ}
            return runner.invoke(main, [*map(str, words)], env=settings, catch_exceptions=False)

        return home, run

    return at


@pytest.fixture
def old(machine, tmp_path):
    """A machine on which the study is open."""
    home, run = machine("old")
    shelf = {"LACRIMA_STUDIES": str(home / "shelf")}
    copied(STUDIES / NAME, home / "shelf" / NAME)
    (home / "data").mkdir(mode=0o700)
    (home / "data" / "site.toml").write_text(FACTS)
    assert run("key", "new", **shelf).exit_code == 0
    explain_slots_in(home / "data", NAME)
    assert run(*APPROVE, "--letter", letter_in(tmp_path), **shelf).exit_code == 0
    confirm_all(home / "data", NAME)
    assert run("study", "open", NAME, **shelf).exit_code == 0
    return home, lambda *words: run(*words, **shelf)


def steps():
    """The commands of the page, those of the old machine and those of the new one."""
    page = (TOP / "docs" / "host.md").read_text("utf-8")
    section = page.partition("### Moving to another machine")[2].partition("\n#")[0]
    blocks = re.findall(r"(?:^    lacrima .*\n)+", section, re.MULTILINE)
    return [[shlex.split(line, comments=True)[1:] for line in b.splitlines()] for b in blocks]


def test_the_page_on_moving_leads_to_an_open_study_on_the_new_machine(old, machine):
    home, run = old
    public = run("backup", "--new-key", "secret.txt").output.partition("public key: ")[2].split()[0]
    before, after = steps()
    for words in before:
        done = run(*(public if w == "age1…" else NAME if w == "NAME" else w for w in words))
        assert done.exit_code == 0, done.stderr
    new, there = machine("new")
    for name in ("move.age", "server.key", "secret.txt"):
        shutil.copy(home / name, new / name)
    shutil.copy(home / "data" / "endings.json", new / "endings.json")
    for words in after:
        done = there(*(NAME if w == "NAME" else w for w in words), LACRIMA_STUDIES="data/studies")
        assert done.exit_code == 0, (words, done.stderr)
    stores = Stores(new / "data")
    assert studies.status(stores.office, NAME) == "open"
    assert accounts.listed(stores.office)
    stores.close()
