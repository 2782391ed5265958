"""Run every attack; print the tables, write them as they grow, and fail where a row does.

python -m tests.attacks [--long | --rehearsal] [--minutes N] [--parts NAME …] [--out FILE]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.report import machine
from tests.attacks.outcome import Row, Trial, table, trials
from tests.attacks.suite import LONG, PARTS, REHEARSAL, SHORT, everything
from tests.serving import ROOT

PAGE = """# What each attack reached

Written by `make {command}` at commit {commit}: {failed} of {count} rows failed{so_far}. {machine}.

Each attack is carried out on the program as it is and, in the last column, on a copy without the
protection that is named there: an attack that fails there too would show nothing. *Told* is how
often the attack was right, with a 95 % interval (Wilson); *by guessing*, how often somebody is who
looks at nothing. *Held*: no more than by guessing. *Documented limit*: more, and no more than the
page says that is named. A row fails where chance explains what lies above its bound less than once
in 10,000 runs. What the adversaries are, in plain words: [threats.md](threats.md).

{rows}
"""
ELSE = """
## Floods, faults and scanners

Nothing is guessed here: a row fails where more came of it than *at most* says.

{rows}
"""


def commit() -> str:
    """The commit that is tried, and whether files differ from it."""
    said = subprocess.run(
        ["git", "describe", "--always", "--abbrev=12", "--dirty"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return said.stdout.strip() or "unknown"


def page(rows: Sequence[Row], command: str, at: str, *, over: bool) -> str:
    """Both tables and what they are, as far as they go."""
    lines = [*trials(rows)]
    return PAGE.format(
        command=command, commit=at, machine=machine(), count=len(rows),
        failed=sum(not row.sound for row in rows), so_far="" if over else " so far",
        rows="\n".join(table(row for row in rows if not isinstance(row, Trial))),
    ) + (ELSE.format(rows="\n".join(lines)) if lines else "")  # fmt: skip


def main() -> int:
    """Carry everything out."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--long", action="store_true", help="as often as takes hours")
    size.add_argument("--rehearsal", action="store_true", help="all of --long, each once in small")
    parser.add_argument("--minutes", type=float, help="so long the memory is watched")
    parser.add_argument("--parts", nargs="+", choices=PARTS, help="these alone")
    parser.add_argument("--out", type=Path, help="file for the tables")
    asked, begun, at = parser.parse_args(), time.monotonic(), commit()
    sizes = LONG if asked.long else REHEARSAL if asked.rehearsal else SHORT
    if asked.minutes is not None:
        sizes = replace(sizes, minutes=asked.minutes)
    command = "audit" if asked.long else "attack"

    def write(*, over: bool) -> None:
        if asked.out:
            asked.out.parent.mkdir(parents=True, exist_ok=True)
            asked.out.write_text(page(rows, command, at, over=over), "utf-8")

    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="attacks-") as folder:
        for row in everything(Path(folder), sizes, asked.parts):
            print(f"{row.verdict}: {row.tried}", file=sys.stderr, flush=True)
            rows.append(row)
            write(over=False)
    write(over=True)
    print(page(rows, command, at, over=True))
    failed = sum(not row.sound for row in rows)
    print(f"{len(rows)} rows, {failed} failed, {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
