"""Where the time of a walk goes: the application in this process, driven by Werkzeug's client.

    python benchmarks/profile_walk.py [--walks 200] [--study six-pages] [--sort tottime]

Prints microseconds a request for each kind of page, and the costliest functions under cProfile
(which makes small functions look costlier than they are).
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from werkzeug.test import Client

from benchmarks.driver import Reply, Walk, walk
from benchmarks.page import Plans, title_of
from benchmarks.product import ANSWERS, settings
from survey.app import create_app
from survey.config import read_config
from survey.seal import make_key

Times = dict[str, list[float]]
SHOWN_LINES = 45


@contextmanager
def application(study: str) -> Iterator[tuple[Client, str]]:
    """A client of the application, and where the study begins."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        config = read_config(settings(Path(folder)))
        make_key(config.key)
        app = create_app(config)
        offer = app.extensions["lacrima-shelf"] if False else None
        del offer
        yield Client(app), study


def one_walk(client: Client, steps: Walk, times: Times) -> None:
    """One client from the first page to the last; seconds a request go into ``times``."""
    client._cookies.clear() if client._cookies else None
    request = next(steps)
    while True:
        method = "GET" if request.body is None else "POST"
        begun = time.perf_counter()
        response = client.open(
            request.address,
            method=method,
            data=request.body,
            content_type="application/x-www-form-urlencoded",
        )
        body = response.get_data()
        took = time.perf_counter() - begun
        head = f"HTTP/1.1 {response.status}\r\n{response.headers}".encode()
        label = title_of(body).decode() or "/".join(request.address.split("/")[3:4])
        times[f"{method} {label}"].append(took)
        try:
            request = steps.send(Reply(response.status_code, head, body, len(body)))
        except StopIteration:
            return
