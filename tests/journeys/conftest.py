from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.journeys.boardroom import Served, Staff
from tests.journeys.site import Site


@pytest.fixture
def site(open_app: Callable[..., Flask]) -> Callable[..., Site]:
    """Serves a study and gives what can be seen of it."""
    return lambda name, **changes: Site(open_app(name, **changes), name)


@pytest.fixture
def mood(open_app: Callable[..., Flask], tmp_path: Path) -> Served:
    """A real study whose folder can be edited while it is served."""
    return Served(open_app, tmp_path / "shelf")


@pytest.fixture
def board(mood: Served, signed_in: Callable[..., FlaskClient]) -> Staff:
    """Ada, of the ethics board, at the pages of ``mood``."""
    return Staff(signed_in(mood.app, "board", name="Ada"))


@pytest.fixture
def researcher(mood: Served, signed_in: Callable[..., FlaskClient]) -> Staff:
    """Rob, a researcher, at the pages of ``mood``."""
    return Staff(signed_in(mood.app, "researcher", name="Rob"))
