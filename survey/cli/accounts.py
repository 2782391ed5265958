"""``lacrima account``: who of the staff may sign in. No password is ever seen here."""

from __future__ import annotations

import re
import secrets
import time
from datetime import UTC, datetime
from typing import cast

import click

from survey.accounts.audit import note_command
from survey.cli.installation import open_stores
from survey.cli.main import main
from survey.clock import iso_utc
from survey.config import ROLES, Config, read_config
from survey.crypto import KeyRing
from survey.data_folder import key_ring
from survey.errors import Refusal
from survey.mail import set_address
from survey.storage import accounts, members
from survey.storage.accounts import DEMO_PREFIX as DEMO
from survey.storage.accounts import Account, Role
from survey.storage.board import PROGRAM
from survey.storage.database import write_transaction
from survey.storage.stores import Stores
from survey.studies.catalogue import find_folder

LINK_SECONDS = 3 * 24 * 60 * 60  # over a weekend
LONGEST_NAME = 64
# Letters of any script, digits, and what stands inside names and mail addresses.
NAME = re.compile(rf"\w(?:[\w .'@+-]{{0,{LONGEST_NAME - 2}}}\w)?")
ROOMS = {"researcher": "research", "board": "ethics"}

_studies = click.option(
    "--study", "studies", multiple=True, help="A study that a researcher may open; repeatable."
)
_site = click.option("--site", default="", help="The site's address, for a link to click on.")


@main.group()
def account() -> None:
    """Accounts of researchers and of the ethics board."""


def _known(name: str) -> tuple[Config, Stores, Account]:
    config = read_config()
    stores = open_stores(config)
    found = accounts.find(stores.office, name)
    if found is None:
        raise Refusal(f"There is no account {name!r}. `lacrima account list` shows them all.")
    return config, stores, found


def _print_setup_link(
    config: Config, stores: Stores, keys: KeyRing, who: Account, site: str
) -> None:
    """Print a set-up link, once; only its keyed hash is kept."""
    token = secrets.token_urlsafe(32)
    ends = int(time.time()) + LINK_SECONDS
    filed = keys.staff_value(token, "setup")
    accounts.issue_setup_link(stores.office, who.name, token=filed, ends=ends)
    until = datetime.fromtimestamp(ends, UTC).strftime("%d %B %Y, %H:%M UTC")
    site = site or ("" if config.https else f"http://{config.host}:{config.port}")
    click.echo(f"{site.rstrip('/')}/{ROOMS[who.role]}/set-up/{token}")
    click.echo(
        f"This link sets up {who.name} ({who.role}). It works once, until {until}, and is not "
        "shown again. Give it to that person alone."
    )
    if not site:
        click.echo("Put the site's address in front of it, or name the site with --site.")


@account.command()
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True, help="Which room they work in.")
@_studies
@_site
def add(name: str, role: str, studies: tuple[str, ...], site: str) -> None:
    """Add an account, and print the link with which its person sets a password.

    A researcher opens the studies named with --study, and no others; a board's member those on
    whose board `lacrima board appoint` puts the account.
    """
    if accounts.folded(name) == PROGRAM:
        raise Refusal(f"{name!r} cannot be a name: the record calls this program so.")
    if not NAME.fullmatch(name) or name.lower().startswith(DEMO):
        raise Refusal(
            f"{name!r} cannot be a name: give up to {LONGEST_NAME} letters, digits, spaces and "
            f". ' @ + - _, with a letter or digit at both ends, and not beginning with {DEMO!r}."
        )
    config = read_config()
    named = _known_studies(config, role, studies)
    stores = open_stores(config)
    office, keys = stores.office, key_ring(config, stores)  # or it would be without a link
    with write_transaction(office):
        who = accounts.add(office, name=name, role=cast("Role", role), at=iso_utc())
        members.assign(office, name, named)
        note_command(office, f"account {name} ({role}): added{_for(named)}")
    _print_setup_link(config, stores, keys, who, site)


def _for(studies: list[str]) -> str:
    return f", for {', '.join(studies)}" if studies else ""


def _known_studies(config: Config, role: str, studies: tuple[str, ...]) -> list[str]:
    """Return the names of studies that there are. Raises Refusal for others, or for a board."""
    if studies and role == "board":
        raise Refusal(
            "A member of a board opens the studies on whose board they sit: leave out --study, "
            "and use `lacrima board appoint`."
        )
    return sorted({find_folder(config, study).resolve().name for study in studies})


@account.command("studies")
@click.argument("name")
@_studies
def set_studies(name: str, studies: tuple[str, ...]) -> None:
    """Give a researcher's account exactly the studies named with --study; without, none."""
    config, stores, who = _known(name)
    office = stores.office
    named = _known_studies(config, who.role, studies)
    if who.role == "board":
        raise Refusal(f"{who.name} is a board's account: `lacrima board appoint` gives it studies.")
    with write_transaction(office):
        members.assign(office, who.name, named)
        note_command(office, f"account {who.name}: may open {', '.join(named) or 'no study'}")
    click.echo(f"{who.name} may open {', '.join(named) or 'no study'} now.")


@account.command()
@click.argument("name")
def disable(name: str) -> None:
    """Switch an account off at once, in every browser. Resetting it switches it on again."""
    _, stores, who = _known(name)
    office = stores.office
    with write_transaction(office):
        accounts.disable(office, who.name)
        note_command(office, f"account {who.name}: switched off")
    click.echo(f"{who.name} cannot sign in any more, and is signed out everywhere.")


@account.command()
@click.argument("name")
@_site
def reset(name: str, site: str) -> None:
    """Take password and second step away, and print a new set-up link."""
    config, stores, who = _known(name)
    office, keys = stores.office, key_ring(config, stores)
    with write_transaction(office):
        accounts.reset(office, who.name)
        note_command(office, f"account {who.name}: reset")
    _print_setup_link(config, stores, keys, who, site)


@account.command("mail")
@click.argument("name")
@click.argument("address", default="")
def set_mail(name: str, address: str) -> None:
    """Send notices to the account NAME to ADDRESS; without one, to nowhere."""
    _, stores, who = _known(name)
    office = stores.office
    with write_transaction(office):
        note_command(office, set_address(office, who.name, address))
    click.echo(f"Notices to {who.name} go {'to this address' if address else 'nowhere'} now.")


@account.command("list")
def show_list() -> None:
    """Every account with its role and state."""
    office = open_stores(read_config()).office
    for who in accounts.listed(office):
        state = "password and second step" if who.second_step else "password"
        if who.disabled:
            state = "switched off"
        elif not who.has_password:
            state = "waits for its set-up link to be used"
        elif who.second_step and who.missed:
            state += f"; {who.missed} wrong code{'s' * (who.missed > 1)} in a row"
            state += ": recovery codes only, or a reset" * (who.missed >= accounts.MOST_MISSED)
        may = ", ".join(sorted(members.studies_of(office, who))) or "no study"
        click.echo(f"{who.name}\t{who.role}\t{state}\tsince {who.made_at[:10]}\t{may}")
