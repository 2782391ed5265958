"""The memory of the server's processes, read as root reads a snapshot of the machine."""

from __future__ import annotations

from pathlib import Path

from tests.attacks.outcome import Outcome, Told
from tests.promises.test_memory_of_the_server import measure


def rows(folder: Path) -> list[Outcome]:
    """Words that were sent, before and after the processes were replaced."""
    seen = measure(folder)
    before = Told(seen.before, seen.sent, 0)
    return [
        Outcome(
            "root, snapshot of the memory",
            "words that were sent, in the memory of any process, once each was replaced",
            Told(seen.after, seen.sent, 0),
            before,
            "processes that are not replaced",
            0,
            "board.md",
        ),
        Outcome(
            "root, snapshot of the memory",
            "the same within the hour before",
            before,
            before,
            "processes that are not replaced",
            1,
            "board.md",
        ),
    ]
