"""Scripts in plain Python and in base R, which use a package only where it is installed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from exports.codebook import Entry
from exports.documents.context import DocumentContext
from exports.documents.scripts.scoring import TOLERANCE, ScoringPlan, head, number

_HERE = Path(__file__).parent


def template(name: str, filled: Mapping[str, str]) -> bytes:
    """A script beside this module with its ``@@PLACES@@`` filled."""
    text = _HERE.joinpath(name).read_text("utf-8")
    for place, value in filled.items():
        text = text.replace(f"@@{place}@@", value)
    return text.encode()


def _literal(rules: Mapping[str, object]) -> str:
    """A dict of one line a rule, which JSON and Python write alike."""
    lines = [f"    {json.dumps(k)}: {json.dumps(v)},\n" for k, v in rules.items()]
    return "{\n" + "".join(lines) + "}"


def import_py(context: DocumentContext) -> bytes:
    """Read data and codebook into a dict of columns, or a polars frame where that is there."""
    return template("import.py.txt", {"HEAD": head(context, "#"), "DATA": context.data_path})


def score_py(context: DocumentContext, plan: ScoringPlan) -> bytes:
    """Recompute every score and compares; exit status 1 when one differs."""
    scales = {
        rule.column: {"items": rule.items, "mirrors": rule.mirrors, "least": rule.least}
        for rule in plan.scales
    }
    composites = {r.column: {"scores": r.scores, "least": r.least} for r in plan.composites}
    differences = {r.column: [r.minuend, r.subtrahend] for r in plan.differences}
    filled = {
        "HEAD": head(context, "#"),
        "DATA": context.data_path,
        "SCALES": _literal(scales),
        "COMPOSITES": _literal(composites),
        "DIFFERENCES": _literal(differences),
        "SKIPPED": json.dumps(plan.skipped),
        "TOLERANCE": str(TOLERANCE),
    }
    return template("score.py.txt", filled)


def quoted(text: str) -> str:
    """A string of R in ASCII, so that it reads the same in every locale."""
    return '"' + "".join(_character(c) for c in text) + '"'


def _character(char: str) -> str:
    if char in '\\"':
        return "\\" + char
    if " " <= char <= "~":
        return char
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(char, f"\\U{{{ord(char):X}}}")


def _vector(codes: Mapping[str, str]) -> str:
    """Codes named by their labels."""
    pairs = [f"{quoted(label)} = {code}" for code, label in codes.items() if number(code)]
    return f"c({', '.join(pairs)})" if pairs else "numeric(0)"


def _names(names: Iterable[str]) -> str:
    return f"c({', '.join(quoted(name) for name in names)})"


def _truth(value: object) -> str:
    return "TRUE" if value else "FALSE"


def _entry(entry: Entry) -> str:
    text = entry["type"] == "text"
    return (
        f"  {quoted(entry['variable'])} = list(label = {quoted(entry['label'])},\n"
        f"    text = {_truth(text)}, may_be_empty = {_truth(entry.get('may_be_empty'))}, "
        f"whole = {_truth(entry['codes'] and not entry.get('range'))},\n"
        f"    codes = {'numeric(0)' if text else _vector(entry['codes'])},\n"
        f"    missing = {'numeric(0)' if text else _vector(entry['missing'])})"
    )


def import_r(context: DocumentContext) -> bytes:
    """Read the data into raw codes, numbers with NA, and labelled columns or factors."""
    book = "list(\n" + ",\n".join(_entry(entry) for entry in context.codebook) + "\n)"
    filled = {"HEAD": head(context, "#"), "DATA": context.data_path, "CODEBOOK": book}
    return template("import.R.txt", filled)


def _scale_rules(plan: ScoringPlan) -> str:
    lines = []
    for rule in plan.scales:
        mirrors = ", ".join(f"{quoted(item)} = {sum_}" for item, sum_ in rule.mirrors.items())
        lines.append(
            f"  {quoted(rule.column)} = list(items = {_names(rule.items)},\n"
            f"    mirrors = c({mirrors}), least = {rule.least})"
        )
    return "list(\n" + ",\n".join(lines) + "\n)"


def _composite_rules(plan: ScoringPlan) -> str:
    lines = [
        f"  {quoted(r.column)} = list(scores = {_names(r.scores)}, least = {r.least})"
        for r in plan.composites
    ]
    return "list(\n" + ",\n".join(lines) + "\n)"


def _difference_rules(plan: ScoringPlan) -> str:
    lines = [
        f"  {quoted(r.column)} = {_names([r.minuend, r.subtrahend])}" for r in plan.differences
    ]
    return "list(\n" + ",\n".join(lines) + "\n)"


def score_r(context: DocumentContext, plan: ScoringPlan) -> bytes:
    """Recompute every score and compares; ends with an error when one differs."""
    filled = {
        "HEAD": head(context, "#"),
        "DATA": context.data_path,
        "SCALES": _scale_rules(plan),
        "COMPOSITES": _composite_rules(plan),
        "DIFFERENCES": _difference_rules(plan),
        "SKIPPED": f"c({', '.join(quoted(name) for name in plan.skipped)})",
        "TOLERANCE": str(TOLERANCE),
    }
    return template("score.R.txt", filled)
