"""The page of results: what each figure means, then the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.report import table
from benchmarks.rooms.clicks import ANSWERS
from benchmarks.rooms.dossier import TIMES
from benchmarks.rooms.pages import BARE, NOT_MEASURED, REQUESTS, SIZES
from benchmarks.series import Found, Section, written

Row = Mapping[str, Any]

# More than this against the same page at the smallest size is growth; less may be the machine's.
GROWS, GROWS_MS = 1.5, 1.0

HOW = """\
Written by `make bench PARTS=rooms` (parts alone: `python -m benchmarks.rooms.run pages`). The
figures as they were measured lie in `figures/`. `lacrima serve` with 2 workers × 4 threads, the
driver beside it on the same machine, plain HTTP, no compression."""
PAGES = f"""\
A pilot of the flagship (`N` in the addresses) that grows to the sizes below: ten thousand synthetic
answers, then copies of them under keys of their own, with one text for every two answers, a tenth
of which waits to be read. {SIZES[-1]:,} is one short of the largest limit that a site can set. The
ledger and the audit are the same at every size: a release of the first 600 answers, and a preview
that was refused. Each page is asked for {REQUESTS} times at one connection, one after the other,
after three that are not counted. *p50* and *p99* are milliseconds; *grown* is the fastest request
at the largest size over the fastest at the smallest, which other work moves least, in bold where it
is above {GROWS} and by {GROWS_MS:.0f} ms or more. *Bare Flask* is a page of 8 kB without database,
form or account, served alike, measured after the pages of each size; *× bare* is p50 at the largest
size over its p50 there. The site sets a limit
for the study, so whether it is full is asked every two seconds; the first of the requests for a
client’s first page asks. Left out, since they show nothing without a code, a link or a state of
their own:
`{"`, `".join(NOT_MEASURED)}`."""
CLICKS = f"""\
{ANSWERS:,} synthetic answers; seconds from a click until the page that it leads to can be seen, in
Chromium, reloads included: the page on the way looks again after a second at first, then less
often. One after the other, in this order; each is done once. *Charts* is the page with all charts
of that release, for the first time and again."""
DOSSIER = f"""\
The flagship’s. *First* is the first request to a server that has just begun, three servers;
*again* the {TIMES * REQUESTS} later ones, which get what was made. The zip holds the PDF."""


def _by_page(rows: Sequence[Row]) -> dict[str, dict[int, Row]]:
    found: dict[str, dict[int, Row]] = {}
    for row in rows:
        if "page" in row:
            found.setdefault(row["page"], {})[row["size"]] = row
    return found


def _grown(found: Mapping[int, Row]) -> float:
    return float(found[max(found)]["best"] / found[min(found)]["best"])


def _grows(at: Mapping[int, Row]) -> bool:
    return _grown(at) > GROWS and at[max(at)]["best"] - at[min(at)]["best"] > GROWS_MS


def pages(found: Found) -> Iterator[str]:
    """One line a page, then memory, then a sentence on what grows."""
    rows = found["rows"]
    by_page = _by_page(rows)
    sizes = sorted(next(iter(by_page.values())))
    bare = by_page[BARE]
    heads = ["", *(f"{size:,} p50 / p99" for size in sizes), "grown", "× bare"]
    yield from table(heads, (_line(name, at, bare) for name, at in by_page.items()))
    grow = [name for name, at in by_page.items() if _grows(at)]
    yield f"Pages that grow with the answers: {', '.join(grow) or 'none'}."
    yield ""
    used = [row for row in rows if "memory" in row]
    yield from table(
        ["answers", "memory of the server MB", "file of the answers MB"],
        ([f"{row['size']:,}", f"{row['memory']:.0f}", f"{row['file']:.1f}"] for row in used),
    )


def _line(name: str, at: Mapping[int, Row], bare: Mapping[int, Row]) -> list[str]:
    grown, last = _grown(at), max(at)
    label = f"`/{name}`" if "/" in name else name
    return [
        label,
        *(f"{at[size]['p50']:.1f} / {at[size]['p99']:.1f}" for size in sorted(at)),
        f"**{grown:.2f}**" if _grows(at) else f"{grown:.2f}",
        f"{at[last]['p50'] / bare[last]['p50']:.1f}",
    ]


def clicks(found: Found) -> Iterator[str]:
    """One line a tier, with script and without."""
    heads = ["tier", "script", "preview s", "release s", "charts s", "charts again s"]
    rows = [row for row in found["rows"] if "tier" in row]
    yield from table(heads, (_clicked(row) for row in rows))
    for row in found["rows"]:
        if "memory" in row:
            yield (
                f"Memory of the server {row['memory_before']:.0f} MB before, "
                f"{row['memory']:.0f} MB after: the work is done by processes of its own."
            )
            yield ""


def _clicked(row: Row) -> list[str]:
    charts = [f"{row[name]:.2f}" if name in row else "–" for name in ("charts", "charts_again")]
    script = "on" if row["script"] else "off"
    return [row["tier"], script, f"{row['preview']:.1f}", f"{row['release']:.1f}", *charts]


def dossier(found: Found) -> Iterator[str]:
    """One line a file."""
    heads = ["", "kB", "first s", "again p50 / p99 ms"]
    yield from table(
        heads,
        (
            [
                f"`{row['file']}`",
                f"{row['kilobytes']:.0f}",
                " / ".join(f"{seconds:.2f}" for seconds in row["cold"]),
                f"{row['p50']:.1f} / {row['p99']:.1f}",
            ]
            for row in found["rows"]
        ),
    )


SECTIONS: Mapping[str, Section] = {
    "pages": ("## Every page, at growing numbers of answers", PAGES, pages),
    "clicks": ("## Previews and releases in the browser", CLICKS, clicks),
    "dossier": ("## The dossier", DOSSIER, dossier),
}


def page(found: Mapping[str, Found]) -> str:
    """The whole page."""
    return written("the rooms for the researcher and the board", HOW, SECTIONS, found)
