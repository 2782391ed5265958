"""The long form of kills alone: ``python -m tests.faults --kills 1000``."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.faults.copying import kills


def main() -> int:
    """Kill so many times and say what was lost; 1 where anything was."""
    parser = argparse.ArgumentParser(description="kill -9 at random moments under load")
    parser.add_argument("--kills", type=int, default=1000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        (row,) = kills(Path(made), asked.kills)
    print(f"{row.verdict}: {row.times} kills: {row.found}")  # noqa: T201
    return int(not row.sound)


if __name__ == "__main__":
    sys.exit(main())
