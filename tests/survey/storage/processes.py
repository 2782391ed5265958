"""Real processes beside the test's own."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def python(*arguments: str) -> subprocess.Popen[str]:
    """Another Python in the checkout; its output can be read as it comes."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def next_line(process: subprocess.Popen[str]) -> str:
    """What it prints next, as soon as it does."""
    assert process.stdout
    return process.stdout.readline()


def writer(folder: Path, first: int, count: int) -> subprocess.Popen[str]:
    """A process that sends answers ``first`` … and prints each number once it is confirmed."""
    return python("-m", "tests.survey.storage.writer", str(folder), str(first), str(count))
