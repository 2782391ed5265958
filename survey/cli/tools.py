"""``lacrima anonymise``, ``verify`` and ``invite``: a table, a running site, single-use codes."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING

import click

from survey.accounts.audit import note_command
from survey.cli.installation import open_version
from survey.cli.main import main
from survey.data_folder import key_ring
from survey.errors import Refusal
from survey.private_file import new_private_file
from survey.respondents import invitations

if TYPE_CHECKING:
    from exports.tabular.input_table import ReadOptions
    from survey.signing.evidence import Verdict


@main.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "--start",
    type=click.Path(path_type=Path),
    metavar="POLICY.toml",
    help="Write a first policy for DATA, with hierarchies beside it, to be edited; nothing else.",
)
@click.option(
    "--policy",
    type=click.Path(path_type=Path),
    metavar="POLICY.toml",
    help="What each column is and how many people must look alike.",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="A new folder.")
@click.option(
    "--private-report",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What was read and how often each value occurred, for you alone (else DIR-private.json).",
)
@click.option("--encoding", default="", metavar="NAME", help="Of DATA, such as cp1252.")
@click.option("--separator", default="", metavar="SIGN", help='Of DATA, such as ";" or tab.')
@click.option("--sheet", default="", metavar="NAME", help="Of DATA, a file of Excel.")
def anonymise(
    data: Path,
    start: Path | None,
    policy: Path | None,
    out: Path | None,
    private_report: Path | None,
    encoding: str,
    separator: str,
    sheet: str,
) -> None:
    """Protect the table DATA (.csv, .sav, .dta, .xlsx …) as a policy asks, into a new folder.

    Either --start, or --policy and --out: the first writes the policy that the others take.
    """
    from exports.tabular.input_table import ReadOptions
    from exports.tabular.provenance import private_path

    how = ReadOptions(encoding, separator, sheet)
    if start and not (policy or out or private_report):
        _start(data, start, how)
    elif policy and out and not start:
        _protect(data, policy, out, private_report or private_path(out), how)
    else:
        raise click.UsageError("Give --start, or --policy and --out.")


def _start(data: Path, policy: Path, how: ReadOptions) -> None:
    from exports.tabular.start_policy import start

    started = start(data, policy, how)
    for role, columns in started.roles.items():
        if columns:
            click.echo(f"{role:<20}{len(columns)}")
    if not started.roles["quasi_identifier"]:
        click.echo("Nothing looks like what others may know of somebody: name such columns first.")
    many = "1 hierarchy" if started.files == 1 else f"{started.files} hierarchies"
    beside = f" with {many} beside it" if started.files else ""
    click.echo(f"{policy} written{beside}: read every line, then")
    said = [word for key, value in asdict(how).items() if value for word in (f"--{key}", value)]
    words = ["lacrima", "anonymise", data, "--policy", policy, "--out", "DIR", *said]
    click.echo(shlex.join(map(str, words)))


def _protect(data: Path, policy: Path, out: Path, private: Path, how: ReadOptions) -> None:
    from exports.tabular.run import anonymise as run

    started = time.perf_counter()
    quiet = not sys.stderr.isatty()
    with click.progressbar(length=100, label="Searching", hidden=quiet, file=sys.stderr) as bar:
        report = run(
            data, policy, out, lambda x: bar.update(round(x * 100) - bar.pos), how, private=private
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
    click.echo(f"{private} is for you alone: it could give back what was withheld.")
    click.echo(f"{out} written in {time.perf_counter() - started:.1f} seconds.")


@main.command()
@click.argument("url")
@click.argument(
    "dossier", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False
)
@click.option(
    "--keys",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Lines of “name fingerprint”, as the board’s members handed them over.",
)
@click.option("--invitation", metavar="CODE", default="", help="For a study by invitation.")
@click.option(
    "--since", metavar="HEAD", default="", help="A head of the record noted before: 12:0123abcd…"
)
def verify(url: str, dossier: Path | None, keys: Path | None, invitation: str, since: str) -> None:
    """Compare every text that the site at URL shows with DOSSIER (a dossier.zip).

    Walks as one client up to the check page, sends nothing and leaves; then every way through on
    the board's pages. Counts as one visit in the study's totals. With --since it tells whether the
    site's record continues that head. The signatures of the approval are checked too, on the
    site and in the dossier, against --keys. Instead of URL and DOSSIER: a dossier.zip or a
    certificate.json (a file or its address) for its signatures alone, or a submission.zip for its
    sums, its record and its signatures. Exit 1 when anything differs.
    """
    from survey.ethics.dossier.reader import open_dossier
    from survey.ethics.verify_papers import check_dossier, verify_paper
    from survey.ethics.verify_site import verify as compare
    from survey.signing.evidence import read_fingerprints

    known = read_fingerprints(keys) if keys else None
    if dossier is None:
        _told(verify_paper(url, known, since))
        return
    said = open_dossier(dossier)
    hidden = not sys.stderr.isatty()
    with click.progressbar(
        length=len(said.ways), label="Walking", hidden=hidden, file=sys.stderr
    ) as bar:
        report = compare(
            url,
            said,
            lambda done: bar.update(done - bar.pos),
            invitation=invitation,
            since=since,
            known=known,
        )
    for note in (*report.notes, *report.signed):
        click.echo(note)
    for difference in report.differences:
        click.echo(str(difference))
    seen = f"{report.screens} screens on {report.ways} ways compared"
    if report.differences:
        count = len(report.differences)
        differ = "1 text differs" if count == 1 else f"{count} texts differ"
        click.echo(f"{said.name}: {differ}; {seen}.")
    else:
        click.echo(f"{said.name}: the site shows what the dossier says; {seen}.")
    _told(check_dossier(said, known), sound=not report.differences)


def _told(found: Verdict, *, sound: bool = True) -> None:
    """Print what a check found; end with 1 where something is not as it should be."""
    for line in found.lines:
        click.echo(line)
    if not (sound and found.sound):
        sys.exit(1)


@main.command()
@click.argument("study")
@click.option("--count", type=click.IntRange(1, invitations.MOST_INVITATIONS), required=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
@click.option(
    "--links", metavar="URL", help=f"Links to the site at URL, too. {invitations.LINKS_STAY}"
)
@click.option(
    "--watch",
    type=click.IntRange(0, invitations.MOST_WATCHED),
    default=0,
    help="So many more codes in the same file that open nothing and are handed to nobody.",
)
def invite(study: str, count: int, out: Path, links: str | None, watch: int) -> None:
    """Write COUNT single-use codes for STUDY into a new file: a table if it ends in .csv.

    They cannot be read again: only keyed hashes are kept. Clients type them at /i/; a table has
    links as well where --links asks for them. A second file names those of --watch, so that they
    are not handed out: where one is typed, the list has leaked.
    """
    site = invitations.site_of(links) if links else ""
    if site and out.suffix != ".csv":
        raise Refusal(f"Links stand in a table: let {out.name} end in .csv, or leave out --links.")
    config, version, stores = open_version(study)
    name = version.study.name
    seal = key_ring(config, stores)
    drawn = invitations.draw(count + watch)
    codes, watched = drawn[:count], drawn[count:]
    table = out.suffix == ".csv"
    SystemRandom().shuffle(drawn)
    content = invitations.as_csv(drawn, site) if table else invitations.as_text(drawn)
    said = f"{name}: {count} invitations made{', with links' if site else ''}"
    apart = out.with_name(f"{out.stem}-watch.txt")
    with ExitStack() as files:
        files.enter_context(_new_file(out, content))
        if watched:
            files.enter_context(_new_file(apart, invitations.as_text(watched)))
        note_command(stores.office, said)
        invitations.keep(stores, seal, name, codes, pilot=version.pilot)
        invitations.watch(stores, seal, name, watched, pilot=version.pilot)
    click.echo(
        f"{count} invitations to {name} are in {out}, the only copy. Clients enter them at /i/."
    )
    if watched:
        click.echo(
            f"{watch} more in it are watch codes: hand those of {apart} to nobody, and keep that "
            "file away from the other."
        )


@contextmanager
def _new_file(path: Path, content: str) -> Iterator[None]:
    """Write a file for the owner alone to the disk; remove it where what follows fails."""
    handle = new_private_file(path, "codes are written into a new file")
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
