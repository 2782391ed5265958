"""``lacrima anonymise``: the export engine on any table."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from survey.cli.main import main


@main.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--policy", type=click.Path(path_type=Path), required=True, metavar="POLICY.toml")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR")
def anonymise(data: Path, policy: Path, out: Path) -> None:
    """Protect the table DATA (.csv, .sav or .parquet) as a policy asks, into a new folder."""
    from exports.tabular.run import anonymise as run

    started = time.perf_counter()
    quiet = not sys.stderr.isatty()
    with click.progressbar(length=100, label="Searching", hidden=quiet, file=sys.stderr) as bar:
        report = run(data, policy, out, progress=lambda x: bar.update(round(x * 100) - bar.pos))
    click.echo(_told(report))
    click.echo(f"{out} written in {time.perf_counter() - started:.1f} seconds.")


def _told(report: Mapping[str, Any]) -> str:
    """The figures everybody asks for, a line each; report.json has them all."""
    names = ("ncp", "k_value", "k_coverage", "l", "t", "records_suppressed", "cells_suppressed")
    return "\n".join(f"{name:<20}{_figure(report[name])}" for name in (*names, "classes"))


def _figure(value: float | None) -> str:
    """A whole number as it is, a share with four digits, nothing where nothing was measured."""
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.4f}"
