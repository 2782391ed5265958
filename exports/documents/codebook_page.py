"""The codebook of a release as files: CSV and JSON for programs, a page with distributions.

CSV and JSON hold the exact counts and belong with the data. The page shows counts by the 10-5 rule
(exports.documents.cherries), so that it can be published without the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exports.codebook import AS_ASKED, LIFTED, Entry
from exports.documents.cherries import binned, pooled, shown
from exports.documents.context import DocumentContext, number, pretty_json
from exports.documents.markup import DistributionBar, render_page
from exports.missingness import in_step
from exports.output_files import csv_text

COLUMNS = (
    "variable", "label", "question", "part", "kind", "type", "measure", "page", "routing",
    "required", "codes", "range", "missing", "may_be_empty", "decimals", "construct",
    "multiple_response", "scales",
    "rule", "items", "reversed", "role", "group", "level", "groups", "treatment", "n_valid",
    "n_missing", "withheld_by", "reliability", "item_rest", "hint", "note",
)  # fmt: skip
# No chart: the row number and the marks say nothing about people.
UNCHARTED = ("row", "pilot", "synthetic")
OTHER_CODES = "Other codes, each under 10"
OTHER_MISSING = "Missing for another reason"
EMPTY = "Empty"
COEFFICIENTS: Mapping[str, str] = {"alpha": "Cronbach’s alpha", "omega": "McDonald’s omega"}
PARTS: Mapping[str, str] = {
    "administrative": "About the row",
    "answer": "Answers",
    "score": "Scores",
    "quality": "Data quality",
    LIFTED: "Key variables at one level",
}


def cell(value: Any) -> str:
    """A codebook value in one line of text."""
    if isinstance(value, Mapping):
        return "; ".join(f"{key} = {label}" for key, label in value.items())
    if isinstance(value, (list, tuple)):
        return "; ".join(cell(v) for v in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def codebook_csv(context: DocumentContext) -> bytes:
    """Return one line a column of the data file.

    Many cells open with a code such as -99; a space before them keeps a spreadsheet calm.
    """
    lines = ([cell(entry.get(name)) for name in COLUMNS] for entry in context.codebook)
    return csv_text([COLUMNS, *lines], mark=" ").encode()


def codebook_json(context: DocumentContext) -> bytes:
    """Return all that the codebook knows, for programs; the scripts of the release read it."""
    return pretty_json(
        {
            "study": context.study.name,
            "title": context.study.title,
            "tier": context.tier["name"],
            "mark": context.mark,
            "caution": context.caution,
            "data": context.data_path,
            "variables": list(context.codebook),
        }
    )


def recoded(entry: Entry) -> bool:
    """Return whether this release changed the column."""
    return str(entry.get("treatment", AS_ASKED)) != AS_ASKED


def _answers(entry: Entry, cells: Mapping[str, int]) -> dict[str, int]:
    """Counts of what is not missing: by code, or in bands where the column is a number."""
    given = {c: n for c, n in cells.items() if c and c not in entry["missing"]}
    if recoded(entry):
        inside = {c: given.get(c, 0) for c in entry["codes"]} | given  # in the codebook's order
        return pooled(inside, frozenset(inside), OTHER_CODES)
    if entry.get("range"):
        low, high = entry["range"]
        return binned(given, low, high, whole=entry["type"] == "integer")
    return {**dict.fromkeys(entry["codes"], 0), **given}


def distribution(entry: Entry, cells: Mapping[str, int]) -> list[DistributionBar]:
    """Return the bars of one column: answers, then what is missing, both by the 10-5 rule."""
    rows, text = sum(cells.values()), entry["type"] == "text"
    # The chart of the written column shows the same people at the level that each has.
    if entry["part"] == LIFTED:
        return []
    if not rows or entry["variable"] in UNCHARTED or (text and not entry["codes"]):
        return []
    missing = {f"{code} {label}": cells.get(code, 0) for code, label in entry["missing"].items()}
    if entry["may_be_empty"]:
        missing[EMPTY] = cells.get("", 0)
    # Small ones are added up, since each alone would say too much.
    missing = pooled(missing, frozenset(missing), OTHER_MISSING)
    # A version's label is a digest, too long beside a bar.
    labels = {} if text else {**entry["codes"], **entry["missing"]}
    answers = {
        f"{c} {labels[c]}" if labels.get(c) else c: n for c, n in _answers(entry, cells).items()
    }
    counts = shown({**answers, **missing}, unsaid=(OTHER_CODES, OTHER_MISSING))
    bars = []
    for label, count in counts.items():
        share = None if count.rounded is None else count.rounded / rows
        percent = "" if share is None else f" ({min(share, 1):.0%})"
        bars.append(DistributionBar(label, share, count.words + percent, label in missing))
    return bars


def missing_in_all(bars: Sequence[DistributionBar]) -> str:
    """Return the step of the share of rows that lack an answer, from what the bars show.

    Empty where a bar of it is hidden, or nothing is missing.
    """
    shares = [bar.share for bar in bars if bar.quiet]
    known = [share for share in shares if share is not None]
    told = known and len(known) == len(shares)
    return f"{in_step(min(sum(known), 1))} of all rows" if told else ""


def _reliability(entry: Entry) -> str:
    """Return alpha, omega and item-rest correlations in one line."""
    found, rest = entry.get("reliability") or {}, entry.get("item_rest") or {}
    said = [(COEFFICIENTS[name], found.get(name)) for name in COEFFICIENTS if found]
    said += [(f"item-rest {item}", value) for item, value in rest.items()]
    return "; ".join(f"{label} {_coefficient(value)}" for label, value in said)


def _coefficient(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.2f}"


def _column(entry: Entry, cells: Mapping[str, int]) -> dict[str, Any]:
    """Return what the page says of a column; codes that the chart shows are not listed again."""
    bars = distribution(entry, cells)
    in_chart = bars and not entry["range"] and not recoded(entry)
    role = str(entry["role"]).replace("_", "-")
    # What was done, then one line a level.
    treatment = str(entry["treatment"]).replace(". level ", " | level ", 1).split(" | ")
    said = [
        text if branch == "everybody" else f"{text} *(branch {branch})*"
        for branch, text in entry["question"].items()
        if text and text != entry["label"]
    ]
    return {
        "entry": entry,
        "question": "\n\n".join(said),
        "bars": bars,
        "range": " to ".join(map(number, entry["range"] or ())),
        "codes": {} if in_chart else entry["codes"],
        "scales": ", ".join(s["score"] + " (reversed)" * s["reversed"] for s in entry["scales"]),
        "role": "" if role == "none" else f"{role} {entry['group']}".strip(),
        "treatment": treatment if recoded(entry) else [],
        "missing_share": missing_in_all(bars),
        "reliability": _reliability(entry),
    }


def codebook_page(context: DocumentContext) -> bytes:
    """Return the page of every column: question, codes, routing, distribution, treatment."""
    parts: dict[str, list[dict[str, Any]]] = {heading: [] for heading in PARTS.values()}
    for entry in context.codebook:
        column = _column(entry, context.counts.get(entry["variable"], {}))
        parts[PARTS[entry["part"]]].append(column)
    rows = context.report.get("rows")
    tier = context.tier
    lead = f"Every column of {context.data_path}" + (f": {rows} rows, " if rows else ": ")
    lead += f"{len(context.codebook)} columns. Tier {tier['name']}, {tier['label'].lower()}."
    lead += f" {context.sample}" if context.sample else ""
    return render_page(
        "codebook.html",
        title=f"Codebook: {context.study.title}",
        lead=lead,
        mark=context.mark,
        caution=context.caution,
        approval=context.approval,
        parts=[(heading, columns) for heading, columns in parts.items() if columns],
    )


def codebook(context: DocumentContext) -> dict[str, bytes]:
    """The three files of the codebook by path."""
    return {
        "documentation/codebook.csv": codebook_csv(context),
        "documentation/codebook.json": codebook_json(context),
        "documentation/codebook.html": codebook_page(context),
    }
