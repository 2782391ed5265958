"""The WSGI file gives the application with the settings of the environment."""

import runpy

from survey.app import close_app
from survey.crypto import make_key
from tests.conftest import STUDIES
from tests.serving import ROOT


def test_the_wsgi_file_serves(tmp_path, monkeypatch):
    make_key(tmp_path / "data" / "server.key")
    monkeypatch.setenv("LACRIMA_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LACRIMA_STUDIES", str(STUDIES / "minimal"))
    application = runpy.run_path(str(ROOT / "wsgi.py"))["application"]
    assert application.test_client().get("/healthz").data == b"ok\n"
    close_app(application)
