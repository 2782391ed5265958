"""Every setting, command, route, kind of question and key of a policy stands in the docs."""

import re
from dataclasses import fields

import click
import pytest

from exports.documents.readme import FILES
from exports.files.formats import FORMATS
from forms.kinds import KINDS
from forms.study import SmallSamples
from survey.cli.main import main
from survey.config import PREFIX, SETTINGS
from tests.serving import ROOT

PAGES = [
    *ROOT.glob("docs/**/*.md"),
    *(ROOT / f"{n}.md" for n in ("README", "CHANGELOG", "SECURITY")),
]
DOCS = "\n".join(page.read_text("utf-8") for page in PAGES)
HOST = (ROOT / "docs" / "host.md").read_text("utf-8")
STUDY_FORMAT = (ROOT / "docs" / "study-format.md").read_text("utf-8")
RESEARCHER = (ROOT / "docs" / "researcher.md").read_text("utf-8")
ROW, CODE = re.compile(r"^\|.*\|$", re.MULTILINE), re.compile(r"`([^`]+)`")
PAGE_OF_ROOM = re.compile("/research/<name>/([a-z-]+/?)")
LINK = re.compile(r"\]\((?!https?://)([^)#]+)")
INTO = re.compile(r"\]\((?!https?://)([^)#]*)#([^)]+)\)")


def commands(group, name="lacrima"):
    """Every command with the words that call it."""
    for key, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {key}")
        else:
            yield f"{name} {key}", command


def headings(page):
    """What links into a page can name, as the forges make it of headings."""
    found = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in found}


@pytest.mark.parametrize("setting", [PREFIX + s.name.upper() for s in SETTINGS])
def test_every_setting_is_documented(setting):
    assert setting in DOCS


@pytest.mark.parametrize("name", [name for name, _ in commands(main)])
def test_every_command_has_a_row_in_the_table_for_hosts(name):
    assert re.search(rf"^\| `{name}[ `]", HOST, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "option"),
    [
        (name, max(p.opts, key=len))
        for name, command in commands(main)
        for p in command.params
        if isinstance(p, click.Option)
    ],
)
def test_every_option_is_documented(name, option):
    assert option in DOCS


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_question_has_a_row_in_the_study_format(kind):
    assert f"\n| `{kind}` | " in STUDY_FORMAT


@pytest.mark.parametrize("key", [field.name for field in fields(SmallSamples)])
def test_every_rule_for_small_samples_is_documented(key):
    assert f"{key} = " in DOCS


@pytest.mark.parametrize("path", FILES)
def test_every_file_of_a_release_is_explained_to_researchers(path):
    assert f"`{path.removesuffix('*')}" in RESEARCHER


@pytest.mark.parametrize("suffix", [".csv", *FORMATS])
def test_every_data_format_is_explained_to_researchers(suffix):
    assert f"{suffix}`" in RESEARCHER


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_pages_leads_somewhere(page):
    linked = LINK.findall(page.read_text("utf-8"))
    assert [link for link in linked if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_into_a_page_leads_to_a_heading(page):
    into = INTO.findall(page.read_text("utf-8"))
    missed = [(to, at) for to, at in into if at not in headings(page.parent / to if to else page)]
    assert missed == []


def test_every_proof_that_a_page_names_is_there():
    named = set(re.findall(r"`((?:\w+/)+test_\w+\.py)`", DOCS))
    assert named, "no page names a proof any more"
    there = {path for path in named if (ROOT / path).exists() or (ROOT / "tests" / path).exists()}
    assert sorted(named - there) == []


def test_every_page_can_be_reached_from_the_first_one():
    queue = [ROOT / "README.md"]
    for page in queue:
        links = LINK.findall(page.read_text("utf-8")) if page.suffix == ".md" else []
        linked = {(page.parent / link).resolve() for link in links}
        queue.extend(sorted(linked - {*queue}))
    assert {*ROOT.resolve().glob("docs/**/*.md")} <= {*queue}


def test_every_address_stands_in_the_table_of_addresses(app):
    rows = "".join(ROW.findall((ROOT / "docs" / "addresses.md").read_text("utf-8")))
    known = {part for address in CODE.findall(rows) for part in address.split("/")}
    parts = {part for rule in app.url_map.iter_rules() for part in rule.rule.split("/")}
    assert {part for part in parts if part and "<" not in part} <= known


def test_every_page_of_the_researchers_room_is_explained_to_researchers(app):
    pages = {rule.rule for rule in app.url_map.iter_rules() if "GET" in rule.methods}
    found = {page.group(1) for rule in pages if (page := PAGE_OF_ROOM.fullmatch(rule))}
    assert {page for page in found if f"`{page}`" not in RESEARCHER} == set()


@pytest.mark.parametrize("name", [name for name, _ in commands(main)])
def test_every_command_explains_itself(runner, name):
    done = runner.invoke(main, [*name.split()[1:], "--help"])
    assert (done.exit_code, "Usage:" in done.output) == (0, True)
