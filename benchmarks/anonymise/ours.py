"""Our own tool: its policy, its command, and the seconds inside a process that is up already.

    python -m benchmarks.anonymise.ours DATA POLICY OUT

prints ``whole`` (read, search, write, verify, report) and ``search`` (the engine alone, on codes).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.anonymise.measured import Ran, run
from benchmarks.anonymise.spec import Spec, read_cells
from benchmarks.product import BIN


@dataclass(frozen=True, slots=True)
class Asked:
    """What every tool is asked: k, distinct values (1 asks nothing), rows that may be withheld."""

    k: int
    l: int = 1  # noqa: E741 - the condition's name
    limit: float = 0.0


def _list(names: Sequence[str]) -> str:
    return "[" + ", ".join(json.dumps(name) for name in names) + "]"


def write_policy(spec: Spec, asked: Asked, mode: str, path: Path) -> None:
    """The policy that asks ``lacrima anonymise`` for this."""
    special = {*spec.identifiers, *spec.qi, spec.sensitive}
    plain = [name for name in read_cells(spec.data).columns if name not in special]
    sensitive = [spec.sensitive] if asked.l > 1 else []
    plain += [] if sensitive else [spec.sensitive]
    diverse = f"l = {asked.l}\n" if asked.l > 1 else ""
    files = "".join(f"{json.dumps(n)} = {json.dumps(str(spec.hierarchies[n]))}\n" for n in spec.qi)
    path.write_text(
        f"[privacy]\nk = {asked.k}\n{diverse}mode = {json.dumps(mode)}\n"
        f"suppression_limit = {asked.limit}\nseed = 1\n\n"
        f"[roles]\nidentifier = {_list(spec.identifiers)}\n"
        f"quasi_identifier = {_list(spec.qi)}\n"
        f"sensitive = {_list(sensitive)}\nplain = {_list(plain)}\n\n"
        f"[hierarchies]\n{files}",
        "utf-8",
    )


def command(spec: Spec, policy: Path, out: Path) -> Ran:
    """``lacrima anonymise`` as people call it. Raises Failed."""
    return run([BIN / "lacrima", "anonymise", spec.data, "--policy", policy, "--out", out])


def inside(spec: Spec, policy: Path, out: Path) -> Ran:
    """The same in a process that has loaded everything; ``told`` has the seconds in there."""
    return run([sys.executable, "-m", "benchmarks.anonymise.ours", spec.data, policy, out])


def _inside(data: Path, policy: Path, out: Path) -> dict[str, float]:
    from exports.anonymise.solve import solve
    from exports.tabular.hierarchy import problem_of
    from exports.tabular.run import anonymise, read_sources

    begun = time.perf_counter()
    anonymise(data, policy, out)
    whole = time.perf_counter() - begun
    read, sources = read_sources(data, policy)
    problem = problem_of(read, sources)
    begun = time.perf_counter()
    solve(problem, read.mode)
    return {"whole": whole, "search": time.perf_counter() - begun}


if __name__ == "__main__":
    print(json.dumps(_inside(*map(Path, sys.argv[1:]))))
