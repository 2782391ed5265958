"""Our engine beside the peers that can be installed: same data, machine and measuring rod."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.anonymise import ours, peers
from benchmarks.anonymise.judge import judge
from benchmarks.anonymise.measured import Failed, Ran
from benchmarks.anonymise.ours import Asked
from benchmarks.anonymise.spec import Spec, read_cells, read_spec

TIMES = 3  # runs of ours, the fastest counts; the peers are slow and run once
WITHHELD = 0.001  # labels may leave out so many rows; one coding as many as full-domain peers
MODES = {"local": WITHHELD, "one-coding": peers.ANJANA_LIMIT}
CASES = (
    *(("Adult-8", Asked(k)) for k in (2, 5, 10, 25)),
    ("Adult-4", Asked(5)),
    ("bfi3", Asked(5)),
    *((name, Asked(5, l=2)) for name in ("Adult-8", "Adult-4", "bfi3")),
)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """One data set, one demand, and a folder to work in."""

    spec: Spec
    asked: Asked
    work: Path
    peers: Path | None

    def row(self, tool: str) -> Row:
        """One line of the table; ``failed`` says why there is none."""
        begun: Row = {"data": self.spec.name, "k": self.asked.k, "l": self.asked.l, "tool": tool}
        try:
            return begun | (self._ours(tool) if tool in MODES else self._peer(tool))
        except Failed as failed:
            return begun | {"failed": str(failed)}

    def _ours(self, mode: str) -> Row:
        policy = self.work / f"{mode}.toml"
        ours.write_policy(self.spec, replace(self.asked, limit=MODES[mode]), mode, policy)

        def out(kind: str, at: int) -> Path:
            return self.work / f"{mode}-{kind}-{at}"

        commands = [ours.command(self.spec, policy, out("command", at)) for at in range(TIMES)]
        inside = [ours.inside(self.spec, policy, out("inside", at)) for at in range(TIMES)]
        made = out("command", 0)
        reported = json.loads((made / "report.json").read_text("utf-8"))["ncp"]
        return {"reported": reported} | self._judged(
            made / "data.csv",
            min(commands, key=lambda ran: ran.seconds),
            min(inside, key=lambda ran: float(ran.told()["whole"])),
        )

    def _peer(self, tool: str) -> Row:
        assert self.peers
        out = self.work / f"{tool}.csv"
        ran = peers.make(self.peers, tool, self.spec, self.asked, out)
        return self._judged(out, ran, ran)

    def _judged(self, written: Path, command: Ran, inside: Ran) -> Row:
        found = peers.measure(self.peers, self.spec, written) if self.peers else {}
        return {
            **asdict(judge(self.spec, written)),
            "rows": len(read_cells(self.spec.data)),
            **{f"pycanon_{name}": value for name, value in found.items()},
            **inside.told(),
            "command": command.seconds,
            "memory": command.memory,
        }


def compare() -> Iterator[Row]:
    """Every case with every tool. Raises NoData."""
    there = peers.python()
    tools = (*MODES, *(peers.TOOLS if there else ()))
    for name, asked in CASES:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            case = Case(read_spec(name), asked, Path(folder), there)
            for tool in tools:
                yield case.row(tool)
