"""A preview as plain data for a page: what the release would hold, withhold and leave out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from survey.releasing.preview import Preview

# Straight from the report; those that a tier does not have are left out.
COPIED = (
    "rows", "pilot", "synthetic", "tier", "k", "l", "policy_notes", "limits", "corrections",
    "texts", "new_rows", "hidden_share", "rows_left_out",
)  # fmt: skip


def told_of(found: Preview) -> dict[str, Any]:
    """What the page shows of ``found``; ``cells`` maps a column to its share of withheld cells."""
    report = found.report
    told = {name: report[name] for name in COPIED if name in report}
    return {
        **told,
        "segments": [{"number": s["number"], "rows": s["rows"]} for s in report["segments"]],
        "cells": _withheld(report),
        "coarser": _coarser(report),
        "sums": found.sums,
        "against": list(found.against),
        "waiting": found.waiting,
        "basis": found.basis,
    }


def _withheld(report: Mapping[str, Any]) -> dict[str, int]:
    """Column → cells withheld in it, the most first."""
    found: Mapping[str, int] = report.get("cells_withheld", {})
    return dict(sorted(found.items(), key=lambda at: (-at[1], at[0])))


def _coarser(report: Mapping[str, Any]) -> dict[str, int]:
    """Column → cells shown coarser than they were asked."""
    levels: Mapping[str, Mapping[str, int]] = report.get("columns", {})
    found = {
        name: sum(n for level, n in at.items() if level.startswith("level "))
        for name, at in levels.items()
    }
    return {name: n for name, n in found.items() if n}
