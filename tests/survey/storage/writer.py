"""A process of its own that sends answers and says each number once it is confirmed.

``python -m tests.survey.storage.writer FOLDER FIRST COUNT``
"""

import sys
from pathlib import Path

from survey.storage.answers import accept
from survey.storage.stores import Stores
from tests.survey.storage.samples import answer, open_study


def main() -> None:
    """Send answers until done or killed."""
    folder, first, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    db = Stores(folder).responses
    table = open_study(db)
    for number in range(first, first + count):
        accept(db, answer(table, number))
        print(number, flush=True)  # noqa: T201  # the parent reads it


if __name__ == "__main__":
    main()
