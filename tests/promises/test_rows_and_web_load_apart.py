"""What handles rows loads no web, and what answers clients loads nothing that could handle rows."""

import subprocess
import sys

import pytest

WEB = ("flask", "wtforms", "sqlite3", "sqlite_utils", "survey")
ROWS = ("polars", "numpy", "pyreadstat", "exports.anonymise", "exports.release", "exports.columns")
SCRIPT = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(*(name for name in sys.argv[2:] if name in sys.modules))
"""


@pytest.mark.parametrize(
    ("loaded", "others"), [("exports.release", WEB), ("survey.app", ROWS)], ids=["rows", "web"]
)
def test_neither_brings_in_the_other(loaded, others):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, loaded, *others], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
