"""``lacrima study …``: the life of a real study from the command line."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path

import click

from forms.facts import facts_for, load_site, missing_facts
from forms.load import load_study
from survey.availability import today_here
from survey.cli.main import main
from survey.cli.opened import opened
from survey.config import Config, read_config
from survey.errors import Refusal
from survey.shelf import Offer, find_offer, load_shelf
from survey.store import responses, studies
from survey.store.connect import Stores

ISO = click.DateTime(formats=["%Y-%m-%d"])


@main.group()
def study() -> None:
    """Check, approve, open, close and freeze a study."""


def _at_desk(name: str) -> tuple[Config, Offer, Stores]:
    config = read_config()
    offer = find_offer(config, name)
    return config, offer, opened(config, offer)


def _note(stores: Stores, what: str) -> None:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    studies.note(stores.office, at=at, who=getpass.getuser(), what=what)


@study.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def check(folder: Path) -> None:
    """List every fault of the study in FOLDER, each with file, table and key.

    Facts that site.toml leaves empty are no fault of the study: they are listed after it.
    """
    found = load_study(folder)
    variables = sum(1 for _ in found.variables())
    click.echo(f"{found.name}: no fault. {len(found.pages)} pages, {variables} variables.")
    for part in ("words", "policy", "consent_version"):
        click.echo(f"  {part}: {getattr(found.fingerprints, part)}")
    site = read_config().site
    for fact in missing_facts(found, facts_for(load_site(site), found)):
        click.echo(f"{site}, study.{found.name}, {fact}: is empty; needed before the study opens")


@study.command("list")
def show_list() -> None:
    """Every study on the configured shelves: status, approval, fingerprint."""
    config = read_config()
    shelf = load_shelf(config)
    stores = opened(config, *shelf)
    for offer in shelf:
        status = "pilot" if offer.pilot else studies.status(stores.office, offer.study.name)
        approval = _approval(stores, offer)
        signed = f"approved {approval.reference}" if approval else "not approved"
        words = offer.study.fingerprints.words[:12]
        click.echo(f"{offer.study.name}  {status}  {signed}  words {words}")


def _approval(stores: Stores, offer: Offer) -> studies.Approval | None:
    return studies.current_approval(
        stores.office,
        offer.study.name,
        words=offer.study.fingerprints.words,
        policy=offer.study.fingerprints.policy,
        site=offer.site,
        today=today_here().isoformat(),
    )


@study.command()
@click.argument("name")
@click.option("--reference", required=True, help="The board's reference number.")
@click.option("--by", "signer", required=True, help="Who approved it.")
@click.option("--date", "approved_on", type=ISO, required=True, help="Date of the approval.")
@click.option("--expires", type=ISO, required=True, help="Last day on which it holds.")
def approve(
    name: str, reference: str, signer: str, approved_on: datetime, expires: datetime
) -> None:
    """Note a board's approval of study NAME exactly as it is now."""
    if expires < approved_on:
        raise Refusal("The approval would expire before it was given: check the two dates.")
    _, offer, stores = _at_desk(name)
    prints = offer.study.fingerprints
    studies.approve(
        stores.office,
        study=offer.study.name,
        words=prints.words,
        policy=prints.policy,
        site=offer.site,
        reference=reference,
        by=signer,
        approved_on=approved_on.date().isoformat(),
        expires_on=expires.date().isoformat(),
    )
    empty = missing_facts(offer.study, offer.facts)
    if empty:
        named = ", ".join(empty)
        click.echo(
            f"Mind: site.toml leaves {named} empty; filling them voids this approval.", err=True
        )
    _note(stores, f"approved {offer.study.name} under {reference}")
    click.echo(f"Approved: {offer.study.name}, reference {reference}, until {expires.date()}.")
    click.echo(f"  words {prints.words}\n  policy {prints.policy}\n  site {offer.site}")


@study.command("open")
@click.argument("name")
def open_study(name: str) -> None:
    """Open study NAME: only what is approved, filled in and checked is served."""
    _, offer, stores = _at_desk(name)
    reasons = list(_not_ready(stores, offer))
    if reasons:
        raise Refusal(f"{offer.study.name} cannot open:\n" + "\n".join(f"- {r}" for r in reasons))
    _set(stores, offer, "open")


def _not_ready(stores: Stores, offer: Offer) -> list[str]:
    reasons = []
    if offer.pilot:
        reasons.append("it runs as a pilot: take it out of LACRIMA_PILOTS first")
    if studies.status(stores.office, offer.study.name) == "frozen":
        reasons.append("it is frozen for good")
    if _approval(stores, offer) is None:
        reasons.append("no approval in force names exactly these words, policy and site facts")
    empty = missing_facts(offer.study, offer.facts)
    if empty:
        reasons.append("site.toml leaves these facts empty: " + ", ".join(empty))
    unchecked = offer.study.support.never_checked
    if unchecked:
        named = ", ".join(line.name for line in unchecked[:3])
        reasons.append(f"{len(unchecked)} help lines were never checked ({named} …)")
    return reasons


def _set(stores: Stores, offer: Offer, status: studies.Status) -> None:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    studies.set_status(stores.office, offer.study.name, status, at)
    _note(stores, f"{offer.study.name}: {status}")
    click.echo(f"{offer.study.name} is {status} now.")


@study.command()
@click.argument("name")
def close(name: str) -> None:
    """Close study NAME: nobody new can start."""
    _, offer, stores = _at_desk(name)
    if studies.status(stores.office, offer.study.name) != "open":
        raise Refusal(f"{offer.study.name} is not open, so there is nothing to close.")
    _set(stores, offer, "closed")


@study.command()
@click.argument("name")
def freeze(name: str) -> None:
    """Make the answers present the next batch: from now on nobody can withdraw them."""
    _, offer, stores = _at_desk(name)
    closing = studies.status(stores.office, offer.study.name) == "closed"
    frozen = responses.freeze(
        stores.answers(pilot=offer.pilot),
        offer.study.name,
        minimum=offer.study.policy.min_new_rows,
        closing=closing,
    )
    _note(stores, f"{offer.study.name}: froze {frozen} answers")
    click.echo(f"{frozen} answers of {offer.study.name} are frozen. Their codes no longer work.")
    if closing:
        _set(stores, offer, "frozen")
