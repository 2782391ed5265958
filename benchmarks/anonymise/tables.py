"""What was found, as tables: one function a part of the benchmark."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.anonymise.big import AIM_COLUMNS
from benchmarks.anonymise.grow import exponent
from benchmarks.anonymise.targets import (
    ANCHORS,
    COMMAND_SECONDS,
    INSIDE_SECONDS,
    MEGABYTES,
    NCP,
    OVERLAP,
    RELEASE,
    SAME,
    TABLES,
    WITHHELD,
)
from benchmarks.report import table

Row = Mapping[str, Any]
Found = Mapping[str, Any]

TOOLS = {
    "local": "Lacrima, labels",
    "one-coding": "Lacrima, one coding, 5 %",
    "anjana": "ANJANA, 5 %",
    "anonypy": "anonypy (no labels)",
}
QUIET = 0.7  # load average of a machine that does nothing else
ALIKE = 2e-6  # reports are rounded to six digits
RIGHT_SIZES = 10_000  # exponents are fitted from here


def _number(value: Any, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _named(row: Row) -> str:
    diverse = f", l = {row['l']}" if row["l"] > 1 else ""
    return f"{row['data']}, k = {row['k']}{diverse}"


def _ours(rows: Sequence[Row]) -> dict[tuple[str, int, int], Row]:
    return {(r["data"], r["k"], r["l"]): r for r in rows if r["tool"] == "local"}


def _verdict(measured: float | None, *, aim: float, most: bool) -> str:
    if measured is None:
        return "not measured"
    return "yes" if (measured <= aim if most else measured >= aim) else "**no**"


def _aim(name: str, aim: float, measured: float | None, digits: int, *, most: bool) -> list[str]:
    sign = "≤" if most else "≥"
    said = f"{sign} {aim:.{digits}f}"
    return [name, said, _number(measured, digits), _verdict(measured, aim=aim, most=most)]


def _aims(rows: Sequence[Row]) -> Iterator[list[str]]:
    ours = _ours(rows)

    def of(case: tuple[str, int, int], figure: str) -> float | None:
        return ours.get(case, {}).get(figure)

    for case, aim in NCP.items():
        data, k, diverse = case
        name = f"NCP, {_named({'data': data, 'k': k, 'l': diverse})}"
        yield _aim(name, aim, of(case, "ncp"), 4, most=True)
    for data, aim in OVERLAP.items():
        name = f"overlap of intervals, {data}, k = 5"
        yield _aim(name, aim, of((data, 5, 1), "overlap"), 3, most=False)
    eight = [row for case, row in ours.items() if case[0] == "Adult-8" and "ncp" in row]
    plain = [row for row in eight if row["l"] == 1]
    for name, figure, aim, digits in (
        ("seconds inside a process, Adult-8, slowest k", "whole", INSIDE_SECONDS, 2),
        ("seconds of the whole command, Adult-8, slowest k", "command", COMMAND_SECONDS, 2),
        ("peak memory MB, Adult-8, largest", "memory", MEGABYTES, 0),
    ):
        measured = max((row[figure] for row in plain), default=None)
        yield _aim(name, aim, measured, digits, most=True)
    shares = [row["withheld"] / row["rows"] for row in ours.values() if "ncp" in row]
    most = max(shares) if shares else None
    yield _aim("share of people withheld, worst case above", WITHHELD, most, 4, most=True)


def _line(row: Row) -> list[str]:
    begun = [_named(row), TOOLS[row["tool"]]]
    if "failed" in row:
        return [*begun, f"failed: {row['failed']}", *[""] * 9]
    return [
        *begun,
        f"{row['ncp']:.4f}",
        _number(row["overlap"], 2),
        _number(row["worst"], 2),
        str(row["withheld"]),
        str(row["classes"]),
        str(row.get("pycanon_k", "–")),
        "–" if row.get("pycanon_l") is None else str(row["pycanon_l"]),
        f"{row['search']:.2f}",
        f"{row['whole']:.2f}",
        f"{row['command']:.2f}",
        f"{row['memory']:.0f}",
    ]


def compared(found: Found) -> Iterator[str]:
    """Aims, every tool on every case, and figures from earlier."""
    rows = found["rows"]
    yield from table(("", "aim", "measured", "reached"), _aims(rows))
    heads = ("", "tool", "NCP", "overlap", "worst term", "withheld", "classes", "k (pycanon)",
             "l (pycanon)", "search s", "inside s", "command s", "memory MB")  # fmt: skip
    yield from table(heads, map(_line, rows))
    yield from (_agreement(rows), "")
    yield from _anchors(rows)


def _agreement(rows: Sequence[Row]) -> str:
    """Whether the reports that Lacrima writes say what was measured here."""
    both = [(row["ncp"], row["reported"]) for row in rows if "reported" in row]
    alike = sum(abs(measured - reported) < ALIKE for measured, reported in both)
    return f"Lacrima's own reports give the NCP measured here in {alike} of {len(both)} cases."


def _anchors(rows: Sequence[Row]) -> Iterator[str]:
    ours = _ours(rows)
    ks = (2, 5, 10, 25)
    measured = [_number(ours.get(("Adult-8", k, 1), {}).get("ncp"), 4)[1:] for k in ks]
    yield "Adult-8 against figures measured earlier, on a comparable machine:"
    yield ""
    heads = ("Adult-8, NCP", *(f"k = {k}" for k in ks))
    yield from table(heads, [*ANCHORS, ("Lacrima, labels, this run", *measured)])


def _grown(rows: Sequence[Row], size: str) -> Iterator[str]:
    heads = (size, "NCP", "overlap", "withheld", "classes", "search s", "inside s", "memory MB")
    yield from table(heads, [_size(row) for row in rows])


def _size(row: Row) -> list[str]:
    name = f"{row['size']:,}"
    if "failed" in row:
        return [name, f"refused: {row['failed']}", *[""] * 6]
    return [
        name, f"{row['ncp']:.4f}", _number(row["overlap"], 2), str(row["withheld"]),
        f"{row['classes']:,}", f"{row['search']:.3f}", f"{row['whole']:.2f}",
        f"{row['memory']:.0f}",
    ]  # fmt: skip


def _exponents(rows: Sequence[Row], least: float) -> str:
    figures = {"NCP": "ncp", "1 − overlap": "apart", "search": "search", "inside": "whole",
               "memory": "memory"}  # fmt: skip
    fitted = [row for row in rows if row.get("overlap") is not None]
    told = [dict(row) | {"apart": round(1 - row["overlap"], 6)} for row in fitted]
    found = {name: exponent(told, figure, least) for name, figure in figures.items()}
    said = ", ".join(f"{name} {_number(value, 2)}" for name, value in found.items())
    return f"Exponents from {least:,.0f} on: {said}."


def rows(found: Found) -> Iterator[str]:
    """Growth with rows, for each kind of table."""
    names = {"study": "### The flagship's core keys", "adult": "### Adult-8"}
    for kind, heading in names.items():
        rows = [row for row in found["rows"] if row["kind"] == kind]
        if not rows:
            continue
        yield from (heading, "")
        yield from _grown(rows, "rows")
        yield from (_exponents(rows, RIGHT_SIZES), "")


def columns(found: Found) -> Iterator[str]:
    """Growth with quasi-identifiers."""
    yield from _grown(found["rows"], "quasi-identifiers")
    yield from (_exponents(found["rows"], 2), "")


def released(found: Found) -> Iterator[str]:
    """Seconds and memory of releases, and the aim."""
    rows = [row for row in found["rows"] if "failed" not in row]
    heads = ("answers", "tier", "columns", "files", "seconds", "CPU s", "memory MB", "CSV MB",
             f"seconds for {AIM_COLUMNS} columns")  # fmt: skip
    yield from table(heads, [
        [f"{r['size']:,}", r["tier"], str(r["columns"]), str(r["files"]), f"{r['seconds']:.1f}",
         f"{r['cpu']:.1f}", f"{r['memory']:.0f}", f"{r['megabytes']['.csv']:.0f}",
         f"{r['seconds'] * AIM_COLUMNS / r['columns']:.1f}"]
        for r in rows
    ])  # fmt: skip
    failed = [row for row in found["rows"] if "failed" in row]
    for row in failed:
        yield from (f"{row['size']:,} in tier {row['tier']} failed: {row['failed']}", "")
    yield from _release_aims([row for row in rows if row["tier"] == "C"])


def _release_aims(rows: Sequence[Row]) -> Iterator[str]:
    """The aim at its size, or from the largest size measured and said to be so."""
    aim_rows, seconds, megabytes = RELEASE
    if len(rows) < 2:
        return
    *_, before, last = sorted(rows, key=lambda row: float(row["size"]))
    name = f"{aim_rows:,} answers"
    if last["size"] < aim_rows:
        name += f", **extrapolated** in a line from {before['size']:,} and {last['size']:,}"
    heads = ("tier C", "aim", name, "reached")
    yield from table(heads, [
        _aim("seconds", seconds, _on_line(before, last, "seconds", aim_rows), 0, most=True),
        _aim("peak memory MB", megabytes, _on_line(before, last, "memory", aim_rows), 0, most=True),
    ])  # fmt: skip


def _on_line(before: Row, last: Row, figure: str, size: int) -> float:
    slope = (last[figure] - before[figure]) / (last["size"] - before["size"])
    found: float = last[figure] + slope * (size - last["size"])
    return found


def tabulated(found: Found) -> Iterator[str]:
    """Seconds and memory of releases of tier A, beside the aim at each size that has one."""
    heads = ("answers", "files", "seconds", "CPU s", "memory MB", "aim, s and MB", "reached")
    yield from table(heads, [_of_tables(r) for r in found["rows"] if "failed" not in r])
    for row in (row for row in found["rows"] if "failed" in row):
        yield from (f"{row['size']:,} failed: {row['failed']}", "")


def _of_tables(row: Row) -> list[str]:
    seconds, megabytes = TABLES.get(row["size"], (None, None))
    cells = [f"{row['size']:,}", str(row["files"]), f"{row['seconds']:.1f}", f"{row['cpu']:.1f}"]
    cells.append(f"{row['memory']:.0f}")
    if seconds is None or megabytes is None:
        return [*cells, "–", "–"]
    reached = row["seconds"] <= seconds and row["memory"] <= megabytes
    return [*cells, f"≤ {seconds:g}, {megabytes:.0f}", "yes" if reached else "**no**"]


def same(found: Found) -> Iterator[str]:
    """The main result's interval before and after, by size and tier."""
    heads = ("clients, tier", "fits", "refused or too few", "rows used, median", "overlap, median",
             "least", "same sign", f"overlap ≥ {SAME}")  # fmt: skip
    cases = sorted({(row["size"], row["tier"]) for row in found["rows"]})
    yield from table(heads, [_case(found["rows"], *case) for case in cases])
    yield from _reasons([row for row in found["rows"] if "failed" in row])


def _reasons(failed: Sequence[Row]) -> Iterator[str]:
    """Each reason once for a size and tier, with how many seeds it befell."""
    alike: dict[tuple[int, str, str], list[str]] = {}
    for row in failed:
        reason = re.sub(r"[0-9][0-9.]*", "…", row["failed"])
        alike.setdefault((row["size"], row["tier"], reason), []).append(row["failed"])
    for (size, tier, _), said in sorted(alike.items()):
        yield f"- {size:,}, tier {tier}, {len(said)} of the seeds, such as: {said[0]}"
    yield ""


def _case(rows: Iterable[Row], size: int, tier: str) -> list[str]:
    mine = [row for row in rows if (row["size"], row["tier"]) == (size, tier)]
    fits = [row for row in mine if "overlap" in row]
    begun = [f"{size:,}, {tier}", str(len(fits)), str(len(mine) - len(fits))]
    if not fits:
        return [*begun, *["–"] * 5]
    overlaps = [row["overlap"] for row in fits]
    return [
        *begun, f"{median(row['used'] for row in fits):.0f}", f"{median(overlaps):.3f}",
        f"{min(overlaps):.3f}", f"{sum(row['same_sign'] for row in fits)} of {len(fits)}",
        f"{sum(o >= SAME for o in overlaps)} of {len(fits)}",
    ]  # fmt: skip
