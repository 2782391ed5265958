"""Measurements to a page of tables."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.bare import Shape
from benchmarks.driver import Measured
from benchmarks.first import Visit
from benchmarks.growth import Cost
from benchmarks.product import FLAGSHIP, SIX_PAGES, THREADS, WORKERS

# Complete answers/s at 4 and 16 clients, ms, MB; measured on comparable machines.
PEERS = (
    ("LimeSurvey 6.14 (php-fpm, MariaDB)", 6.1, 5.6, 712, 230),
    ("oTree 6.0.15 (SQLite)", 5.1, 5.9, 535, 57),
    ("ONS census runner (gevent, Redis)", 8.0, 7.8, 671, 250),
)
AIM_CLIENTS = 16
AIM_ANSWERS, AIM_SHARE, AIM_P99 = 100.0, 0.60, 100.0


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that one run of the benchmarks found; lists are in order of clients."""

    ours: Sequence[Measured]
    limit: Sequence[Measured]
    flagship: Sequence[Measured]
    servers: Sequence[tuple[str, Measured]]
    growth: Sequence[Cost]
    shape: Shape
    visits: dict[str, Visit]
    load: tuple[float, float]  # average over a minute, before and after


def share(ours: Measured, limit: Measured) -> float:
    """Pages per second served over pages per second of the bare page."""
    return (ours.pages / ours.seconds) / (limit.pages / limit.seconds)


def share_of_cpu(ours: Measured, limit: Measured) -> float:
    """The same as a share of work: what else runs on the machine moves it less."""
    return (limit.server_cpu / limit.pages) / (ours.server_cpu / ours.pages)


def percentile(times: Iterable[float], part: float) -> float:
    """The time in ms within which ``part`` of ``times`` (seconds) lie."""
    rising = sorted(times)
    return 1000 * rising[min(len(rising) - 1, int(len(rising) * part))] if rising else 0.0


def _tail(times: Sequence[float]) -> str:
    return " / ".join(f"{percentile(times, p):.1f}" for p in (0.5, 0.95, 0.99))


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A Markdown table; everything but the first column stands right."""
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" + "---:|" * (len(heads) - 1)
    for row in rows:
        yield "| " + " | ".join(map(str, row)) + " |"
    yield ""


HEADS = (
    "", "complete answers/s", "pages/s", "requests/s", "all p50 / p95 / p99 ms",
    "POST p50 / p95 / p99 ms", "CPU ms a page", "CPUs used", "memory MB", "driver CPUs",
    "others’ CPUs",
)  # fmt: skip


def _line(name: str, m: Measured) -> list[str]:
    return [
        name,
        f"{m.answers / m.seconds:.1f}",
        f"{m.pages / m.seconds:.0f}",
        f"{m.requests / m.seconds:.0f}",
        _tail(m.gets + m.posts),
        _tail(m.posts),
        f"{1000 * m.server_cpu / m.pages:.2f}",
        f"{m.server_cpu / m.seconds:.2f}",
        f"{m.memory.pss:.0f}",
        f"{m.driver_cpu / m.seconds:.2f}",
        f"{m.other_cpu / m.seconds:.2f}",
    ]


def _clients(m: Measured) -> str:
    return f"{m.clients} client{'s' if m.clients > 1 else ''}"


SERVING = ("flask", "flask-wtf", "granian", "gunicorn")


def machine(names: Sequence[str] = SERVING) -> str:
    """What it ran on, in one line, with the versions of the packages named."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cpu = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")), platform.machine(),
    )  # fmt: skip
    parts = [
        f"{os.cpu_count()} × {cpu}, {memory:.0f} GB, Linux {platform.release()}",
        f"Python {platform.python_version()}",
        *(f"{name} {version(name)}" for name in names),
        f"SQLite {sqlite3.sqlite_version}",
    ]
    return "; ".join(parts)


def at(measured: Iterable[Measured], clients: int) -> Measured:
    """The run with so many clients."""
    return next(m for m in measured if m.clients == clients)


def _aims(results: Results) -> Iterator[str]:
    ours, limit = at(results.ours, AIM_CLIENTS), at(results.limit, AIM_CLIENTS)
    p99 = percentile(ours.gets + ours.posts, 0.99)
    answers, part = ours.answers / ours.seconds, share(ours, limit)
    rows = (
        ("complete answers/s", f"at least {AIM_ANSWERS:.0f}", f"{answers:.1f}",
         answers >= AIM_ANSWERS),
        ("share of the limit", f"at least {AIM_SHARE:.0%}", f"{part:.0%}", part >= AIM_SHARE),
        ("p99 of all requests", f"under {AIM_P99:.0f} ms", f"{p99:.1f} ms", p99 < AIM_P99),
    )  # fmt: skip
    heads = (f"at {AIM_CLIENTS} clients", "aim", "measured", "reached")
    yield from table(heads, [(*row[:3], "yes" if row[3] else "no") for row in rows])


def _peers(results: Results) -> Iterator[str]:
    ours = [at(results.ours, c) for c in (4, AIM_CLIENTS)]
    rates = [m.answers / m.seconds for m in ours]
    rows = [
        (name, f"{four} / {sixteen}", f"{p99} ms", f"{memory} MB",
         f"{rates[0] / four:.0f} / {rates[1] / sixteen:.0f} times")
        for name, four, sixteen, p99, memory in PEERS
    ]  # fmt: skip
    mine = (
        "Lacrima, this run", f"{rates[0]:.1f} / {rates[1]:.1f}",
        f"{percentile(ours[1].gets + ours[1].posts, 0.99):.0f} ms",
        f"{ours[1].memory.pss:.0f} MB", "",
    )  # fmt: skip
    heads = ("", "complete answers/s at 4 / 16", "p99 at 16", "memory", "ours against it")
    yield from table(heads, [*rows, mine])


def _answer(results: Results) -> Iterator[str]:
    pairs = ((SIX_PAGES, results.ours[0]), (FLAGSHIP, results.flagship[0]))
    rows = [
        (name, f"{m.pages / m.answers:.1f}", f"{m.requests / m.answers:.1f}",
         f"{m.size / m.answers / 1000:.0f} kB", results.visits[name].requests,
         f"{results.visits[name].size / 1000:.1f} kB")
        for name, m in pairs
    ]  # fmt: skip
    heads = ("", "pages an answer", "requests an answer", "bytes an answer",
             "first visit: requests", "bytes")  # fmt: skip
    yield from table(heads, rows)


def _growth(costs: Iterable[Cost]) -> Iterator[str]:
    heads = ("answers stored", "mean µs", "p50 µs", "p99 µs", "worst ms", "laying to rest ms",
             "memory MB", "file MB")  # fmt: skip
    rows = [
        (f"{c.stored:,}", f"{c.mean:.0f}", f"{c.p50:.0f}", f"{c.p99:.0f}", f"{c.worst / 1000:.1f}",
         f"{1000 * c.rest:.0f}", f"{c.memory:.0f}", f"{c.file:.1f}")
        for c in costs
    ]  # fmt: skip
    yield from table(heads, rows)


HOW = """\
Written by `make bench`. Each client walks from the first page to the thank-you page as fast as
pages come, with no pause and no compression; the driver shares the machine with the server. Any
page that is not 200, or asks again, fails the run, and the answers in the file are counted against
the walks that were completed. Memory is the proportional set size of the whole process tree."""
THEIRS = """\
Theirs were measured earlier, on comparable machines, with a survey of the same make."""
LIMIT = """\
Bare Flask and Flask-WTF in the same run, on the same server: {pages} pages of {size} bytes a walk,
{forms} of them forms with {fields} rows of {options} buttons and a text; nothing is stored."""
SHARE = """\
The second figure depends less on what else runs on the machine."""
LONG = """\
Seventeen pages of questions on the longer branch; a page that opens a further question is counted
again."""
VISIT = "First visit: the landing page with its stylesheet, script and icon, compressed."
OTHERS = "Six pages, {clients} clients. gunicorn's sync workers close each connection."
GROWTH = """\
Storing one more answer in a file at rest, settlings included (20 answers are laid down in key order
together: these are the slow ones). *Laying to rest* happens once it is quiet; it rewrites a small
file every time and a large one when a quarter has been added."""


def _conditions(results: Results) -> str:
    before, after = results.load
    others = max(m.other_cpu / m.seconds for m in (*results.ours, *results.limit))
    return (
        f"Each row is {results.ours[0].seconds:.0f} s after a warm-up; granian with {WORKERS} "
        f"workers × {THREADS} threads unless said. Load average {before:.2f} before, {after:.2f} "
        f"after; other processes took up to {others:.2f} CPUs in the runs compared here."
    )


def _runs(named: Iterable[tuple[str, Measured]]) -> Iterator[str]:
    return table(HEADS, [_line(name, m) for name, m in named])


def _by_clients(measured: Iterable[Measured]) -> Iterator[str]:
    return _runs((_clients(m), m) for m in measured)


def _shares(results: Results) -> Iterator[str]:
    pairs = zip(results.ours, results.limit, strict=True)
    rows = [
        (_clients(ours), f"{share(ours, limit):.0%}", f"{share_of_cpu(ours, limit):.0%}")
        for ours, limit in pairs
    ]
    return table(("", "pages/s over pages/s", "CPU a page, theirs over ours"), rows)


def page(results: Results) -> str:
    """The whole page of results."""
    sections = (
        ("# Measured", HOW, [f"{machine()}.", "", _conditions(results), ""]),
        ("## Aims", "", _aims(results)),
        ("## Peers", THEIRS, _peers(results)),
        ("## Six pages", "", _by_clients(results.ours)),
        ("## The limit", LIMIT.format(**asdict(results.shape)), _by_clients(results.limit)),
        ("## Share of the limit", SHARE, _shares(results)),
        ("## The flagship's own walk", LONG, _by_clients(results.flagship)),
        ("## One answer", VISIT, _answer(results)),
        ("## Servers", OTHERS.format(clients=AIM_CLIENTS), _runs(results.servers)),
        ("## Answers stored", GROWTH, _growth(results.growth)),
    )
    lines: list[str] = []
    for heading, words, body in sections:
        lines += [heading, "", *([words, ""] if words else []), *body]
    return "\n".join(lines).rstrip() + "\n"
