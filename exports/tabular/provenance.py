"""Provenance of a protected table: program, sums of what was read, and counts of values.

What would give back what was withheld stands in the private report alone: the sum of the input,
against which a guess could be tried, and how often each value occurred before.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import polars as pl

from exports.errors import ExportRefused
from exports.output_files import sha256_of
from exports.tabular.policy import Policy

MOST_VALUES = 50  # different values of a column whose values are counted
Counts = dict[str, dict[str, int]]


def program() -> dict[str, str]:
    """Return the program and its version, which is not known of sources that nobody installed."""
    try:
        return {"name": "lacrima", "version": version("lacrima")}
    except PackageNotFoundError:
        return {"name": "lacrima", "version": "not installed"}


def sums(policy: Policy) -> dict[str, Any]:
    """Return the SHA-256 of the policy and of the file of each hierarchy."""
    # A hierarchy that is a rule stands in the policy itself.
    files = {n: path for n, path in policy.hierarchies.items() if isinstance(path, Path)}
    trees = {column: sha256_of(path) for column, path in files.items()}
    return {"policy_sha256": sha256_of(policy.path), "hierarchies_sha256": trees}


def frequencies(table: pl.DataFrame) -> Counts:
    """Return column → value → rows, of columns with few different values; "" is a missing cell."""
    few = (column for column in table if column.n_unique() <= MOST_VALUES)
    return {
        column.name: dict(sorted(column.fill_null("").alias("value").value_counts().iter_rows()))
        for column in few
    }


def private_report(
    data: Path, policy: Policy, table: pl.DataFrame, report: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what only whoever holds the input may know; ``table`` is the input unprotected."""
    population = policy.population
    return {
        "program": program(),
        "data": {"name": data.name, "sha256": sha256_of(data)},
        "population_sha256": None if population is None else sha256_of(population),
        **sums(policy),
        "data_sha256": report["data_sha256"],
        "frequencies_before": frequencies(table),
    }


def private_path(out: Path) -> Path:
    """Return where the private report is written unless somebody says otherwise: beside ``out``."""
    out = out if out.name else out.resolve()
    return out.with_name(f"{out.name}-private.json")


def refuse_private(path: Path, out: Path) -> None:
    """Raise ExportRefused unless ``path`` is a new name outside ``out``."""
    if out.resolve() in path.resolve().parents:
        raise ExportRefused(f"{path} lies in {out}, which others may read: name another file.")
    if path.exists() or path.is_symlink():
        raise ExportRefused(f"{path} is there already: name a new file with --private-report.")


def write_private(path: Path, content: Mapping[str, Any]) -> None:
    """Write a new file for its owner alone. Raise ExportRefused where that cannot be."""
    written = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(written)
    except OSError as fault:
        raise ExportRefused(f"{path} cannot be written: {fault.strerror or fault}.") from None
