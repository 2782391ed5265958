"""``lacrima simulate``, ``release``, ``ledger``, ``recall`` and ``hand-over``."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TextIO

import click

from forms.site_facts import deposit_for, load_site
from forms.tiers import TIERS
from survey.accounts.audit import claimed_name, note_command
from survey.cli.installation import open_stores, open_version
from survey.cli.main import main
from survey.clock import iso_utc, today_here
from survey.config import read_config
from survey.errors import Refusal
from survey.releases import distribution
from survey.storage import releases
from survey.storage.database import write_transaction
from survey.studies.catalogue import find_version


def iso_date(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Return a day as 2026-11-22, for click. Raises BadParameter."""
    try:
        return date.fromisoformat(value).isoformat() if value else None
    except ValueError:
        raise click.BadParameter(f"{value} is no date; write it as 2026-11-22.") from None


def recipient_of(
    person: str | None, agreement: str | None, agreed: str | None
) -> dict[str, str] | None:
    """Return who gets a restricted file; all three or none. Raises UsageError."""
    said = {"name": person, "agreement": agreement, "date": agreed}
    given = {key: value for key, value in said.items() if value}
    if given and len(given) < len(said):
        raise click.UsageError("--to, --agreement and --agreed belong together: name all three.")
    return given or None


@main.command("ledger")
@click.argument("study")
def show_ledger(study: str) -> None:
    """List every release of STUDY: what left the house, to whom, and what was recalled."""
    from survey.releases.spending import spending

    _, version, stores = open_version(study)
    name = version.study.name
    recalled = {e.release: e for e in releases.errata(stores.office, name)}
    given = releases.hand_overs(stores.office, name)
    for made in releases.all_releases(stores.office, name):
        mark = " pilot" * made.pilot
        click.echo(f"{made.number}  {made.made_at}  tier {made.tier}{mark}  {made.rows} rows")
        click.echo(f"   SHA-256 of SHA256SUMS {made.sha256}")
        if made.program:
            click.echo(f"   made with {made.program}")
        if erratum := recalled.get(made.number):
            click.echo(f"   RECALLED {erratum.at}: {erratum.why}")
        for one in (g for g in given if g.release == made.number):
            click.echo(f"   given to {one.person}, {one.agreement}, agreed {one.agreed_on}")
    for pilot in (False, True):
        for spent in spending(stores.office, version.study, pilot=pilot):
            click.echo(spent.in_words(pilot=pilot))


@main.command()
@click.argument("study")
@click.argument("number", type=int)
@click.option("--why", required=True, help="What is wrong with it; later releases print this.")
def recall(study: str, number: int, why: str) -> None:
    """Recall release NUMBER of STUDY, and all that repeat its rows, for good."""
    _, version, stores = open_version(study)
    with write_transaction(stores.office):
        numbers = distribution.recall(stores, version.study.name, number, why=why, at=iso_utc())
        named = ", ".join(map(str, numbers))
        several = "s" * (len(numbers) > 1)
        note_command(stores.office, f"{version.study.name}: recalled release{several} {named}")
    click.echo(
        f"Recalled: {named}. Tell everybody who has one of them. The next release of these rows is "
        "made anew, and refused if old and new together would reveal anybody."
    )


@main.command("hand-over")
@click.argument("study")
@click.argument("number", type=int)
@click.option("--to", "person", required=True)
@click.option("--agreement", required=True)
@click.option("--agreed", metavar="DATE", required=True, callback=iso_date)
def hand_over(study: str, number: int, person: str, agreement: str, agreed: str) -> None:
    """Note who was given release NUMBER of STUDY, under which agreement, agreed on which day."""
    _, version, stores = open_version(study)
    name = version.study.name
    given = releases.HandOver(number, iso_utc(), person, agreement, agreed)
    with write_transaction(stores.office):
        distribution.hand_over(stores, name, given)
        note_command(stores.office, f"{name}: release {number} handed over under {agreement}")
    click.echo(f"Release {number} was given to {person} under {agreement}, agreed {agreed}.")


@main.command("destroy")
@click.argument("study")
@click.option(
    "--backups", metavar="HOW", help="Only say that you have destroyed the backups, and how."
)
def destroy_due(study: str, backups: str | None) -> None:
    """Destroy what of STUDY is kept no longer by its signed last days, with a certificate.

    Backups, and files that somebody has taken from here, are out of its reach: --backups keeps what
    you say of them in the record, as a claim.
    """
    from survey.releases import destruction

    _, version, stores = open_version(study)
    today, who = today_here().isoformat(), claimed_name()
    if backups is not None:
        destruction.declare_backups(stores, version, today, backups, who=who)
        click.echo(f"Noted as your word, for the board to read: backups of {study} are destroyed.")
        return
    made = destruction.destroy(stores, version, today, who=who)
    for line in made.lines:
        click.echo(line)
    click.echo(f"The certificate is {made.path}. Destroy backups of before as well.")


@main.command()
@click.argument("study")
@click.option("--count", type=click.IntRange(1, 1_000_000), required=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--via", metavar="URL", help="Walk a running pilot over HTTP instead.")
@click.option(
    "--invitations", type=click.File(encoding="utf-8"), help="With --via: codes to spend, one each."
)
def simulate(
    study: str, count: int, seed: int, via: str | None, invitations: TextIO | None
) -> None:
    """Synthetic answers to the pilot of STUDY (a name or a folder), marked as such."""
    from survey.synthetic.http_client import codes_in, walk_many
    from survey.synthetic.simulate import populate

    config = read_config()
    version = find_version(config, study, pilot=True)
    if invitations and not via:
        raise click.UsageError("--invitations goes with --via: only clients at a site spend codes.")
    codes = codes_in(invitations.read()) if invitations else []
    if via:
        with click.progressbar(
            length=count, label="Walking", hidden=not sys.stderr.isatty()
        ) as bar:
            walk_many(
                via,
                version.study,
                version.folder,
                count=count,
                seed=seed,
                progress=lambda _: bar.update(1),
                codes=codes,
            )
        click.echo(f"{count} synthetic clients walked {version.study.name} at {via}.")
        return
    stores = open_stores(config, version)
    populate(stores, version.study, version.folder, count=count, seed=seed)
    click.echo(f"{count} synthetic answers to the pilot of {version.study.name}.")


@main.command()
@click.argument("study")
@click.option("--tier", type=click.Choice(list(TIERS)), required=True)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--pilot", is_flag=True, help="Release pilot answers, marked in every file.")
@click.option("--to", "person", help="Restricted files: the person who gets it.")
@click.option("--agreement", help="Restricted files: the data use agreement.")
@click.option("--agreed", metavar="DATE", callback=iso_date, help="The day it was agreed.")
def release(
    study: str, tier: str, out: Path, *, pilot: bool,
    person: str | None, agreement: str | None, agreed: str | None,
) -> None:  # fmt: skip
    """Write an anonymised dataset of STUDY with its documents into a new folder."""
    # Not above: these bring in polars, which the other commands here do without.
    from survey.clock import today_here
    from survey.releases import process
    from survey.releases.build import ReleaseRequest
    from survey.studies.approvals import signed_folder, signed_version

    recipient = recipient_of(person, agreement, agreed)
    config, version, stores = open_version(study, pilot=pilot)
    if not pilot and version.pilot:
        raise Refusal(f"{study} runs as a pilot: add --pilot to release pilot answers.")
    # Not what was signed: year, publisher and fieldwork are known only later, and no words.
    deposit = deposit_for(load_site(config.site), version.folder, version.study.name)
    version = signed_version(stores, version, today_here().isoformat())
    order = ReleaseRequest(
        tier=tier, out=out, pilot=pilot, recipient=recipient, facts=version.facts,
        deposit=deposit, who=claimed_name(), study_folder=signed_folder(stores.folder, version),
    )  # fmt: skip
    with click.progressbar(length=100, label="Releasing", hidden=not sys.stderr.isatty()) as bar:
        done = process.run(
            stores,
            version.study,
            order,
            progress=lambda share: bar.update(int(share * 100) - bar.pos),
        )
    click.echo(done)
