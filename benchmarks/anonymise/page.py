"""The page of results: what each figure means, then the tables."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.anonymise.big import AIM_COLUMNS
from benchmarks.anonymise.grow import FIXED
from benchmarks.anonymise.keys import EXCHANGED
from benchmarks.anonymise.tables import (
    columns,
    compared,
    released,
    rows,
    same,
    tabulated,
)
from benchmarks.series import Found, Section, written

HOW = """\
Written by `make bench` (parts alone: `python -m benchmarks.anonymise.run compare`). The figures
as they were measured lie in `figures/`. *NCP* is the mean loss over all cells of the
quasi-identifiers: a number by its share of the range, anything else by (values covered - 1) /
(values - 1), `*` and people left out 1; worked out from the written file by code that no tool
shares. *Overlap* is that of the 95 % intervals of the regression in the spec, mean over its terms
(Karr et al. 2006), 0 where they lie apart; a coarser cell counts as the mean of the values it
covers, as often as they occur. *Search* is the tool's own work on a table in memory; *inside*
adds reading, writing and, for Lacrima, verifying the written file; *command* is the process from
start to end, with its peak memory."""
COMPARED = """\
Each tool by the same hierarchies, but for anonypy: it needs none, and releases sets and ranges
made for each class, which share no labels and cannot be tabulated; it drops every column but one.
Full-domain tools may withhold 5 % of the people, labels 0.1 %. Lacrima is the fastest of three
runs, the peers run once. pycanon measures the written files."""
GROWN = f"""\
k = 5, labels, 5 % may be withheld. People are drawn with replacement, of 3,000 simulated clients
and of Adult; {EXCHANGED:.0%} of the cells come from somebody else, so that new combinations keep
turning up. Each size is a process of its own, and runs once."""
WIDE = f"""\
{FIXED:,} rows of correlated columns with eight values each, in a binary tree; k = 5, labels.
Exponents are in the number of columns."""
RELEASED = f"""\
`lacrima release --pilot` of the flagship, from the answers in SQLite to the folder with every
file, its zip and the ledger; tier B is coarsened from tier C's part, so it makes both. The last
column scales the seconds to {AIM_COLUMNS} columns, as if columns alone were what costs: an
estimate."""
TABULATED = """\
`lacrima release --tier A --pilot` of the flagship, from the answers in SQLite to the folder with
every table and the ledger: counted, measured with noise, made consistent and written. Most of a
small release is the start of the program."""
SAMENESS = """\
Simulated clients, ten seeds, both tests of `analysis/h1.py`, the very same people on both sides.
Rows used are those of the branch that saw tears and not careless; tier B takes only those who
agreed to an open file."""

SECTIONS: Mapping[str, Section] = {
    "compare": ("## Beside others", COMPARED, compared),
    "rows": ("## More rows", GROWN, rows),
    "columns": ("## More quasi-identifiers", WIDE, columns),
    "release": ("## A large release", RELEASED, released),
    "tables": ("## Tables of everybody", TABULATED, tabulated),
    "same": ("## The main result before and after", SAMENESS, same),
}


def page(found: Mapping[str, Found]) -> str:
    """The whole page."""
    return written("the export engine", HOW, SECTIONS, found)
