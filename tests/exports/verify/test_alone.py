"""Whoever checks must not lean on whoever made."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import exports.verify

FOLDER = Path(exports.verify.__path__[0])


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_the_verifier_shares_no_code_with_what_it_verifies():
    names = {name for path in FOLDER.glob("*.py") for name in imports(path)}
    # Attacks are plain functions on tables, and know nothing of what made a file.
    strange = {n for n in names if not n.startswith("exports.verify.")} - {"exports.attacks"}
    libraries = {"numpy", "polars", "pyreadstat"}
    assert {n.split(".")[0] for n in strange} <= {*sys.stdlib_module_names, *libraries}
