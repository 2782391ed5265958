"""Measurements in parts that can be made alone: run, kept as JSON, written as one page."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from benchmarks.process import ROOT, busy
from benchmarks.report import machine

FIGURES = ROOT / "benchmarks" / "figures"

QUIET = 1.0  # load average below which the machine was ours

Row = dict[str, Any]
Found = Mapping[str, Any]  # a part's rows, with the conditions they were found under
Section = tuple[str, str, Callable[[Found], Iterator[str]]]  # heading, words, tables


class LeftOut(Exception):
    """A part that cannot be measured here, and why: no failure."""


def say(words: str) -> None:
    """Tell whoever waits."""
    print(words, file=sys.stderr, flush=True)


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def conditions(found: Found) -> str:
    """The machine, its load, versions and time; in bold what makes the figures doubtful."""
    before, after = found["load"]
    peers = "".join(f"; {name} {version}" for name, version in found.get("peers", {}).items())
    return (
        f"*{found['machine']}; Lacrima {found.get('product', '?')}{peers}. "
        f"Load average {before:.2f} before, {after:.2f} after; "
        f"{found['busy']:.2f} CPUs at work on average, by whomever; "
        f"{found['seconds']:.0f} s in all.*{''.join(_doubts(found))}"
    )


def _doubts(found: Found) -> Iterator[str]:
    if found["load"][0] > QUIET:
        yield " **The machine did other work as well: times are upper bounds.**"
    if "source" not in found:
        yield " **Which code was measured is not recorded: measure it again.**"
    elif len({*found["source"]}) > 1:
        yield " **The code changed while this was measured: measure it again.**"


def written(
    title: str, how: str, sections: Mapping[str, Section], found: Mapping[str, Found]
) -> str:
    """The whole page; a part that was never measured says so."""
    lines = [f"# Measured: {title}", "", how, ""]
    for name, (heading, words, body) in sections.items():
        lines += [heading, "", words, ""]
        if name in found:
            lines += [conditions(found[name]), "", *body(found[name])]
        else:
            lines += ["Not measured yet.", ""]
    return "\n".join(lines).rstrip() + "\n"


@dataclass(frozen=True, kw_only=True)
class Series:
    """``parts``: name → rows, given the largest size to grow to. ``faults``: what fails one part.

    ``code``: the folders that are measured, whose digest is kept; ``peers``: their versions.
    """

    name: str
    parts: Mapping[str, Callable[[int], Iterator[Row]]]
    page: Callable[[Mapping[str, Found]], str]
    packages: Sequence[str]
    most: int
    faults: tuple[type[Exception], ...]
    code: Sequence[str]
    peers: Callable[[], Mapping[str, str]] = dict

    def measure(self, name: str, most: int) -> None:
        """Run a part and keep what it found, with the conditions it was found under."""
        load, begun, worked, code = os.getloadavg()[0], time.monotonic(), busy(), self.source()
        rows = list(self._told(name, most))
        took = time.monotonic() - begun
        found = {
            "machine": machine(self.packages),
            "product": version("lacrima"),
            "peers": dict(self.peers()),
            "source": [code, self.source()],
            "load": [load, os.getloadavg()[0]],
            "busy": (busy() - worked) / took,
            "seconds": took,
            "rows": rows,
        }
        FIGURES.mkdir(exist_ok=True)
        path = FIGURES / f"{self.name}-{name}.json"
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")

    def source(self) -> str:
        """Digest of the code that is measured: figures of two versions must not share a table."""
        found = hashlib.sha256()
        for folder in self.code:
            for path in sorted((ROOT / folder).rglob("*.py")):
                found.update(path.read_bytes())
        return found.hexdigest()[:12]

    def _told(self, name: str, most: int) -> Iterator[Row]:
        """The rows of a part, each said when it is there."""
        for row in self.parts[name](most):
            say(f"{name}: " + ", ".join(f"{key} {_short(value)}" for key, value in row.items()))
            yield row

    def kept(self) -> dict[str, Found]:
        """What every part found last."""
        paths = {name: FIGURES / f"{self.name}-{name}.json" for name in self.parts}
        there = {name: path for name, path in paths.items() if path.exists()}
        return {name: json.loads(path.read_text("utf-8")) for name, path in there.items()}

    def measure_all(self, names: Sequence[str] = (), most: int = 0) -> int:
        """Measure the parts named, or all, and write the page; 1 where one failed."""
        failed, begun = 0, time.monotonic()
        for name in names or self.parts:
            try:
                self.measure(name, most or self.most)
            except LeftOut as why:
                say(f"{name} is left out: {why}.")
            except self.faults as fault:
                say(f"{name} failed: {fault}.")
                failed = 1
        self.write()
        say(f"Measured for {time.monotonic() - begun:.0f} s.")
        return failed

    def write(self) -> None:
        """The page, from what is kept."""
        path = ROOT / "benchmarks" / f"results-{self.name}.md"
        path.write_text(self.page(self.kept()), "utf-8")
        say(f"Wrote {path}.")

    def main(self, words: str) -> int:
        """The command line; ``words`` say what it is for."""
        parser = argparse.ArgumentParser(description=words.splitlines()[0])
        parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(self.parts))
        parser.add_argument("--page", action="store_true", help="only write the page again")
        parser.add_argument("--most", type=int, default=self.most, help="rows to grow to at most")
        asked = parser.parse_args()
        wrong = [name for name in asked.parts if name not in self.parts]
        if wrong:
            parser.error(f"there is no part {', '.join(wrong)}; there are {', '.join(self.parts)}")
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # ends what was started, too
        try:
            if not asked.page:
                return self.measure_all(asked.parts, asked.most)
            self.write()
        except KeyboardInterrupt:
            return 130
        return 0
