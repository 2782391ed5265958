"""What the host's page says of upgrading, done: the later wheel installs over the earlier one."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from survey.cli.main import main
from survey.storage.stores import Stores
from tests.conftest import TOP
from tests.upgrade.test_earlier_data import VERSIONS, laid_out

PARTS = ("survey", "forms", "exports", "templates", "studies", "deploy")


def built(folder, release):
    """A wheel of this checkout under another version."""
    source = folder / release
    for name in PARTS:
        shutil.copytree(TOP / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(TOP / name, source / name)
    (source / "requirements").mkdir()
    text = (TOP / "requirements" / "version_number.py").read_text()
    path = source / "requirements" / "version_number.py"
    path.write_text(text.replace('RELEASE = "0.2.0"', f'RELEASE = "{release}"'))
    run = "import sys, hatchling.build as b; print(b.build_wheel(sys.argv[1]))"
    subprocess.run(
        [sys.executable, "-c", run, str(folder)], cwd=source, check=True, capture_output=True
    )
    (wheel,) = folder.glob(f"lacrima-{release}-*.whl")
    return wheel


def test_a_later_build_installs_over_an_earlier_one(tmp_path):
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    for release in ("0.2.0.dev1", "0.2.0.dev2"):
        install = ["install", "--no-deps", "--no-index", "--quiet", str(built(tmp_path, release))]
        pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
        subprocess.run([*pip, *install], check=True, capture_output=True)
        said = "from importlib.metadata import version; print(version('lacrima'))"
        done = subprocess.run([python, "-c", said], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == release


def test_what_has_to_be_signed_anew_is_told_before_and_nothing_is_changed(runner, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    laid_out(VERSIONS[0], data)
    before = {path.name: path.read_bytes() for path in data.iterdir()}
    done = runner.invoke(main, ["upgrade", "--check"], catch_exceptions=False)
    assert done.exit_code == 1
    assert "minimal" in done.output
    assert {path.name: path.read_bytes() for path in data.iterdir()} == before


@pytest.fixture
def stores(tmp_path):
    stores = Stores(tmp_path / "data")
    assert stores.writable()
    yield stores
    stores.close()


def test_where_nothing_has_to_be_done_that_is_said(runner, stores):
    done = runner.invoke(main, ["upgrade", "--check"], catch_exceptions=False)
    assert (done.exit_code, "nothing has to be signed" in done.output) == (0, True)
    assert not [*Path(stores.folder).glob(".upgrade*")]
