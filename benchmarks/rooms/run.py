"""Measure the staff's rooms again and write benchmarks/results-rooms.md.

    python -m benchmarks.rooms.run [pages] [clicks] [dossier] [--most 999999]

No part named: all, in about six minutes. What each run found stays in benchmarks/figures/ and the
page is made from that, so that a part can be measured alone. *clicks* needs Chromium.
"""

from __future__ import annotations

import sys

from playwright.sync_api import Error

from benchmarks.page import WalkFailed
from benchmarks.process import NotStarted
from benchmarks.rooms import clicks, dossier, page, pages
from benchmarks.rooms.site import Unexpected
from benchmarks.series import Series

SERIES = Series(
    name="rooms",
    parts={
        "pages": lambda most: pages.pages([size for size in pages.SIZES if size <= most]),
        "clicks": lambda _: clicks.clicks(),
        "dossier": lambda _: dossier.dossiers(),
    },
    page=page.page,
    packages=("flask", "granian", "polars", "typst", "playwright"),
    most=pages.SIZES[-1],
    faults=(Unexpected, WalkFailed, NotStarted, Error, OSError),
    code=("exports", "forms", "survey"),
)

if __name__ == "__main__":
    sys.exit(SERIES.main(__doc__ or ""))
