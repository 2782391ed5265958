"""Metrics for a host's monitoring, in the text format of Prometheus, at an address of their own.

Gauges alone, of the installation: what moved with a request would tell when somebody was there.
Totals of a collection are those that staff were shown last, which no look from here moves
(docs/decisions/0018-figures.md).
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from survey.checks.every import BEFORE_SERVING, run
from survey.checks.finding import WORST_FIRST, Asked
from survey.collection.figures import REPORTED_EVENTS
from survey.config import Config
from survey.errors import Refusal
from survey.listening import Listener
from survey.program import program_version
from survey.storage.duties import MINUTE, read_duties
from survey.storage.identity import open_to_look

HOST = "127.0.0.1"  # a monitor on this machine; nobody else
PATH = "/metrics"
FORMAT = "text/plain; version=0.0.4; charset=utf-8"
CHECKED_SECONDS = 10 * MINUTE  # between two runs of the checks
ROOM_STEP = 2**30  # bytes: an answer or a draft moves nothing
PATIENCE_SECONDS = 5

METRICS = {
    "lacrima_info": "The version that runs.",
    "lacrima_healthy": "1 where /healthz says ok.",
    "lacrima_check": "What the checks before serving find: 0 safe, 1 worth knowing, 2 unsafe.",
    "lacrima_duties_late": "Duties of maintenance that have failed for ten minutes or more.",
    "lacrima_free_bytes": "Room where the data are, rounded down to whole GiB.",
    "lacrima_shown_total": "Totals of a collection as staff were shown them last, in steps.",
}
Gauge = tuple[dict[str, str], float]


def _lines(name: str, gauges: Iterable[Gauge]) -> Iterator[str]:
    yield f"# HELP {name} {METRICS[name]}"
    yield f"# TYPE {name} gauge"
    for labels, value in gauges:
        told = (f"{key}={json.dumps(text, ensure_ascii=False)}" for key, text in labels.items())
        said = ",".join(told)
        yield f"{name}{{{said}}} {value:.0f}" if said else f"{name} {value:.0f}"


class Metrics:
    """The metrics of one installation, served by the process that starts the others."""

    def __init__(self, config: Config, listener: Listener) -> None:
        self._config, self._listener = config, listener
        self._checked: dict[str, int] = {}
        self._checked_at = 0.0
        self._turn = threading.Lock()

    def text(self) -> str:
        """Return all metrics as they are now."""
        room = shutil.disk_usage(self._config.data).free
        late = read_duties(self._config.data).late(time.time())
        gauges: dict[str, Iterable[Gauge]] = {
            "lacrima_info": [({"version": program_version()}, 1)],
            "lacrima_healthy": [({}, self._listener.is_healthy())],
            "lacrima_check": self._checks(),
            "lacrima_duties_late": [({}, len(late))],
            "lacrima_free_bytes": [({}, room - room % ROOM_STEP)],
            "lacrima_shown_total": self._shown(),
        }
        return "".join(line + "\n" for name in gauges for line in _lines(name, gauges[name]))

    def _checks(self) -> Iterator[Gauge]:
        with self._turn:
            if not self._checked or time.monotonic() - self._checked_at > CHECKED_SECONDS:
                self._checked = self._run_checks()
                self._checked_at = time.monotonic()
            yield from (({"check": name}, value) for name, value in self._checked.items())

    def _run_checks(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for finding in run(BEFORE_SERVING, Asked(self._config)):
            bad = len(WORST_FIRST) - 1 - WORST_FIRST.index(finding.verdict)
            found[finding.name] = max(bad, found.get(finding.name, 0))
        return found

    def _shown(self) -> Iterator[Gauge]:
        sql = "SELECT study, pilot, shown FROM figures ORDER BY study, pilot"
        with suppress(sqlite3.Error), closing(open_to_look(self._config.data / "office.db")) as db:
            for study, pilot, shown in db.execute(sql).fetchall():
                told = json.loads(shown)
                for event in REPORTED_EVENTS:
                    labels = {"study": study, "pilot": str(pilot), "event": event}
                    yield labels, told.get(event, 0)


class _MetricsRequest(BaseHTTPRequestHandler):
    """Answers ``GET /metrics``, and keeps no log."""

    timeout = PATIENCE_SECONDS
    metrics: Metrics

    def do_GET(self) -> None:
        if self.path != PATH:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        body = self.metrics.text().encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", FORMAT)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _MetricsServer(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_port = True  # on an upgrade the old server and the new one overlap


def serve_metrics(config: Config, listener: Listener) -> None:
    """Serve the metrics in a thread for the life of this process, where the settings want them.

    Raises Refusal where the port cannot be had.
    """
    if not config.metrics_port:
        return
    handler = type("Handler", (_MetricsRequest,), {"metrics": Metrics(config, listener)})
    try:
        server = _MetricsServer((HOST, config.metrics_port), handler)
    except OSError as error:
        raise Refusal(
            f"LACRIMA_METRICS_PORT: cannot listen on {HOST}:{config.metrics_port}: "
            f"{error.strerror}. Name another port."
        ) from None
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
