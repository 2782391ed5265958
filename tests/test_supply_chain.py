"""What a release is made of: one wheel from anywhere, every dependency with its licence."""

import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from requirements.licences import PAGE, licence_of, pinned, table
from tests.serving import ROOT

PARTS = (
    "survey", "forms", "exports", "templates", "studies", "deploy", "requirements",
    "pyproject.toml", "README.md", "LICENSE", ".gitignore",
)  # fmt: skip


def wheel_from(folder, *, mask):
    """The sum of the wheel built from a copy of the sources that was made in ``folder``."""
    folder.mkdir()
    for name in PARTS:
        part = ROOT / name
        if part.is_dir():
            shutil.copytree(part, folder / name, copy_function=shutil.copyfile)
        else:
            shutil.copyfile(part, folder / name)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "out"]
    kept = {k: v for k, v in os.environ.items() if k != "SOURCE_DATE_EPOCH"}
    subprocess.run(build, cwd=folder, env=kept, umask=mask, check=True, capture_output=True)
    (made,) = (folder / "out").glob("*.whl")
    return sha256(made.read_bytes()).hexdigest()


def test_a_wheel_is_the_same_bytes_wherever_and_whenever_it_is_built(tmp_path):
    first = wheel_from(tmp_path / "one", mask=0o022)
    assert wheel_from(tmp_path / "another place", mask=0o077) == first


def test_the_bill_of_materials_names_every_pinned_package_with_its_sums(tmp_path):
    out = tmp_path / "bill.json"
    command = ["make", "--no-print-directory", "-o", ".venv/.test", "sbom", f"SBOM={out}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    bill = json.loads(out.read_text())
    listed = bill["components"]
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "lacrima")
    assert {one["name"] for one in listed} == pinned().keys()
    assert all(one["externalReferences"][0]["hashes"] for one in listed)


def test_the_licence_of_every_dependency_is_listed():
    assert table() in PAGE.read_text("utf-8")
    assert [name for name in pinned() if licence_of(name) in ("", "not said")] == []
    assert Path(PAGE).name in (ROOT / "docs" / "README.md").read_text("utf-8")
