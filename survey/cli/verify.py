"""``lacrima verify``: whether a running site shows what a dossier says."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from survey.cli.main import main


@main.command()
@click.argument("url")
@click.argument("dossier", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--invitation", metavar="CODE", default="", help="For a study by invitation.")
def verify(url: str, dossier: Path, invitation: str) -> None:
    """Compare every text that the site at URL shows with DOSSIER (a dossier.zip).

    Walks as one client up to the check page, sends nothing and leaves; then every way through on
    the board's pages. Counts as one visit in the study's totals. Exit 1 when anything differs.
    """
    from survey.board.dossier.opened import open_dossier
    from survey.board.verify_site import verify as compare

    said = open_dossier(dossier)
    hidden = not sys.stderr.isatty()
    with click.progressbar(
        length=len(said.ways), label="Walking", hidden=hidden, file=sys.stderr
    ) as bar:
        report = compare(url, said, lambda done: bar.update(done - bar.pos), invitation=invitation)
    for note in report.notes:
        click.echo(note)
    for difference in report.differences:
        click.echo(str(difference))
    seen = f"{report.screens} screens on {report.ways} ways compared"
    if report.differences:
        count = len(report.differences)
        differ = "1 text differs" if count == 1 else f"{count} texts differ"
        click.echo(f"{said.name}: {differ}; {seen}.")
        sys.exit(1)
    click.echo(f"{said.name}: the site shows what the dossier says; {seen}.")
