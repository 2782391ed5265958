"""Where the time of a walk goes: the application alone, in this process, in CPU time.

    python benchmarks/spots.py [--study six-pages] [--walks 200] [--functions]

Prints the CPU microseconds of each kind of request, then those of the functions in ``SPOTS``
(each includes what it calls). ``--functions`` adds the costliest functions under cProfile, which
makes small ones look costlier than they are.
"""

from __future__ import annotations

import argparse
import cProfile
import functools
import importlib
import io
import pstats
import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

from benchmarks.driver import Reply, walk
from benchmarks.page import Plans, title_of
from benchmarks.product import ANSWERS, SIX_PAGES, START, settings
from survey.app import create_app
from survey.config import read_config
from survey.crypto import make_key

WARM_UP, SHOWN = 20, 50

# Module, then the function or method in it.
SPOTS = (
    "flask.sessions:SecureCookieSessionInterface.open_session",
    "flask.sessions:SecureCookieSessionInterface.save_session",
    "flask_wtf.csrf:CSRFProtect.protect",
    "flask_wtf.csrf:generate_csrf",
    "flask:Flask.dispatch_request",
    "flask:Flask.preprocess_request",
    "flask:Flask.finalize_request",
    "jinja2.environment:Template.render",
    "survey.respondents.drafts:DraftRepository.change",
    "survey.respondents.drafts:DraftRepository.find",
    "survey.respondents.drafts:encode",
    "survey.respondents.drafts:decode",
    "survey.crypto:DraftCipher.seal",
    "survey.crypto:DraftCipher.open",
    "survey.storage.drafts:load",
    "survey.storage.answers:accept",
    "survey.respondents.screens:page_view",
    "survey.respondents.screens:render_state",
    "survey.routes.respondent.request:change_draft",
    "survey.routes.respondent.request:follow",
    "forms.flow:step",
    "forms.draft:first_unanswered",
    "forms.draft:read_page",
    "forms.draft:drop_hidden",
    "forms.draft:shown_pages",
)

Spent = dict[str, list[float]]


def watch(spot: str, spent: Spent) -> None:
    """Note the CPU time of every call of ``spot``; says so where there is no such function."""
    module, _, path = spot.partition(":")
    *owners, name = path.split(".")
    try:
        owner: Any = importlib.import_module(module)
        for each in owners:
            owner = getattr(owner, each)
        function: Callable[..., Any] = getattr(owner, name)
    except (ImportError, AttributeError):
        print(f"There is no {spot} any more.", file=sys.stderr)
        return

    @functools.wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Any:
        begun = time.thread_time()
        try:
            return function(*args, **kwargs)
        finally:
            spent[spot].append(time.thread_time() - begun)

    setattr(owner, name, timed)


class Site:
    """A WSGI application as one client meets it, cookies included."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.jar: dict[str, str] = {}
        self.cpu = 0.0  # of the last request, in seconds

    def ask(self, address: str, body: bytes | None) -> Reply:
        """Serve one request."""
        environ = self._environ(address, body)
        told: list[Any] = []
        begun = time.thread_time()
        parts = self._app(environ, lambda *line: told.extend(line[:2]))
        page = b"".join(parts)
        if hasattr(parts, "close"):
            parts.close()
        self.cpu = time.thread_time() - begun
        status, headers = told
        for name, value in headers:
            if name == "Set-Cookie":
                cookie, _, rest = value.partition("=")
                self.jar[cookie] = rest.partition(";")[0]
        lines = "".join(f"\r\n{name}: {value}" for name, value in headers)
        head = f"HTTP/1.1 {status}{lines}\r\n".encode()
        return Reply(int(status[:3]), head, page, len(head) + len(page))

    def _environ(self, address: str, body: bytes | None) -> dict[str, Any]:
        path, _, query = address.partition("?")
        environ = {
            "REQUEST_METHOD": "GET" if body is None else "POST",
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_LENGTH": str(len(body or b"")),
            "CONTENT_TYPE": "application/x-www-form-urlencoded" if body is not None else "",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body or b""),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        cookies = "; ".join(f"{name}={value}" for name, value in self.jar.items() if value)
        return {**environ, "HTTP_COOKIE": cookies} if cookies else environ


def _label(method: str, reply: Reply) -> str:
    if reply.status == 200:
        return f"{method} {title_of(reply.body).decode()}"
    target = reply.head.partition(b"ocation: ")[2].split(b"\r\n")[0].decode()
    return f"{method}, then {target.split('/')[3]}"


def take_walks(site: Site, start: str, count: int) -> Spent:
    """Seconds of CPU for each request of ``count`` walks, by kind of request."""
    plans, draw, spent = Plans(ANSWERS), random.Random(1), defaultdict(list)
    for _ in range(count):
        site.jar.clear()
        steps = walk(start, plans, draw)
        request = next(steps)
        while True:
            reply = site.ask(request.address, request.body)
            method = "GET" if request.body is None else "POST"
            spent[_label(method, reply)].append(site.cpu)
            try:
                request = steps.send(reply)
            except StopIteration:
                break
    return spent


def lines(spent: Spent, walks: int, *, heaviest_first: bool) -> Iterator[str]:
    """One line a name: calls a walk, median µs of a call, ms a walk."""
    rows = [(n, len(t) / walks, 1e6 * statistics.median(t), 1e3 * sum(t) / walks)
            for n, t in spent.items()]  # fmt: skip
    if heaviest_first:
        rows.sort(key=lambda row: -row[3])
    for name, calls, median, each in rows:
        yield f"{name:60} {calls:6.1f} a walk {median:8.0f} µs each {each:7.2f} ms a walk"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--study", choices=tuple(START), default=SIX_PAGES)
    parser.add_argument("--walks", type=int, default=200)
    parser.add_argument("--functions", action="store_true")
    asked = parser.parse_args()
    folder = tempfile.TemporaryDirectory(prefix="bench-")
    Finalize(None, folder.cleanup, exitpriority=0)  # after the keeper has laid its files to rest
    config = read_config(settings(Path(folder.name)))
    make_key(config.key)
    site, start = Site(create_app(config)), START[asked.study]
    take_walks(site, start, WARM_UP)
    by_request = take_walks(site, start, asked.walks)
    total = sum(map(sum, by_request.values())) / asked.walks
    print(f"{1000 * total:.2f} ms of CPU a walk in the application")
    print(*lines(by_request, asked.walks, heaviest_first=False), sep="\n")
    if asked.functions:
        with cProfile.Profile() as profile:
            take_walks(site, start, asked.walks)
        pstats.Stats(profile).sort_stats("tottime").print_stats(SHOWN)
    spent: Spent = defaultdict(list)
    for spot in SPOTS:
        watch(spot, spent)
    take_walks(site, start, asked.walks)
    print("", *lines(spent, asked.walks, heaviest_first=True), sep="\n")


if __name__ == "__main__":
    main()
