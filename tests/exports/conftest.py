from pathlib import Path

import pytest

from tests.exports.documents.desk import FLAGSHIP
from tests.exports.releases import make_release, simulated


@pytest.fixture(scope="session")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of the flagship, two of whose key columns hold several levels."""
    out = tmp_path_factory.mktemp("mixed") / "out"
    make_release(FLAGSHIP, simulated(FLAGSHIP, 600), tier="C", out=out)
    return out
