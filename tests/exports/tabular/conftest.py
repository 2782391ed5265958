"""A small table to protect, in a folder of its own."""

from pathlib import Path

import pytest

from tests.exports.tabular.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
