"""``lacrima simulate`` and ``lacrima release``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

import click

from survey.cli.ledger import iso_date, recipient_of
from survey.cli.main import main
from survey.cli.opened import at_desk, opened
from survey.config import read_config
from survey.errors import Refusal
from survey.served.shelf import find_offer
from survey.staff.audit import note_command


def _terminal() -> bool:
    return sys.stderr.isatty()


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
    from survey.synthetic.visits import populate
    from survey.synthetic.walker import codes_in, walk_many

    config = read_config()
    offer = find_offer(config, study, pilot=True)
    if invitations and not via:
        raise click.UsageError("--invitations goes with --via: only clients at a site spend codes.")
    codes = codes_in(invitations.read()) if invitations else []
    if via:
        with click.progressbar(length=count, label="Walking", hidden=not _terminal()) as bar:
            walk_many(
                via,
                offer.study,
                offer.folder,
                count=count,
                seed=seed,
                told=lambda _: bar.update(1),
                codes=codes,
            )
        click.echo(f"{count} synthetic clients walked {offer.study.name} at {via}.")
        return
    stores = opened(config, offer)
    populate(stores, offer.study, offer.folder, count=count, seed=seed)
    click.echo(f"{count} synthetic answers to the pilot of {offer.study.name}.")


@main.command()
@click.argument("study")
@click.option("--tier", type=click.Choice(["A", "B", "C", "D"]), required=True)
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
    from survey.releasing import release as process
    from survey.served.availability import today_here
    from survey.served.signing import signed_version

    recipient = recipient_of(person, agreement, agreed)
    _, offer, stores = at_desk(study, pilot=pilot)
    if not pilot and offer.pilot:
        raise Refusal(f"{study} runs as a pilot: add --pilot to release pilot answers.")
    offer = signed_version(stores, offer, today_here().isoformat())
    order = process.Order(tier=tier, out=out, pilot=pilot, recipient=recipient, facts=offer.facts)
    with click.progressbar(length=100, label="Releasing", hidden=not _terminal()) as bar:
        done = process.run(
            stores,
            offer.study,
            order,
            progress=lambda share: bar.update(int(share * 100) - bar.pos),
        )
    mark = " of the pilot" * pilot
    note_command(
        stores.office, f"{offer.study.name}: release {done.number}{mark}, tier {tier}, made"
    )
    click.echo(done)
