"""Every passage that clients or boards read is tied to the test that makes it true (tied.toml).

A tie holds for the words it was made for: their hashes stand in tied_words.txt. Who changes a
passage reads the tests that it is tied to again, mends the tie, and then runs this file with
TIES=write.
"""

import ast
import os
import re
import tomllib
from functools import cache
from hashlib import sha256
from pathlib import Path

from forms import platform_texts
from forms.load import load_study
from tests.conftest import FLAGSHIP, TOP

HERE = Path(__file__).parent
TIED = tomllib.loads((HERE / "tied.toml").read_text("utf-8"))
SILENT, PEOPLE, TESTS = TIED["says_nothing"], TIED["people"], TIED["tied"]
WORDS = HERE / "tied_words.txt"


def study_passages():
    """Everything in consent.toml and support.toml that somebody reads: its id and its words."""
    study = load_study(FLAGSHIP)
    consent = study.consent
    yield from ((f"text {key}", words) for key, words in consent.texts.items())
    parts = (consent.key_facts, consent.details, consent.notice, consent.debrief, consent.leaflet)
    for part in (*parts, consent.board_note, study.support.passages):
        yield from ((passage.id, f"{passage.heading} {passage.text}") for passage in part)
    yield from ((one.id, f"{one.text} {one.yes} {one.no}") for one in consent.eligibility)
    yield from ((one.id, f"{one.text} {one.effect}") for one in consent.statements)
    yield from ((one.id, f"{one.text} {one.options} {one.right}") for one in consent.comprehension)
    yield "support intro", study.support.intro


def platform_passages():
    """The platform's own words to clients that hold a sentence; a button says nothing."""
    for name, value in vars(platform_texts).items():
        if (
            name.isupper()
            and not name.startswith("_")
            and any(text.endswith(".") for text in texts_of(value))
        ):
            yield f"platform {name}", repr(value)


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
    for folder in ("respond", "invite", "site", "ethics", "board"):
        for path in sorted((TOP / "templates" / folder).glob("*.html")):
            for said in runs_of_text(path.read_text("utf-8")):
                yield named(f"{folder}/{path.name}", said), said


def page_passages(page):
    """Paragraphs, entries and rows of a page of docs/; a row that names its proof is tied by it."""
    for block in re.split(r"\n\s*\n", (TOP / "docs" / page).read_text("utf-8")):
        rows = block.splitlines()[2:] if block.startswith("|") else re.split(r"\n(?=- )", block)
        for said in () if block.startswith("#") else rows:
            yield named(page, re.sub(r"\[([^]]*)\]\([^)]*\)|[*`|]", r"\1", said)), said


def named(place, said):
    return f"{place}: {' '.join(said.split()[:6])}"


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


def every_passage():
    found: dict[str, str] = {}
    pages = (page_passages("board.md"), page_passages("clients.md"))
    for part in (study_passages(), platform_passages(), template_passages(), *pages):
        for passage, words in part:
            found[passage] = f"{found.get(passage, '')} {' '.join(words.split())}"
    return found


PASSAGES = every_passage()
PROOFS = {
    passage: re.findall(r"`([\w/]+\.py)`", words)
    for passage, words in PASSAGES.items()
    if passage.startswith("board.md: ") and words.startswith(" |")
}


def test_every_passage_is_tied_or_says_nothing_of_the_program():
    proved = {passage for passage, proofs in PROOFS.items() if proofs}
    ways = (SILENT, proved, {*TESTS, *PEOPLE})
    untied = [p for p in PASSAGES if [p in way for way in ways].count(True) != 1]
    assert untied == [], "name each in tests/promises/tied.toml, in one way"


def test_nothing_is_tied_that_nobody_reads():
    assert sorted({*SILENT, *PEOPLE, *TESTS} - set(PASSAGES)) == []


def test_every_tie_is_to_the_words_that_it_was_made_for():
    now = {p: sha256(words.encode()).hexdigest()[:12] for p, words in PASSAGES.items()}
    if os.environ.get("TIES") == "write":
        WORDS.write_text("".join(f"{now[p]} {p}\n" for p in sorted(now)), "utf-8")
    lines = [line.partition(" ") for line in WORDS.read_text("utf-8").splitlines()]
    tied = {passage: words for words, _, passage in lines}
    changed = [p for p in now.keys() | tied.keys() if now.get(p) != tied.get(p)]
    assert sorted(changed) == [], "is each still tied to what proves it? Then run with TIES=write"


def test_every_test_that_is_named_is_there():
    nodes = [node.partition("::") for passage in TESTS for node in TESTS[passage]]
    gone = [
        f"{path}::{name}"
        for path, _, name in nodes
        if not (HERE.parent / path).is_file() or name not in functions_of(path)
    ]
    assert (gone, [name for *_, name in nodes if not name.startswith("test_")]) == ([], [])


def test_every_proof_that_boards_are_named_is_there():
    named = [proof for proofs in PROOFS.values() for proof in proofs]
    assert [one for one in named if not list((TOP / "tests").rglob(one))] == []
