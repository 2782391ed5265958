"""The tools we compare with, in a virtual environment of their own: pandas stays out of ours."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from benchmarks.anonymise.measured import Failed, Ran, run
from benchmarks.anonymise.ours import Asked
from benchmarks.anonymise.spec import Spec
from benchmarks.process import ROOT

TOOLS = ("anjana", "anonypy")
SCRIPT = Path(__file__).with_name("peer.py")
ANJANA_LIMIT = 0.05  # full-domain recoding without it blanks nearly everything


def python() -> Path | None:
    """Their Python: PEERS names it, else ``make bench`` has made one in .venv/peers; None: none."""
    path = Path(os.environ.get("PEERS", ROOT / ".venv" / "peers" / "bin" / "python"))
    return path if path.exists() else None


def versions(peers: Path) -> Mapping[str, str]:
    """Name → version."""
    return run([peers, SCRIPT, "versions"]).told()


def measure(peers: Path, spec: Spec, written: Path) -> Mapping[str, int | None]:
    """``k`` and ``l`` of a written file as pycanon measures them."""
    return run([peers, SCRIPT, "measure", written, ",".join(spec.qi), spec.sensitive]).told()


def make(peers: Path, tool: str, spec: Spec, asked: Asked, out: Path) -> Ran:
    """Let a peer protect the data of ``spec`` into the file ``out``. Raises Failed."""
    order = {
        "data": str(spec.data),
        "identifiers": spec.identifiers,
        "qi": spec.qi,
        "numeric": sorted(spec.numeric),
        "sensitive": spec.sensitive,
        "outcome": spec.outcome,
        "hierarchies": {name: str(path) for name, path in spec.hierarchies.items()},
        "supp_level": 100 * ANJANA_LIMIT,
        **asdict(asked),
    }
    path = out.with_suffix(".json")
    path.write_text(json.dumps(order), "utf-8")
    ran = run([peers, SCRIPT, tool, path, out])
    if not out.exists():
        raise Failed(f"{tool} wrote nothing")
    return ran
