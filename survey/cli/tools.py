"""``lacrima anonymise``, ``verify`` and ``invite``: a table, a running site, single-use codes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from survey.accounts.audit import note_command
from survey.cli.installation import open_version
from survey.cli.main import main
from survey.crypto import KeyRing, read_keys
from survey.errors import Refusal
from survey.respondents import invitations


@main.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--policy", type=click.Path(path_type=Path), required=True, metavar="POLICY.toml")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR")
@click.option("--encoding", default="", metavar="NAME", help="Of DATA, such as cp1252.")
@click.option("--separator", default="", metavar="SIGN", help='Of DATA, such as ";" or tab.')
@click.option("--sheet", default="", metavar="NAME", help="Of DATA, a file of Excel.")
def anonymise(
    data: Path, policy: Path, out: Path, encoding: str, separator: str, sheet: str
) -> None:
    """Protect the table DATA (.csv, .sav, .dta, .xlsx …) as a policy asks, into a new folder."""
    from exports.tabular.input_table import ReadOptions
    from exports.tabular.run import anonymise as run

    started = time.perf_counter()
    quiet = not sys.stderr.isatty()
    with click.progressbar(length=100, label="Searching", hidden=quiet, file=sys.stderr) as bar:
        report = run(
            data,
            policy,
            out,
            progress=lambda x: bar.update(round(x * 100) - bar.pos),
            how=ReadOptions(encoding, separator, sheet),
        )
    for remark in report["input"]:
        click.echo(remark)
    # The figures that are asked for most; report.json has them all.
    names = ("ncp", "k_value", "k_coverage", "l", "t", "records_suppressed", "cells_suppressed")
    for name in (*names, "classes"):
        value = report[name]  # None where nothing could be measured
        shown = f"{value:.4f}" if isinstance(value, float) else "-" if value is None else value
        click.echo(f"{name:<20}{shown}")
    for note in report["notes"]:
        click.echo(note)
    click.echo(f"{out} written in {time.perf_counter() - started:.1f} seconds.")


@main.command()
@click.argument("url")
@click.argument("dossier", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--invitation", metavar="CODE", default="", help="For a study by invitation.")
def verify(url: str, dossier: Path, invitation: str) -> None:
    """Compare every text that the site at URL shows with DOSSIER (a dossier.zip).

    Walks as one client up to the check page, sends nothing and leaves; then every way through on
    the board's pages. Counts as one visit in the study's totals. Exit 1 when anything differs.
    """
    from survey.ethics.dossier.reader import open_dossier
    from survey.ethics.verify_site import verify as compare

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


@main.command()
@click.argument("study")
@click.option("--count", type=click.IntRange(1, invitations.MOST_INVITATIONS), required=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
@click.option(
    "--links", metavar="URL", help=f"Links to the site at URL, too. {invitations.LINKS_STAY}"
)
def invite(study: str, count: int, out: Path, links: str | None) -> None:
    """Write COUNT single-use codes for STUDY into a new file: a table if it ends in .csv.

    They cannot be read again: only keyed hashes are kept. Clients type them at /i/; a table has
    links as well where --links asks for them.
    """
    site = invitations.site_of(links) if links else ""
    if site and out.suffix != ".csv":
        raise Refusal(f"Links stand in a table: let {out.name} end in .csv, or leave out --links.")
    config, version, stores = open_version(study)
    name = version.study.name
    seal = KeyRing(read_keys(config.key))
    codes = invitations.draw(count)
    table = out.suffix == ".csv"
    content = invitations.as_csv(codes, site) if table else invitations.as_text(codes)
    with _new_file(out, content):
        invitations.keep(stores, seal, name, codes, pilot=version.pilot)
    said = f"{name}: {count} invitations made{', with links' if site else ''}"
    note_command(stores.office, said)
    click.echo(
        f"{count} invitations to {name} are in {out}, the only copy. Clients enter them at /i/."
    )


@contextmanager
def _new_file(path: Path, content: str) -> Iterator[None]:
    """Write a file for the owner alone to the disk; remove it where what follows fails."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refusal(f"{path} is there already: codes are written into a new file.") from None
    except OSError as error:
        raise Refusal(f"Cannot write {path}: {error.strerror}.") from None
    try:
        with os.fdopen(handle, "w", encoding="ascii", newline="") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield
    except BaseException as error:
        path.unlink()
        if isinstance(error, OSError):
            raise Refusal(f"Cannot write {path}: {error.strerror}. No code was made.") from None
        raise
