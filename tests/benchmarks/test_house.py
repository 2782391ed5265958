"""The figures of the code count what they say."""

from types import ModuleType

import pytest

from benchmarks import house
from benchmarks.passes import watching

MD = ".md"  # apart, so that this file names no page itself
APP = '''\
"""Docstring."""

import json

from forms import ask
from forms.ask import Step
from survey.store import Step as Other


def begin(step: Step) -> str:
    """Return what is said."""
    # A comment of its own.
    said = json.dumps(
        {"of": str(step)},
    )

    return said  # and one beside
'''
FILES = {
    "survey/__init__.py": "",
    "survey/app.py": APP,
    "survey/store.py": "class Step:\n    pass\n\n\nclass _Once:\n    pass\n",
    "forms/__init__.py": "",
    "forms/ask.py": "class _Step:\n    class Inner: ...\n    class Inner: ...\n",
    "exports/ask.py": f"# DESIGN{MD} and CONSENT{MD}\ndef nothing():\n    '''Do nothing.'''\n",
    f"docs/CONSENT{MD}": f"INSTRUMENT{MD}, twice: INSTRUMENT{MD}\n",
    ".venv/lib.py": f"# INSTRUMENT{MD}\n",
}  # fmt: skip


@pytest.fixture
def root(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path


@pytest.fixture
def modules(root):
    return house.modules_of(root)


def test_modules_are_those_of_the_product(modules):
    assert {m.path for m in modules} == {p for p in FILES if p[0] in "sfe"}


def test_a_class_name_is_shared_across_modules_whatever_its_underscores(modules):
    assert house.shared_classes(modules) == {"Step": ["forms/ask.py", "survey/store.py"]}


def test_a_class_name_is_repeated_within_a_module_too(modules):
    assert house.repeated_classes(modules) == {"Inner": ["forms/ask.py", "forms/ask.py"]}


def test_every_package_may_have_its_init(modules):
    assert house.shared_files(modules) == {"ask.py": ["exports/ask.py", "forms/ask.py"]}


def test_a_module_counts_once_however_it_is_imported(modules):
    app = next(m for m in modules if m.path == "survey/app.py")
    assert house.imported_by(app, modules) == ["forms/ask", "survey/store"]


def test_a_body_is_without_blanks_comments_and_docstring(modules):
    assert house.body_lengths(modules) == [0, 4]


def test_comments_have_a_line_of_their_own(modules):
    assert house.comments(modules) == 2


def test_a_page_that_is_here_or_elsewhere_is_not_missing(root):
    assert house.missing_pages(root) == {
        f"DESIGN{MD}": ["exports/ask.py"],
        f"INSTRUMENT{MD}": [f"docs/CONSENT{MD}"] * 2,
    }


def made_of(root, path, text):
    """A module whose code says that it is from ``path`` below ``root``."""
    module = ModuleType("made")
    exec(compile(text, str(root / path), "exec"), module.__dict__)
    return module


def test_calls_are_followed_through_what_is_not_the_product(tmp_path):
    store = made_of(tmp_path, "survey/store.py", "def keep(): own()\ndef own(): pass")
    library = made_of(tmp_path, "lib/any.py", "def call(what): what()")
    pages = made_of(tmp_path, "survey/pages.py", "def post(): call(keep); own()\ndef own(): pass")
    vars(pages).update(call=library.call, keep=store.keep)
    with watching(tmp_path) as passes:
        pages.post()
    assert passes.modules() == ["survey/pages.py", "survey/store.py"]
    assert passes.calls == [
        ("survey/pages.py", None),
        ("survey/store.py", "survey/pages.py"),
        ("survey/store.py", "survey/store.py"),
        ("survey/pages.py", "survey/pages.py"),
    ]
    assert (passes.changes, passes.crossings) == (2, 1)


def test_a_release_is_what_runs_below_the_package_that_makes_it(tmp_path):
    releasing = made_of(tmp_path, "survey/releasing/make.py", "def make(): write()")
    exports = made_of(tmp_path, "exports/csv_file.py", "def write(): pass")
    command = made_of(tmp_path, "survey/command.py", "def run(): make()")
    vars(releasing).update(write=exports.write)
    vars(command).update(make=releasing.make)
    with watching(tmp_path) as passes:
        command.run()
    assert passes.modules(within=True) == ["exports/csv_file.py", "survey/releasing/make.py"]
    assert len(passes.modules()) == 3
