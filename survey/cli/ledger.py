"""``lacrima ledger``, ``recall`` and ``hand-over``: what left the house, and what became of it."""

from __future__ import annotations

from datetime import date

import click

from survey.cli.main import main
from survey.cli.opened import at_desk
from survey.errors import Refusal
from survey.releasing import recall as process
from survey.served.shelf import Offer
from survey.staff.audit import note_command
from survey.stamp import stamp
from survey.store import ledger, releases
from survey.store.connect import Stores


def iso_date(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """A day as 2026-11-22, for click. Raises BadParameter."""
    try:
        return date.fromisoformat(value).isoformat() if value else None
    except ValueError:
        raise click.BadParameter(f"{value} is no date; write it as 2026-11-22.") from None


def recipient_of(
    person: str | None, agreement: str | None, agreed: str | None
) -> dict[str, str] | None:
    """Who gets a restricted file; all three or none. Raises UsageError."""
    said = {"name": person, "agreement": agreement, "date": agreed}
    given = {key: value for key, value in said.items() if value}
    if given and len(given) < len(said):
        raise click.UsageError("--to, --agreement and --agreed belong together: name all three.")
    return given or None


def _desk(name: str) -> tuple[Offer, Stores]:
    _, offer, stores = at_desk(name)
    return offer, stores


def _known(stores: Stores, study: str, number: int) -> releases.Release:
    for made in releases.all_releases(stores.office, study):
        if made.number == number:
            return made
    raise Refusal(f"{study} has no release {number}: `lacrima ledger {study}` lists them.")


@main.command("ledger")
@click.argument("study")
def show_ledger(study: str) -> None:
    """List every release of STUDY: what left the house, to whom, and what was recalled."""
    offer, stores = _desk(study)
    name = offer.study.name
    recalled = {e.release: e for e in ledger.errata(stores.office, name)}
    given = ledger.hand_overs(stores.office, name)
    for made in releases.all_releases(stores.office, name):
        mark = " pilot" * made.pilot
        click.echo(f"{made.number}  {made.made_at}  tier {made.tier}{mark}  {made.rows} rows")
        click.echo(f"   SHA-256 of SHA256SUMS {made.sha256}")
        if erratum := recalled.get(made.number):
            click.echo(f"   RECALLED {erratum.at}: {erratum.why}")
        for one in (g for g in given if g.release == made.number):
            click.echo(f"   given to {one.person}, {one.agreement}, agreed {one.agreed_on}")


@main.command()
@click.argument("study")
@click.argument("number", type=int)
@click.option("--why", required=True, help="What is wrong with it; later releases print this.")
def recall(study: str, number: int, why: str) -> None:
    """Recall release NUMBER of STUDY, and all that repeat its rows, for good."""
    offer, stores = _desk(study)
    numbers = process.recall(stores, offer.study.name, number, why=why, at=stamp())
    named = ", ".join(map(str, numbers))
    several = "s" * (len(numbers) > 1)
    note_command(stores.office, f"{offer.study.name}: recalled release{several} {named}")
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
    offer, stores = _desk(study)
    _known(stores, offer.study.name, number)
    given = ledger.HandOver(number, stamp(), person, agreement, agreed)
    ledger.hand_over(stores.office, offer.study.name, given)
    note_command(
        stores.office, f"{offer.study.name}: release {number} handed over under {agreement}"
    )
    click.echo(f"Release {number} was given to {person} under {agreement}, agreed {agreed}.")
