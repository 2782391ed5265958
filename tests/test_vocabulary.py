"""One meaning a name, and the glossary names what is there."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.serving import ROOT

LAYERS = ("exports", "forms", "survey")
MODULES = sorted(p for layer in LAYERS for p in (ROOT / layer).rglob("*.py") if p.stat().st_size)

# A class name that stands in two modules, and why it may.
SAME_CLASS_NAME: dict[str, str] = {}
MOST_SHARED_FILE_NAMES = 14

# Words of a language of our own that were given up for the field's (decision 0021).
GIVEN_UP = {
    "offer", "shelf", "standin", "peel", "seats", "seating", "seekers", "choosy", "crowd", "crowds",
    "sitting", "shop", "workroom",
}  # fmt: skip
# Still the right word there.
STILL_RIGHT = {
    "offer": (
        "forms/study.py", "forms/parse_questionnaire.py", "forms/draft.py", "forms/fingerprint.py",
    ),
}  # fmt: skip

ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| `([^`|]+)` \|$", re.MULTILINE)
TERMS = ROW.findall((ROOT / "docs" / "glossary.md").read_text("utf-8"))


def where(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def test_a_class_name_is_defined_once():
    found: dict[str, list[str]] = defaultdict(list)
    for path in MODULES:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ClassDef):
                found[node.name.lstrip("_")].append(f"{where(path)}:{node.lineno}")
    several = {name: places for name, places in found.items() if len(places) > 1}
    assert {n: p for n, p in several.items() if n not in SAME_CLASS_NAME} == {}
    assert set(SAME_CLASS_NAME) <= set(several), "an exception that is none any more"
    assert len(SAME_CLASS_NAME) < 5


def layer_of(path: Path) -> str:
    """``exports/files``, ``survey/storage`` …; of routes the room they are in does not count."""
    return "/".join(where(path).split("/")[:2])


def test_a_file_name_stands_once_in_a_layer_and_rarely_in_two():
    found: dict[str, list[Path]] = defaultdict(list)
    for path in MODULES:
        if path.name != "__init__.py":
            found[path.name].append(path)
    shared = {name: paths for name, paths in found.items() if len(paths) > 1}
    inside = {n: p for n, p in shared.items() if len({layer_of(one) for one in p}) < len(p)}
    assert inside == {}
    assert len(shared) <= MOST_SHARED_FILE_NAMES, sorted(shared)


def names_in(path: Path) -> Iterator[str]:
    for node in ast.walk(parsed(path)):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.Name(id=name) | ast.Attribute(attr=name):
                yield name


@pytest.mark.parametrize("path", MODULES, ids=where)
def test_no_word_comes_back_that_was_given_up(path):
    words = {word for name in names_in(path) for word in re.split(r"_+|(?<=[a-z])(?=[A-Z])", name)}
    found = {word for word in map(str.lower, words) if word in GIVEN_UP}
    assert {w for w in found if where(path) not in STILL_RIGHT.get(w, ())} == set()


def test_the_glossary_has_forty_to_sixty_terms_each_once():
    terms = [term for term, _, _ in TERMS]
    assert 40 <= len(terms) <= 60
    assert len(set(terms)) == len(terms)


@pytest.mark.parametrize(("term", "place"), [(t, p) for t, _, p in TERMS])
def test_what_the_glossary_names_is_there(term, place):
    if "/" in place:
        assert (ROOT / place).exists()
        return
    module, _, name = place.rpartition(".")
    path = ROOT / (module.replace(".", "/") + ".py")
    if path.is_file():
        known = [n for n in parsed(path).body if isinstance(n, ast.ClassDef | ast.FunctionDef)]
        assert name in {node.name for node in known}
    else:
        assert (ROOT / (place.replace(".", "/") + ".py")).is_file()
