"""Measure parts of the export engine again and write benchmarks/results-anonymise.md.

    python -m benchmarks.anonymise.run [compare] [rows] [columns] [release] [tables] [same]
        [--most 100000]

No part named: all. What each run found stays in benchmarks/figures/ and the page is made from that,
so that a part can be measured alone. Peers need .venv/peers (``make bench`` makes it), data sets
the folder PUBLIC_DATA; what is missing is said and left out.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from benchmarks.anonymise import big, compare, grow, page, peers, same
from benchmarks.anonymise.cells import Unreadable
from benchmarks.anonymise.measured import Failed
from benchmarks.anonymise.spec import NoData
from benchmarks.series import Row, Series, say

MOST = 1_000_000


def _growth(most: int) -> Iterator[Row]:
    sizes = [size for size in grow.ROWS if size <= most]
    yield from ({"kind": "study"} | row for row in grow.with_rows("study", sizes))
    try:
        yield from ({"kind": "adult"} | row for row in grow.with_rows("adult", sizes))
    except NoData as missing:
        say(f"rows of Adult are left out: {missing}.")


def _releases(most: int) -> Iterator[Row]:
    return big.releases([size for size in big.ROWS if size <= most])


def _peers() -> Mapping[str, str]:
    there = peers.python()
    return peers.versions(there) if there else {}


SERIES = Series(
    name="anonymise",
    parts={
        "compare": lambda _: compare.compare(),
        "rows": _growth,
        "columns": lambda _: grow.with_columns(),
        "release": _releases,
        "tables": lambda most: big.tables([size for size in big.TABLE_ROWS if size <= most]),
        "same": lambda _: same.same(),
    },
    page=page.page,
    packages=("numpy", "polars", "pyreadstat"),
    most=MOST,
    faults=(Failed, Unreadable, OSError),
    code=("exports",),
    peers=_peers,
)

if __name__ == "__main__":
    sys.exit(SERIES.main(__doc__ or ""))
