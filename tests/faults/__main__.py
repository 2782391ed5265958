"""The long form: ``python -m tests.faults --kills 1000``."""

import argparse
import sys
import tempfile
from pathlib import Path

from survey.crypto import make_key
from tests.faults.killing import Served, kill_at_random


def main() -> int:
    """Kill so many times and say what was lost; 1 where anything was."""
    parser = argparse.ArgumentParser(description="kill -9 at random moments under load")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "data"
        make_key(folder / "server.key")
        outcome = kill_at_random(folder, asked.kills, Served(folder), seed=asked.seed)
    print(outcome)  # noqa: T201
    harm = (outcome.lost, outcome.doubled, outcome.half, outcome.strangers, not outcome.sound)
    return int(any(harm))


if __name__ == "__main__":
    sys.exit(main())
