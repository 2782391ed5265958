"""Every block of README, SECURITY and docs/ is run by a test, or blocks.toml says why it is not."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from exports.tabular.policy import read_policy
from forms.deposit import DEPOSIT, missing_in, read_of_study
from forms.load import load_study
from forms.simulation import load_recipe
from forms.site_facts import load_site
from forms.toml_tables import StudyFaults
from survey.cli.main import main
from survey.clock import today_here
from survey.storage.stores import Stores
from tests.answering import freeze, real_answers
from tests.cli.test_merge import closed
from tests.conftest import FLAGSHIP
from tests.deploy.test_pages import PAGES as INSTALLED
from tests.promises.test_every_promise_is_tied import functions_of
from tests.serving import ROOT

HERE = Path(__file__).parent
NOTED = tomllib.loads((HERE / "blocks.toml").read_text("utf-8"))
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted(ROOT.glob("docs/**/*.md"))]
FENCED = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Lines set in by four after an empty one, at the margin of the page: a list's own are set in less.
SET_IN = re.compile(r"(?<=\n\n)((?:    [^\n]*\n|\n(?=    ))+)")
NAME = FLAGSHIP.name
BEGINS = 8  # words of a block by which it is named


def blocks(page: Path) -> Iterator[tuple[str, str, str]]:
    """Each block of a page: its name, its language (none where it is set in) and what it says."""
    text = page.read_text("utf-8")
    found = [(m.start(), m[1], m[2]) for m in FENCED.finditer(text)]
    plain = FENCED.sub(lambda m: "~" * (m.end() - m.start()), text)
    listed = [m for m in SET_IN.finditer(plain) if not in_a_list(plain[: m.start()])]
    found += [(m.start(), "", m[1]) for m in listed]
    for _, language, said in sorted(found):
        yield f"{page.relative_to(ROOT)}: {' '.join(said.split()[:BEGINS])}", language, said


def in_a_list(before: str) -> bool:
    """Whether what follows an empty line belongs to an entry of a list."""
    last = before.rstrip("\n").rpartition("\n\n")[2]
    return bool(re.match(r"\s*(?:-|\d+\.) ", last))


BLOCKS = {name: (language, said) for page in PAGES for name, language, said in blocks(page)}


def named(page: str, begins: str) -> str:
    """The one block of a page that begins so."""
    (name,) = [n for n in BLOCKS if n.startswith(f"{page}: {begins}")]
    return name


def block(page: str, begins: str) -> str:
    """What a block says; a call counts as running it."""
    return BLOCKS[named(page, begins)][1]


def run_here() -> set[str]:
    """The blocks that the tests of this file ask for."""
    calls = re.findall(
        r'block\(\s*"([^"]+)", ("[^"]+"|\'[^\']+\')', Path(__file__).read_text("utf-8")
    )
    parts = [part for listed in STUDY_FILES.values() for part in listed]
    found = {named(page, begins[1:-1]) for page, begins in calls}
    found |= {named("docs/study-format.md", part) for part in parts}
    return found | {named("docs/anonymise.md", part) for part in POLICY_PARTS}


def lines(said: str, **put: str) -> list[list[str]]:
    """The commands of a block without comments, words in capitals and … put in."""
    commands = said.replace("\\\n", " ").splitlines()
    split = [shlex.split(line, comments=True) for line in commands]
    return [[put.get(word, word) for word in words] for words in split if words]


STUDY_FILES = {
    "questionnaire.toml": ("title =", "[scale.view_warm]"),
    "consent.toml": ('version = "1.0-draft" receipt_code',),
    "release.toml": ("min_new_rows",),
    "support.toml": ("intro =",),
}


def test_every_key_of_the_study_format_is_known_to_the_loader(tmp_path):
    folder = tmp_path / "documented"
    folder.mkdir()
    for file, parts in STUDY_FILES.items():
        said = "\n".join(block("docs/study-format.md", part) for part in parts)
        (folder / file).write_text(said, "utf-8")
    with pytest.raises(StudyFaults) as told:
        load_study(folder)
    assert [str(fault) for fault in told.value.faults if "unknown key" in fault.problem] == []


def test_the_documented_facts_of_a_site_and_the_recipe_of_a_simulation_load(tmp_path):
    site = tmp_path / "site.toml"
    site.write_text(block("docs/study-format.md", "[site]"), "utf-8")
    assert load_site(site).invited == {NAME}
    told = tmp_path / DEPOSIT
    told.write_text(block("docs/study-format.md", "[deposit]"), "utf-8")
    assert missing_in(read_of_study(tmp_path), {}) == ("author",)
    recipe = tmp_path / "simulation.toml"
    recipe.write_text(block("docs/researcher.md", "[shares]"), "utf-8")
    assert load_recipe(load_study(FLAGSHIP), tmp_path).shares.careless == 0.06


SENSITIVE = ("illness", "work", "mood", "income")
PARTS = {
    "privacy": "[privacy]\nk = 5\nPRESENCE\n",
    "roles": f"[roles]\nquasi_identifier = [KEYS]\nsensitive = {json.dumps(SENSITIVE)}\nPLAIN\n",
    "hierarchies": '[hierarchies]\nage = "age.csv"\n',
}


POLICY_PARTS = (
    "[privacy] k = 5 l = {", "[known]", "missing =", "[hierarchies]", "[ordered]", "[numbers]",
    "[population]",
)  # fmt: skip


@pytest.mark.parametrize("begins", POLICY_PARTS)
def test_every_part_of_a_policy_is_taken_as_documented(begins, tmp_path):
    said = block("docs/anonymise.md", begins)
    keys = tomllib.loads(said).get("hierarchies", {"age": ""})
    parts = "".join(text for table, text in PARTS.items() if f"[{table}]" not in said)
    parts = parts.replace("PRESENCE", "presence = [0.0, 0.5]" if "population" in begins else "")
    parts = parts.replace("KEYS", ", ".join(map(json.dumps, keys)))
    policy = tmp_path / "policy.toml"
    policy.write_text(said + parts.replace("PLAIN", "" if "born" in keys else 'plain = ["born"]'))
    (tmp_path / "age.csv").write_text("20,*\n")
    assert read_policy(policy, list).k == 5


@pytest.fixture
def lacrima(runner, tmp_path, monkeypatch):
    """The command line of a new installation, in a folder of its own: a command must end well."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LACRIMA_ENDINGS", str(tmp_path / "endings.json"))

    def run(words):
        assert words[0] == "lacrima"
        done = runner.invoke(main, words[1:], catch_exceptions=False, input="")
        assert done.exit_code == 0, (words, done.stderr)
        return done.output

    run(["lacrima", "key", "new"])
    return run


def test_a_pilot_is_filled_released_and_analysed_as_documented(lacrima):
    put = {"NAME": NAME, "FOLDER": "my-release", "1080": "600"}  # fewer are as telling
    simulate, release, h1 = lines(block("docs/researcher.md", "lacrima simulate NAME"), **put)
    lacrima(simulate)
    lacrima(release)
    script = [str(ROOT / word) if word.startswith("studies/") else word for word in h1[1:]]
    done = subprocess.run([sys.executable, *script], capture_output=True, text=True, check=True)
    assert "latent" in done.stdout
    # The first line reads frozen texts, once they have rested: tests/survey/releases.
    _, pilot, status = lines(block("docs/free-text.md", "lacrima review"), STUDY=NAME)
    lacrima(pilot)
    lacrima([*status, "--pilot"])
    levels: dict[str, Any] = {}
    exec(block("docs/researcher.md", "import importlib.util"), levels)
    at_level = {*levels["region"]} - {None}
    assert at_level <= {201, 202}
    assert at_level
    if not shutil.which("Rscript"):
        pytest.skip("no Rscript: install r-base-core")
    in_r = block("docs/researcher.md", 'source("analysis/import.R")')
    done = subprocess.run(["Rscript", "--vanilla", "-e", in_r], cwd="my-release",
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert {int(code) for code in re.findall(r"\b2\d\d\b", done.stdout)} == at_level


def test_what_is_frozen_is_released_and_kept_account_of_as_documented(lacrima, tmp_path):
    stores = Stores(tmp_path / "data")
    study = load_study(FLAGSHIP)
    real_answers(stores, study, 120)
    freeze(stores, study)
    stores.close()
    frozen, _, handed = lines(block("docs/researcher.md", "lacrima release NAME"), NAME=NAME)
    for place, words in (("frozen", frozen), ("handed", handed)):
        lacrima([place if word == "FOLDER" else word for word in words])
    put = {"NAME": NAME, "NUMBER": "1", "WHO": "Dr Ada Example", "WHICH": "DUA 7"}
    for words in lines(block("docs/researcher.md", "lacrima ledger"), **put, DATE="2026-11-01"):
        lacrima(words)
    assert "Labels of age_band were swapped." in lacrima(["lacrima", "ledger", NAME])


def test_a_board_is_seated_and_people_are_invited_as_documented(lacrima):
    for words in lines(block("docs/approvals.md", "lacrima account add ada"), STUDY="minimal"):
        lacrima(words)
    assert "Dr Ada Berg" in lacrima(["lacrima", "board", "list", "minimal"])
    plain, linked = lines(block("docs/researcher.md", "lacrima invite"), NAME="minimal")
    lacrima(plain)
    lacrima([word.replace("codes.csv", "links.csv") for word in linked])
    assert "https://survey.example.org/" in Path("links.csv").read_text()


def test_a_backup_is_made_and_put_back_as_documented(lacrima, tmp_path):
    key, doctor, _ = lines(block("docs/host.md", "lacrima key new"))  # serve: as in each demo
    assert key == ["lacrima", "key", "new"]  # as the command line here began
    lacrima(doctor)
    new_key, backup = lines(block("docs/host.md", "lacrima backup --new-key"))
    public = lacrima(new_key).partition("public key: ")[2].split()[0]
    there = {"/backup": str(tmp_path / "backup"), "age1…": public}
    (tmp_path / "backup").mkdir()
    lacrima([there.get(word, word) for word in backup])
    (made,) = (tmp_path / "backup").iterdir()
    (restore,) = lines(block("docs/host.md", "lacrima restore FILE"), FILE=str(made))
    shutil.copy(tmp_path / "data" / "server.key", tmp_path / "server.key")
    lacrima([w.replace("/var/lib/lacrima-new", str(tmp_path / "put-back")) for w in restore])
    for words in lines(block("docs/host.md", "lacrima backup /backup")):
        if words[0] == "lacrima":  # pip's lines: tests/upgrade/test_installing.py
            lacrima([there.get(word, word) for word in words])


def test_two_installations_are_merged_as_documented(runner, tmp_path, study, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder, seed in (("data", 1), ("other", 2)):
        closed(tmp_path / folder, study("minimal"), seed=seed).close()
    ((_, *words),) = lines(block("docs/host.md", "lacrima merge other/"))
    assert "10 rows and texts were taken over" in runner.invoke(main, words).output


def known(words: list[str]) -> None:
    """Raise a UsageError where no such command is there, or an option of it."""
    group: click.Command = main
    context = click.Context(main, resilient_parsing=True)
    while isinstance(group, click.Group):
        if words[:1] == ["--by"]:
            words = words[2:]
        name, words = words[0], words[1:]
        found = group.get_command(context, name)
        if found is None:
            raise click.UsageError(f"no command {name}")
        group = found
    group.make_context(group.name, words, resilient_parsing=True)


def test_every_command_in_a_block_is_there_with_its_options():
    wrong = []
    for name, (language, said) in BLOCKS.items():
        for line in said.splitlines() if language in ("", "sh") else ():
            if line.strip().startswith("lacrima "):
                try:
                    known(shlex.split(line, comments=True)[1:])
                except click.UsageError as error:
                    wrong.append((name, line.strip(), error.message))
    assert wrong == []


TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def test_every_target_of_make_in_a_block_is_there():
    named = {
        w
        for _, said in BLOCKS.values()
        for w in re.findall(r"^ *make ([a-z]+)", said, re.MULTILINE)
    }
    assert named
    assert named <= TARGETS


def test_every_block_is_run_or_it_is_said_why_not():
    installed = {n for n in BLOCKS if BLOCKS[n][0] == "sh" and n[5:].partition(":")[0] in INSTALLED}
    begun = [key.split(": ", 1) for noted in NOTED.values() for key in noted]
    noted_here = {named(page, begins) for page, begins in begun}
    assert sorted(set(BLOCKS) - run_here() - installed - noted_here) == []


def test_every_test_that_is_said_to_run_a_block_is_there():
    nodes = [node.partition("::") for node in NOTED["elsewhere"].values()]
    assert [n for n in nodes if n[2] not in functions_of(n[0].removeprefix("tests/"))] == []


def test_the_documented_dates_are_not_over():
    """A term or an agreement of an example that lies in the past would be refused some day."""
    dates = re.findall(r"--until (\d{4}-\d\d-\d\d)", "".join(s for _, s in BLOCKS.values()))
    assert min(dates) > (today_here() + timedelta(30)).isoformat()
