"""What an observer of encrypted lengths is told, measured: writes results-lengths.md.

python -m benchmarks.lengths.run [--walks 160] [--out FILE]
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from benchmarks.browser import chromium
from benchmarks.lengths import attack
from benchmarks.lengths.attack import Told, told
from benchmarks.lengths.chromium import walk as walk_in
from benchmarks.lengths.relay import Relay, relay
from benchmarks.lengths.site import site
from benchmarks.lengths.walker import Browser, Client, Walk
from benchmarks.process import ROOT
from benchmarks.product import FLAGSHIP, START
from benchmarks.report import machine
from forms.load import load_study
from forms.study import Study

OUT = ROOT / "benchmarks" / "results-lengths.md"
WALKS = 160  # of each half: those that the observer learnt from, and those that are told apart
SEED = 11


@dataclass(frozen=True, slots=True)
class Way:
    """One way of serving and posting: its name in the table, and what it is."""

    name: str
    filled_up: bool
    script: bool
    chromium: bool = False


WAYS = (
    Way("as they are", filled_up=False, script=False),
    Way("at one length, without script", filled_up=True, script=False),
    Way("at one length, with script", filled_up=True, script=True),
    Way("the same in Chromium", filled_up=True, script=True, chromium=True),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """The walks of one way, learnt from and tested."""

    way: Way
    train: Sequence[Walk]
    test: Sequence[Walk]

    @property
    def walks(self) -> list[Walk]:
        """All of them."""
        return [*self.train, *self.test]


def _walks(study: Study, way: Way, observer: Relay, proxy: int) -> Generator[Walk]:
    """Yield the walks of clients whose answers are drawn by lot, without end."""
    client = Client(study, random.Random(SEED), script=way.script)
    if way.chromium:
        with chromium() as browser:
            while True:
                yield walk_in(browser, observer, START[FLAGSHIP], client)
    while True:
        connection = Browser(observer, proxy, START[FLAGSHIP])
        yield client.walk(connection)
        connection.close()


def observed(study: Study, way: Way, walks: int) -> Seen:
    """Walk twice so many clients past the observer."""
    with (
        tempfile.TemporaryDirectory(prefix="lengths-") as data,
        site(Path(data), filled_up=way.filled_up) as proxy,
        relay(proxy) as observer,
        closing(_walks(study, way, observer, proxy)) as all_walks,
    ):
        whole = (walk for walk in all_walks if walk.visits[-1].page == "done")
        found = [*islice(whole, 2 * walks)]
    print(f"{way.name}: {len(found)} walks", file=sys.stderr, flush=True)
    return Seen(way, found[:walks], found[walks:])


def from_lengths(seen: Seen) -> Iterator[tuple[str, Told]]:
    """Yield what the lengths of one page and of its post tell."""
    for name, cases in (
        ("which page it is, from the first question on", attack.pages),
        ("which page it is, the first ones and the last included", attack.entries),
        ("the page after the question about distress is the help page", attack.helps),
    ):
        yield name, told([*cases(seen.train)], [*cases(seen.test)])
    branch = "the branch: saw tears or not (each page votes)"
    yield branch, attack.branches(seen.train, seen.test)


def from_counts(seen: Seen) -> Iterator[tuple[str, Told]]:
    """Yield what the number of exchanges of a whole walk tells, whatever their lengths."""
    for name, cases in (
        ("the branch", attack.counts(lambda walk: walk.tears)),
        ("that the help page came", attack.counts(lambda walk: walk.helped)),
    ):
        yield name, told([*cases(seen.train)], [*cases(seen.test)])


def _table(named: Sequence[list[tuple[str, Told]]], heads: Sequence[str]) -> Iterator[str]:
    yield "| told | best guess | " + " | ".join(heads) + " |"
    yield "|---|---:|" + "---:|" * len(heads)
    for rows in zip(*named, strict=True):
        cells = " | ".join(found.in_words() for _, found in rows)
        yield f"| {rows[0][0]} | {rows[0][1].guess_in_words} | {cells} |"


def _lengths(seen: Seen, *, of_posts: bool) -> str:
    """Return how many different lengths there are under way, and the range."""
    visits = [visit for walk in seen.walks for visit in attack.under_way(walk)]
    pairs = {v.left[0] if of_posts else v.shown[1] for v in visits} - {0}
    low, high = min(pairs), max(pairs)
    return f"{len(pairs)}: {low:,}" + (f" to {high:,}" if high > low else "")


PAGE = """# Measured: what an observer of encrypted lengths is told

Written by `make bench PARTS=lengths`. Clients whose answers are drawn by lot walk the flagship
through Caddy as [host.md](../docs/host.md) has it (TLS 1.3, HTTP/1.1). They are a program that
sends what Chromium sends and, in the last column, Chromium itself. A relay
between them and Caddy sees lengths of TLS records, nothing else. It has seen {train} walks with
their answers, and names what it sees of {test} others by the nearest neighbour: from the lengths of
request and response of one page and of the post that leaves it. In brackets 95 % intervals
(Wilson). *Best guess* names what is commonest and looks at nothing. *As they are* leaves out what
makes responses, addresses and cookies equally long.

{machine}.

## From the lengths of one page

{lengths}

The beginning and the end of a walk can be told: the first request has no cookie and names no page
before it, and nothing follows the last.

## From the number of requests

How many exchanges a whole walk has, whatever their lengths. These clients do not pause; the pace of
a person can tell more, and was not measured.

{counts}

## What it takes

How many different lengths there are from the first question to the check page, and which. Bytes of
a walk are those that come down, without stylesheet, script and icon, which are the same for
everybody and are kept by the browser.

| | lengths of pages | lengths of posts | bytes a walk |
|---|---:|---:|---:|
{costs}
"""


def _cost(seen: Seen) -> str:
    size = statistics.mean(walk.size for walk in seen.walks) / 1000
    pages, posts = _lengths(seen, of_posts=False), _lengths(seen, of_posts=True)
    return f"| {seen.way.name} | {pages} | {posts} | {size:,.0f} kB |"


def page(found: Sequence[Seen]) -> str:
    """Return the page of tables."""
    heads = [seen.way.name for seen in found]
    return PAGE.format(
        train=len(found[0].train),
        test=len(found[0].test),
        machine=machine(),
        lengths="\n".join(_table([[*from_lengths(seen)] for seen in found], heads)),
        counts="\n".join(_table([[*from_counts(found[-1])]], ["by the number of exchanges"])),
        costs="\n".join(map(_cost, found)),
    )


def measure(walks: int, out: Path) -> int:
    """Measure everything and write the page."""
    begun = time.monotonic()
    study = load_study(ROOT / "studies" / FLAGSHIP)
    out.write_text(page([observed(study, way, walks) for way in WAYS]), "utf-8")
    print(f"Wrote {out} after {time.monotonic() - begun:.0f} s.", file=sys.stderr, flush=True)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--walks", type=int, default=WALKS)
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    return measure(asked.walks, asked.out)


if __name__ == "__main__":
    sys.exit(main())
