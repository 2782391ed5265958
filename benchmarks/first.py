"""What a first visit weighs, and what one walk looks like: single clients, request by request."""

from __future__ import annotations

import http.client
import re
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.bare import Shape
from benchmarks.driver import Connection, Request, walk
from benchmarks.page import Plan, Plans, title_of

_ASSETS = re.compile(r'<(?:link|script)\b[^>]*(?:href|src)="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Visit:
    """Requests and bytes (headers included) until the first page is there as a browser shows it."""

    requests: int
    size: int


def _fetch(port: int, address: str) -> tuple[int, str]:
    """Bytes that crossed the wire, and the page where it came uncompressed."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", address, headers={"Accept-Encoding": "gzip"})
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    size = len(body) + sum(len(n) + len(v) + 4 for n, v in reply.getheaders()) + 17
    return size, body.decode(errors="replace")


def first_visit(port: int, address: str) -> Visit:
    """The page at ``address`` and everything that it links to, as a browser fetches them."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", address)
    assets = _ASSETS.findall(connection.getresponse().read().decode())
    connection.close()
    sizes = [_fetch(port, each)[0] for each in (address, *assets)]
    return Visit(len(sizes), sum(sizes))


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a walk: its title, its bytes, and how it was left (None: the last)."""

    title: str
    size: int
    plan: Plan | None


def pages_of_walk(port: int, start: str, answers: Mapping[str, str]) -> Iterator[Page]:
    """Every page that one client sees, in order."""
    connection, plans = Connection(port, seed=1), Plans(answers)
    steps = walk(start, plans, connection.draw)
    request: Request | None = next(steps)
    while request is not None:
        reply = connection.fetch(request)
        if reply.status == 200:
            last = b"Thank you" in title_of(reply.body)
            yield Page(
                title_of(reply.body).decode(),
                len(reply.body),
                None if last else plans.of(reply.body),
            )
        try:
            request = steps.send(reply)
        except StopIteration:
            request = None
    connection.hang_up()


def shape_of(pages: list[Page]) -> Shape:
    """The bare page that imitates this walk: its mean page and its mean form."""
    forms = [p.plan for p in pages if p.plan and p.plan.form]
    fields = statistics.mean(len(plan.choices) for plan in forms)
    inputs = statistics.mean(plan.inputs for plan in forms)
    return Shape(
        pages=len(pages),
        forms=len(forms),
        size=round(statistics.mean(p.size for p in pages)),
        fields=max(1, round(fields)),
        options=max(2, round(inputs / max(fields, 1))),
    )
