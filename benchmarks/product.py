"""The product as it is measured: its settings, its servers, its studies."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.process import ROOT, free_port, serving
from survey.config import PREFIX
from survey.storage import answer_tables
from survey.storage.stores import Stores

# What every client of the flagship answers, so that each takes the long branch to its end: yes to
# eligibility, tears seen, a distress below the one that opens the help page.
ANSWERS = {
    "e_age": "1",
    "e_session": "1",
    "e_language": "1",
    "e_moment": "1",
    "saw_tears": "1",
    "distress_now": "3",
}
SIX_PAGES, FLAGSHIP = "six-pages", "therapist-tears"
START = {SIX_PAGES: "/s/six-pages/", FLAGSHIP: "/s/hour/"}
WORKERS, THREADS = 2, 4
BIN = Path(sys.executable).parent


def settings(data: Path, port: int = 8000) -> dict[str, str]:
    """The environment of an installation in ``data`` with both studies as pilots."""
    values = {
        "DATA": str(data),
        "STUDIES": f"{ROOT / 'benchmarks' / 'studies'}:{ROOT / 'studies'}",
        "PILOTS": f"{SIX_PAGES},{FLAGSHIP}",
        "HTTPS": "off",  # loopback: a proxy would speak TLS in front of us
        "PORT": str(port),
        "WORKERS": str(WORKERS),
        "THREADS": str(THREADS),
    }
    return {PREFIX + name: value for name, value in values.items()}


def without_settings() -> dict[str, str]:
    """The environment without any setting of the product that happens to be there."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its port, and the process whose tree it is."""

    port: int
    pid: int


def _command(kind: str, port: int) -> list[str]:
    if kind == "granian":
        return [str(BIN / "lacrima"), "serve"]
    gunicorn = [str(BIN / "gunicorn"), "--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS)]
    threads = ["--threads", str(THREADS)] if kind == "gunicorn-threads" else []
    return [*gunicorn, *threads, "--log-level", "warning", "wsgi:application"]


@contextmanager
def product(data: Path, kind: str = "granian") -> Iterator[Server]:
    """The product served from ``data`` by ``granian``, ``gunicorn`` or ``gunicorn-threads``."""
    port = free_port()
    environ = {**without_settings(), **settings(data, port)}
    if not (data / "server.key").exists():
        key = [str(BIN / "lacrima"), "key", "new"]
        subprocess.run(key, env=environ, check=True, stdout=subprocess.DEVNULL)
    with serving(_command(kind, port), port=port, environ=environ) as pid:
        yield Server(port, pid)


def stored(data: Path, study: str) -> int:
    """Answers to ``study`` in the pilot's file."""
    stores = Stores(data)
    try:
        return answer_tables.count(stores.pilot, study)
    finally:
        stores.close()
