"""Measure parts of the export engine again and write benchmarks/results-anonymise.md.

    python -m benchmarks.anonymise.run [compare] [rows] [columns] [release] [same] [--most 100000]

No part named: all. What each run found stays in benchmarks/figures/ and the page is made from that,
so that a part can be measured alone. Peers need .venv/peers (``make bench`` makes it), data sets
the folder PUBLIC_DATA; what is missing is said and left out.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks.anonymise import big, compare, grow, page, peers, same
from benchmarks.anonymise.cells import Unreadable
from benchmarks.anonymise.measured import Failed
from benchmarks.anonymise.spec import NoData
from benchmarks.process import ROOT, busy
from benchmarks.report import machine

FIGURES = ROOT / "benchmarks" / "figures"
PAGE = ROOT / "benchmarks" / "results-anonymise.md"
MOST = 1_000_000
PACKAGES = ("numpy", "polars", "pyreadstat")

Row = dict[str, Any]


def _growth(most: int) -> Iterator[Row]:
    sizes = [size for size in grow.ROWS if size <= most]
    yield from ({"kind": "study"} | row for row in grow.with_rows("study", sizes))
    try:
        yield from ({"kind": "adult"} | row for row in grow.with_rows("adult", sizes))
    except NoData as missing:
        say(f"rows of Adult are left out: {missing}.")


def _releases(most: int) -> Iterator[Row]:
    return big.releases([size for size in big.ROWS if size <= most])


# Each takes the most rows that it may grow to.
PARTS: Mapping[str, Callable[[int], Iterator[Row]]] = {
    "compare": lambda _: compare.compare(),
    "rows": _growth,
    "columns": lambda _: grow.with_columns(),
    "release": _releases,
    "same": lambda _: same.same(),
}


def say(words: str) -> None:
    """Tell whoever waits."""
    print(words, file=sys.stderr, flush=True)


def _told(name: str, most: int) -> Iterator[Row]:
    """The rows of a part, each said when it is there."""
    for row in PARTS[name](most):
        say(f"{name}: " + ", ".join(f"{key} {_short(value)}" for key, value in row.items()))
        yield row


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def source() -> str:
    """Digest of the code that is measured: figures of two versions must not share a table."""
    found = hashlib.sha256()
    for path in sorted((ROOT / "exports").rglob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()[:12]


def measure(name: str, most: int) -> None:
    """Run a part and keep what it found, with the conditions it was found under."""
    there = peers.python()
    cpus, begun, worked, code = os.getloadavg()[0], time.monotonic(), busy(), source()
    rows = list(_told(name, most))
    took = time.monotonic() - begun
    found = {
        "machine": machine(PACKAGES),
        "peers": dict(peers.versions(there)) if there else {},
        "source": [code, source()],
        "load": [cpus, os.getloadavg()[0]],
        "busy": (busy() - worked) / took,
        "seconds": took,
        "rows": rows,
    }
    FIGURES.mkdir(exist_ok=True)
    path = FIGURES / f"anonymise-{name}.json"
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")


def kept() -> dict[str, Mapping[str, Any]]:
    """What every part found last."""
    paths = {name: FIGURES / f"anonymise-{name}.json" for name in PARTS}
    return {name: json.loads(path.read_text("utf-8")) for name, path in paths.items()
            if path.exists()}  # fmt: skip


def measure_all(names: Sequence[str], most: int = MOST) -> int:
    """Measure the parts named and write the page; 1 where one failed."""
    failed = 0
    for name in names:
        try:
            measure(name, most)
        except NoData as missing:
            say(f"{name} is left out: {missing}.")
        except (Failed, Unreadable, OSError) as fault:
            say(f"{name} failed: {fault}.")
            failed = 1
    PAGE.write_text(page.page(kept()), "utf-8")
    say(f"Wrote {PAGE}.")
    return failed


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--page", action="store_true", help="only write the page again")
    parser.add_argument("--most", type=int, default=MOST, help="rows to grow to at most")
    asked = parser.parse_args()
    wrong = [name for name in asked.parts if name not in PARTS]
    if wrong:
        parser.error(f"there is no part {', '.join(wrong)}; there are {', '.join(PARTS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # ends what was started, too
    try:
        return measure_all([] if asked.page else asked.parts or list(PARTS), asked.most)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
