"""Every passage that clients or boards read is tied to the test that makes it true (tied.toml)."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from forms import platform_texts
from forms.load import load_study
from tests.conftest import FLAGSHIP, TOP

HERE = Path(__file__).parent
TIED = tomllib.loads((HERE / "tied.toml").read_text("utf-8"))
SILENT, PEOPLE, TESTS = TIED["says_nothing"], TIED["people"], TIED["tied"]
WAITING = TIED["waiting"]


def study_passages():
    """Ids of everything in consent.toml and support.toml that somebody reads."""
    study = load_study(FLAGSHIP)
    consent = study.consent
    yield from (f"text {key}" for key in consent.texts)
    parts = (consent.key_facts, consent.details, consent.notice, consent.debrief, consent.leaflet)
    for part in (*parts, consent.board_note, study.support.passages):
        yield from (passage.id for passage in part)
    yield from (asked.id for asked in consent.eligibility)
    yield from (name for name, _ in consent.asked_at_consent)
    yield "support intro"


def platform_passages():
    """Names of the platform's own words to clients that hold a sentence; a button says nothing."""
    for name, value in vars(platform_texts).items():
        if (
            name.isupper()
            and not name.startswith("_")
            and any(text.endswith(".") for text in texts_of(value))
        ):
            yield f"platform {name}"


def texts_of(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, tuple | list):
        return [text for inner in value for text in texts_of(inner)]
    return [value] if isinstance(value, str) else []


# What a page shows as one run of text ends with one of these.
BLOCK = re.compile(
    r"</?(?:p|li|h[1-6]|td|th|dd|dt|div|summary|ul|ol|dl|section|tr|title|label|legend|button|strong)"
    r"\b[^>]*>"
)
FEWEST_WORDS = 5  # of a run of text that can say something


def template_passages():
    """Sentences that a template itself says: named by its file and their first six words."""
    for folder in ("respond", "invite", "ethics", "board"):
        for path in sorted((TOP / "templates" / folder).glob("*.html")):
            for said in runs_of_text(path.read_text("utf-8")):
                yield f"{folder}/{path.name}: {' '.join(said.split()[:6])}"


def runs_of_text(template):
    plain = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", template, flags=re.DOTALL)
    for run in BLOCK.sub("\n", plain).split("\n"):
        said = " ".join(re.sub(r"<[^>]+>", "", run).split())
        words = re.findall(r"[A-Za-z’]{2,}", said)
        if said.endswith((".", ":")) and len(words) >= FEWEST_WORDS:
            yield said


@cache
def functions_of(path):
    tree = ast.parse((HERE.parent / path).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


PASSAGES = [*study_passages(), *platform_passages(), *template_passages()]


@pytest.mark.parametrize("passage", PASSAGES)
def test_every_passage_is_tied_or_says_nothing_of_the_program(passage):
    tied = passage in TESTS or passage in PEOPLE
    ways = (tied, passage in SILENT, passage in WAITING)
    assert ways.count(True) == 1, "name it in tests/promises/tied.toml, in one way"


def test_nothing_is_tied_that_nobody_reads():
    assert sorted({*SILENT, *PEOPLE, *TESTS, *WAITING} - set(PASSAGES)) == []


@pytest.mark.parametrize("passage", TESTS)
def test_every_test_that_is_named_is_there(passage):
    for node in TESTS[passage]:
        path, _, name = node.partition("::")
        assert (HERE.parent / path).is_file(), node
        assert name in functions_of(path), node
        assert name.startswith("test_"), node
