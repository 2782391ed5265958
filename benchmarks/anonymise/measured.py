"""Commands as they are measured: wall clock, CPU and peak memory of the whole process."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.process import ROOT
from benchmarks.product import without_settings

SPAWN = Path(__file__).with_name("spawn.py")


_FOLDERS = re.compile(r"(?<![\w/])/(?:[^/\s]+/)+")  # of this machine: no reader has them

_KIND = re.compile(r"^(?:\w+\.)+\w+: ")  # the name of an exception's class


class Failed(Exception):
    """A command that ended with an error; says what it said last."""


@dataclass(frozen=True, slots=True)
class Ran:
    """Seconds by the clock, CPU seconds, peak memory in MB, and what was printed."""

    seconds: float
    cpu: float
    memory: float
    said: str

    def told(self) -> Mapping[str, Any]:
        """The JSON object printed on the last line."""
        found: Mapping[str, Any] = json.loads(self.said.splitlines()[-1])
        return found


def run(command: Sequence[str | Path], *, limit: float = 1800.0) -> Ran:
    """Run it to its end. Raises Failed, also after ``limit`` seconds."""
    said, complaints = _whole([sys.executable, "-I", "-S", SPAWN, str(limit), *command])
    *lines, last = said.splitlines() or ["{}"]
    told = json.loads(last)
    status = told.get("status", 1)
    if status == -signal.SIGKILL:
        raise Failed(f"ended after {told['seconds']:.0f} s")
    if status:
        last = (complaints.strip() or "nothing was said").splitlines()[-1]
        raise Failed(_FOLDERS.sub("", _KIND.sub("", last)))
    return Ran(told["seconds"], told["cpu"], told["memory"], "\n".join(lines))


def _whole(command: Sequence[str | Path]) -> tuple[str, str]:
    """Both outputs of a command, which ends with everything it started when we are ended."""
    with subprocess.Popen(
        command, cwd=ROOT, env=without_settings(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            return process.communicate()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
