"""import.py and score.py: plain Python that needs no package."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from exports.documents.scripts.plan import TOLERANCE, Plan
from exports.documents.scripts.text import head
from exports.documents.told import Told

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


def import_py(told: Told) -> bytes:
    """Reads data and codebook into a dict of columns, or a polars frame where that is there."""
    return template("import.py.txt", {"HEAD": head(told, "#"), "DATA": told.data_path})


def score_py(told: Told, plan: Plan) -> bytes:
    """Recomputes every score and compares; exit status 1 when one differs."""
    scales = {
        rule.column: {"items": rule.items, "mirrors": rule.mirrors, "least": rule.least}
        for rule in plan.scales
    }
    composites = {r.column: {"scores": r.scores, "least": r.least} for r in plan.composites}
    differences = {r.column: [r.minuend, r.subtrahend] for r in plan.differences}
    filled = {
        "HEAD": head(told, "#"),
        "DATA": told.data_path,
        "SCALES": _literal(scales),
        "COMPOSITES": _literal(composites),
        "DIFFERENCES": _literal(differences),
        "SKIPPED": json.dumps(plan.skipped),
        "TOLERANCE": str(TOLERANCE),
    }
    return template("score.py.txt", filled)
