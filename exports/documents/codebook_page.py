"""The codebook of a release as files: CSV and JSON for programs, a page with distributions.

CSV and JSON hold the exact counts and belong with the data. The page shows counts by the 10-5 rule
(exports.documents.flow_of_participants), so that it can be published without the data.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from exports.codebook import Entry
from exports.columns import FORMULA_STARTS
from exports.documents import html
from exports.documents.context import DocumentContext, labels_of, number, pretty_json
from exports.documents.flow_of_participants import Count, binned, pooled, shown

COLUMNS = (
    "variable", "label", "question", "part", "kind", "type", "page", "routing", "required", "codes",
    "range", "missing", "may_be_empty", "decimals", "construct", "scales", "rule", "items",
    "reversed", "role", "group", "level", "groups", "treatment", "n_valid", "n_missing", "hint",
    "note",
)  # fmt: skip
# No chart: the row number and the marks say nothing about people.
UNCHARTED = ("row", "pilot", "synthetic")
OTHER_CODES = "Other codes, each under 10"
AS_ASKED = "As asked"
OTHER_MISSING = "Missing for another reason"
EMPTY = "Empty"
PARTS: Mapping[str, str] = {
    "administrative": "About the row",
    "answer": "Answers",
    "score": "Scores",
    "quality": "Data quality",
}

COUNTING = """\
Counts are rounded to 5 and hidden where fewer than 10 rows are behind them; where a hidden count \
could be worked out from the others, one more is not shown. Reasons for a missing answer stand \
together where each is rare, and are left out where all of them are. So the bars need not add up \
to the number of rows. This page may be published without the data."""


def cell(value: Any) -> str:
    """A codebook value in one line of text."""
    if isinstance(value, Mapping):
        return "; ".join(f"{key} = {label}" for key, label in value.items())
    if isinstance(value, (list, tuple)):
        return "; ".join(cell(v) for v in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _guarded(text: str) -> str:
    """Codes such as -99 open many cells here; a space before them keeps a spreadsheet calm."""
    return " " + text if text.startswith(FORMULA_STARTS) else text


def codebook_csv(told: DocumentContext) -> bytes:
    """One line a column of the data file. Cells open with a word or a code, never a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for entry in told.codebook:
        writer.writerow([_guarded(cell(entry.get(name))) for name in COLUMNS])
    return out.getvalue().encode()


def codebook_json(told: DocumentContext) -> bytes:
    """Everything the codebook knows, for programs; the scripts of the release read it."""
    return pretty_json(
        {
            "study": told.study.name,
            "title": told.study.title,
            "tier": told.tier["name"],
            "mark": told.mark,
            "caution": told.caution,
            "data": told.data_path,
            "variables": list(told.codebook),
        }
    )


def recoded(entry: Entry) -> bool:
    """Whether this release changed the column."""
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


def _missing(entry: Entry, cells: Mapping[str, int]) -> dict[str, int]:
    """Counts by missing code; small ones are added up, since each alone would say too much."""
    counts = {f"{c} {label}": cells.get(c, 0) for c, label in entry["missing"].items()}
    if entry.get("may_be_empty"):
        counts[EMPTY] = cells.get("", 0)
    return pooled(counts, frozenset(counts), OTHER_MISSING)


def _bar(label: str, count: Count, rows: int, *, quiet: bool) -> html.Bar:
    if count.rounded is None:
        return html.Bar(label, None, count.words, quiet)
    share = count.rounded / rows
    return html.Bar(label, share, f"{count.words} ({min(share, 1):.0%})", quiet)


def distribution(entry: Entry, cells: Mapping[str, int]) -> Markup:
    """Bars for one column: answers first, then what is missing, both by the 10-5 rule."""
    rows = sum(cells.values())
    if not rows or not _charted(entry):
        return Markup()
    labels, missing = labels_of(entry), _missing(entry, cells)
    answers = {_named(c, labels, entry): n for c, n in _answers(entry, cells).items()}
    counts = shown({**answers, **missing}, unsaid=(OTHER_CODES, OTHER_MISSING))
    return html.bars(
        _bar(label, count, rows, quiet=label in missing) for label, count in counts.items()
    )


def _charted(entry: Entry) -> bool:
    own_words = entry["type"] == "text" and not entry["codes"]
    return entry["variable"] not in UNCHARTED and not own_words


def _named(code: str, labels: Mapping[str, str], entry: Entry) -> str:
    """A code with its label; a version's label is a digest, too long beside a bar."""
    label = labels.get(code, "")
    if entry["type"] == "text" or not label:
        return code
    return f"{code} {label}"


def _range(entry: Entry) -> str:
    bounds = entry.get("range")
    return f"{number(bounds[0])} to {number(bounds[1])}" if bounds else ""


def _codes(codes: Mapping[str, str]) -> Markup:
    """Codes and labels on one line."""
    pairs = (Markup("{} {}").format(html.code(code), label) for code, label in codes.items())
    return Markup(" · ").join(pairs)


def _scales(entry: Entry) -> str:
    return ", ".join(
        s["score"] + " (reversed)" * bool(s.get("reversed")) for s in entry.get("scales", ())
    )


def _facts(entry: Entry, *, charted: bool) -> Markup:
    """What one line can say of a column; empty ones are left out, and codes the chart shows."""
    shown_above = charted and not entry.get("range") and not recoded(entry)
    codes = {} if shown_above else entry["codes"]
    return html.definitions(
        [
            ("Page", entry.get("page", "")),
            ("Hint shown", entry.get("hint", "")),
            ("Asked of", entry.get("routing", "")),
            ("Measures", entry.get("construct", "")),
            ("Range", _range(entry)),
            ("Codes", _codes(codes)),
            ("Missing codes", _codes(entry["missing"])),
            ("Rule", entry.get("rule", "")),
            ("Made from", ", ".join(entry.get("items", ()))),
            ("Reversed first", ", ".join(entry.get("reversed", ()))),
            ("Goes into", _scales(entry)),
            ("Role", _role(entry)),
            ("This release", _treatment(entry)),
            ("Note", entry.get("note", "")),
        ]
    )


def _treatment(entry: Entry) -> html.Part:
    """What was done to the column; its levels as a list."""
    first, *others = _levels_apart(str(entry["treatment"])) if recoded(entry) else [""]
    return Markup("{}{}").format(first, html.bullets(others)) if others else first


def _levels_apart(treatment: str) -> list[str]:
    """What was done, then one line a level."""
    return treatment.replace(". level ", " | level ", 1).split(" | ")


def _role(entry: Entry) -> str:
    role = str(entry.get("role", "none")).replace("_", "-")
    return "" if role == "none" else f"{role} {entry.get('group') or ''}".strip()


def _entry(entry: Entry, cells: Mapping[str, int]) -> Markup:
    asked = {b: text for b, text in entry.get("question", {}).items() if text != entry["label"]}
    chart = distribution(entry, cells)
    title = Markup("{} {}").format(html.code(entry["variable"]), entry["label"])
    return html.card(
        title, _question(asked), chart, _facts(entry, charted=bool(chart)), id_=_id(entry)
    )


def _question(asked: Mapping[str, str]) -> Markup:
    """The question as clients read it; each branch on a line of its own."""
    said = [
        text if branch == "everybody" else f"{text} *(branch {branch})*"
        for branch, text in asked.items()
        if text
    ]
    return html.quote("\n\n".join(said))


def _id(entry: Entry) -> str:
    return "v-" + str(entry["variable"])


def _by_part(told: DocumentContext) -> Iterator[tuple[str, list[Entry]]]:
    found = defaultdict(list)
    for entry in told.codebook:
        found[entry["part"]].append(entry)
    for part, heading in PARTS.items():
        if found[part]:
            yield heading, found[part]


def codebook_page(told: DocumentContext) -> bytes:
    """Every column on one page: question, codes, routing, distribution, what was done to it."""
    parts = [html.paragraph(COUNTING, kind="note")]
    for heading, entries in _by_part(told):
        links = html.contents([(e["variable"], _id(e)) for e in entries], label=heading)
        cards = [_entry(e, told.counts.get(e["variable"], {})) for e in entries]
        parts.append(html.section(heading, links, *cards))
    rows = told.report.get("rows")
    tier = told.tier
    lead = f"Every column of {told.data_path}" + (f": {rows} rows, " if rows else ": ")
    lead += f"{len(told.codebook)} columns. Tier {tier['name']}, {tier['label'].lower()}."
    title = f"Codebook: {told.study.title}"
    return html.page(title, *parts, mark=told.mark, lead=lead, caution=told.caution)


def codebook(told: DocumentContext) -> dict[str, bytes]:
    """The three files of the codebook by path."""
    return {
        "documentation/codebook.csv": codebook_csv(told),
        "documentation/codebook.json": codebook_json(told),
        "documentation/codebook.html": codebook_page(told),
    }
