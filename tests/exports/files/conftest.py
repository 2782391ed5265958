from pathlib import Path

import pytest

from exports.files.source import TableSource
from tests.exports.files.hard import source_of


@pytest.fixture
def source(tmp_path: Path) -> TableSource:
    return source_of(tmp_path)
