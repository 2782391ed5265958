"""Run every attack; print the table, write it, and fail where a row is not as the pages say.

python -m tests.attacks [--long] [--out FILE]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import machine
from tests.attacks.outcome import Outcome, table
from tests.attacks.suite import LONG, SHORT, everything
from tests.serving import ROOT

PAGE = """# What each attack reached

Written by `make {command}` at commit {commit}: {failed} of {count} rows failed. {machine}.

Each attack is carried out on the program as it is and, in the last column, on a copy without the
protection that is named there: an attack that fails there too would show nothing. *Told* is how
often the attack was right, with a 95 % interval (Wilson); *by guessing*, how often somebody is who
looks at nothing. *Held*: no more than by guessing. *Documented limit*: more, and no more than the
page says that is named. A row fails where chance explains what lies above its bound less than once
in 10,000 runs. What the adversaries are, in plain words: [threats.md](threats.md).

{rows}
"""


def commit() -> str:
    """The commit that is tried, and whether files differ from it."""
    said = subprocess.run(
        ["git", "describe", "--always", "--abbrev=12", "--dirty"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return said.stdout.strip() or "unknown"


def main() -> int:
    """Carry everything out."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--long", action="store_true", help="as often as takes half an hour")
    parser.add_argument("--out", type=Path, help="file for the table")
    asked, begun, at = parser.parse_args(), time.monotonic(), commit()

    rows: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="attacks-") as folder:
        for row in everything(Path(folder), LONG if asked.long else SHORT):
            print(f"{row.verdict}: {row.adversary}: {row.tried}", file=sys.stderr, flush=True)
            rows.append(row)
    failed = sum(not row.sound for row in rows)
    text = PAGE.format(
        command="audit" if asked.long else "attack", commit=at, failed=failed, count=len(rows),
        machine=machine(), rows="\n".join(table(rows)),
    )  # fmt: skip
    print(text)
    if asked.out:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(text, "utf-8")
    print(f"{len(rows)} rows, {failed} failed, {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
