"""Measure the staff's rooms again and write benchmarks/results-rooms.md.

    python -m benchmarks.rooms.run [pages] [clicks] [dossier] [--most 999999]

No part named: all, in about six minutes. What each run found stays in benchmarks/figures/ and the
page is made from that, so that a part can be measured alone. *clicks* needs Chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from playwright.sync_api import Error

from benchmarks.page import WalkFailed
from benchmarks.process import ROOT, NotStarted, busy
from benchmarks.report import machine
from benchmarks.rooms import clicks, dossier, page, pages
from benchmarks.rooms.site import Unexpected

FIGURES = ROOT / "benchmarks" / "figures"
PAGE = ROOT / "benchmarks" / "results-rooms.md"
PACKAGES = ("flask", "granian", "polars", "typst")

Row = dict[str, Any]

# Each takes the most answers that it may grow to.
PARTS: Mapping[str, Callable[[int], Iterator[Row]]] = {
    "pages": lambda most: pages.pages([size for size in pages.SIZES if size <= most]),
    "clicks": lambda _: clicks.clicks(),
    "dossier": lambda _: dossier.dossiers(),
}


def say(words: str) -> None:
    """Tell whoever waits."""
    print(words, file=sys.stderr, flush=True)


def _told(name: str, most: int) -> Iterator[Row]:
    for row in PARTS[name](most):
        say(f"{name}: " + ", ".join(f"{key} {_short(value)}" for key, value in row.items()))
        yield row


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def measure(name: str, most: int) -> None:
    """Run a part and keep what it found, with the conditions it was found under."""
    load, begun, worked = os.getloadavg()[0], time.monotonic(), busy()
    rows = list(_told(name, most))
    took = time.monotonic() - begun
    packages = (*PACKAGES, "playwright") if name == "clicks" else PACKAGES
    found = {
        "machine": machine(packages),
        "product": version("lacrima"),
        "load": [load, os.getloadavg()[0]],
        "busy": (busy() - worked) / took,
        "seconds": took,
        "rows": rows,
    }
    path = FIGURES / f"rooms-{name}.json"
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")


def kept() -> dict[str, Mapping[str, Any]]:
    """What every part found last."""
    paths = {name: FIGURES / f"rooms-{name}.json" for name in PARTS}
    return {name: json.loads(path.read_text("utf-8")) for name, path in paths.items()
            if path.exists()}  # fmt: skip


def measure_all(names: Sequence[str], most: int = pages.SIZES[-1]) -> int:
    """Measure the parts named and write the page; 1 where one failed."""
    failed, begun = 0, time.monotonic()
    for name in names:
        try:
            measure(name, most)
        except (Unexpected, WalkFailed, NotStarted, Error, OSError) as fault:
            say(f"{name} failed: {fault}.")
            failed = 1
    PAGE.write_text(page.page(kept()), "utf-8")
    say(f"Wrote {PAGE} after {time.monotonic() - begun:.0f} s.")
    return failed


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--page", action="store_true", help="only write the page again")
    parser.add_argument("--most", type=int, default=pages.SIZES[-1], help="answers at most")
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
