import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from forms.load import load_study
from forms.toml_tables import StudyFaults

STUDIES = Path(__file__).parents[1] / "studies"


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Path]:
    """A copy of a tiny study in which one piece of one file is written differently."""

    def change(study: str, file: str, old: str, new: str) -> Path:
        folder = tmp_path / study
        if not folder.exists():
            shutil.copytree(STUDIES / study, folder)
        text = (folder / file).read_text("utf-8")
        assert old in text, f"{old!r} is not in {study}/{file}"
        (folder / file).write_text(text.replace(old, new, 1), "utf-8")
        return folder

    return change


@pytest.fixture
def faults() -> Callable[[Path], list[str]]:
    """Every fault of a study folder, in one line each."""

    def find(folder: Path) -> list[str]:
        try:
            load_study(folder)
        except StudyFaults as found:
            return [str(fault) for fault in found.faults]
        return []

    return find
