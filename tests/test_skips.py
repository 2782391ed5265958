"""A machine that lacks what a test needs fails in CI instead of proving less."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SKIPS = Path(__file__).with_name("skips.py")
LISTED = '"test_it.py::test_one" = "root may do anything"\n'
ONE = "import pytest\n\n\ndef test_one():\n    pytest.skip('{}')\n"
TWO = ONE.replace("one", "two")
XFAIL = "import pytest\n\n\ndef test_one():\n    pytest.xfail('{}')\n"
MODULE = "import pytest\n\npytest.skip('{}', allow_module_level=True)\n"
ALONE, SHARED = (), ("-p", "xdist", "-n", "1")


def run(folder: Path, test: str, *how: str, ci: str) -> tuple[int, str]:
    """Exit status and closing line of a run of a test that skips."""
    shutil.copy(SKIPS, folder / "conftest.py")
    (folder / "skips.toml").write_text(LISTED)
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_it.py").write_text(test)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *how], cwd=folder,
        env={**kept, "CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout.splitlines()[-1]


@pytest.mark.parametrize("how", [ALONE, SHARED], ids=["alone", "in parallel"])
@pytest.mark.parametrize(
    ("test", "reason", "passes", "counted"),
    [
        (ONE, "root may do anything", True, "1 skipped"),
        (ONE, "no R", False, "1 failed"),
        (TWO, "root may do anything", False, "1 failed"),
        (XFAIL, "not made yet", True, "1 xfailed"),
        (MODULE, "no R", False, "1 error"),
    ],
    ids=["listed", "another reason", "another test", "expected to fail", "a whole file"],
)
def test_a_skip_in_ci_fails_the_run_unless_listed(tmp_path, how, test, reason, passes, counted):
    status, closing = run(tmp_path, test.format(reason), *how, ci="true")
    assert (status == 0, counted in closing) == (passes, True), closing


def test_outside_ci_a_skip_is_only_counted(tmp_path):
    status, closing = run(tmp_path, ONE.format("no R"), ci="")
    assert (status, "1 skipped" in closing) == (0, True), closing
