"""report.html of ``lacrima anonymise``: how a table was protected, for everybody to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from markupsafe import Markup

from exports.documents import html
from exports.tabular.report import Report

_MODES = {
    "local": "Each group of people was made only as coarse as it needs to be.",
    "one-coding": "Every column shows one level of its hierarchy throughout.",
}
# Figures to see at a glance, beside what was lost; the others follow as a table.
_FIRST = ("k_value", "k_coverage", "l", "t", "rows_left_out", "cells_withheld")


def report_page(report: Report) -> bytes:
    """The report as one page, without script or other files."""
    sections = {
        "At a glance": (html.figures(_glance(report)),),
        "What was asked": (
            html.paragraph(_MODES[report["mode"]]),
            html.definitions(_asked(report)),
        ),
        "What became of what others may know": (_columns(report),),
        "How many look alike": (_sizes(report),),
        "Further figures": (_further(report),),
        "What this does not protect against": (
            html.bullets(said["sentence"] for said in report["cautions"]),
        ),
        "To note": (html.bullets(report["notes"]),),
        "The file": (html.definitions([("SHA-256", html.code(report["data_sha256"]))]),),
    }
    parts = [html.section(name, *said) for name, said in sections.items() if any(said)]
    lead = (
        f"{report['records_out']:,} rows in {report['classes']:,} groups. In each, at least"
        f" {report['k_value']:,} rows read the same in every column that others may know."
    )
    return html.page("How this table was protected", *parts, lead=lead, footer=_FOOTER)


_LOSS = (
    "Mean over all cells that others may know, from 0 (nothing was coarsened) to 1 (everything"
    " withheld): the normalised certainty penalty."
)
_FOOTER = (
    "Every figure but the loss was measured on the written file, by a part of Lacrima that shares"
    " no code with the part that made it. The same table in any order and the same policy give the"
    " same bytes."
)


def figure(value: float | None) -> str:
    """A number as a reader wants it: whole, or with the digits that tell something."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}".rstrip("0").rstrip(".")


def _glance(report: Report) -> Iterator[tuple[str, str, str]]:
    """(value, what it is, a sentence) of the figures everybody asks for."""
    yield figure(report["ncp"]), "Information lost (NCP)", _LOSS
    for said in report["meaning"]:
        if said["name"] in _FIRST:
            yield said["value"], said["label"], said["sentence"]


def _further(report: Report) -> Markup:
    rows = [
        (said["label"], said["value"], said["sentence"])
        for said in report["meaning"]
        if said["name"] not in _FIRST
    ]
    head = ["Figure", "Value", "What it means"]
    return html.table(head, rows, caption="Measured on the written file", numbers=[1])


def _asked(report: Report) -> Iterator[tuple[str, html.Part]]:
    policy = report["policy"]
    for key, value in policy["privacy"].items():
        yield key, html.code(str(value))
    for role, names in policy["roles"].items():
        shown = "never leave" if role == "identifier" else ", ".join(names)
        yield role.replace("_", "-"), shown if names else ""


def _columns(report: Report) -> Markup:
    """What became of the cells that others may know."""
    head = ["Column", "Lost", "Values before", "after", "As it was", "*", "Missing"]
    keys = ("ncp", "values_before", "values_after", "as_it_was", "suppressed", "missing")
    rows = [
        [html.code(name), *(figure(about[key]) for key in keys)]
        for name, about in report["columns"].items()
        if about["role"] == "quasi_identifier"
    ]
    return html.table(head, rows, caption="Loss (0 to 1), values and rows", numbers=range(1, 7))


def _sizes(report: Report) -> Markup:
    """Rows by the size of their group, in steps that double from k."""
    k, rows = report["k_value"], Counter[int]()
    for size, groups in report["measured"]["class_sizes"].items():
        rows[(int(size) // k).bit_length() - 1] += int(size) * groups
    most = max(rows.values())
    return html.bars(
        (
            html.Bar(f"{k << step:,} to {(k << step + 1) - 1:,}", many / most, f"{many:,} rows")
            for step, many in sorted(rows.items())
        ),
        caption="Rows by how many read the same",
    )
