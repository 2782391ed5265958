from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from survey.ethics.dossier.dossier_files import Signed, document

SIGNED = Signed(
    "EK 2026/17", "Dr Ada Berg", "2026-03-04", "2027-03-03", conditions=("Not in clinics.",)
)


def dossier_of(app: Flask, name: str, ending: str = "zip") -> bytes:
    """The file as a board downloads it."""
    answer = app.test_client().get(f"/ethics/{name}/dossier.{ending}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data()


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The application on a port of this machine; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def said(open_app: Callable[..., Flask]) -> Callable[..., dict[str, Any]]:
    """What the dossier of a study says, before it is set."""

    def say(name: str, signed: Signed | None = None, **changes: object) -> dict[str, Any]:
        app = open_app(name, **changes)
        with app.test_request_context():
            return document(app.extensions["lacrima"].catalogue.folders[name].latest, signed)

    return say
