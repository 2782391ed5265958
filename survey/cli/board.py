"""``lacrima board``: who sits on a study's board, and how many of them must sign.

What is said here is a claim of whoever runs the server: it stands in the record, on the board's
page and, once a version was approved, before every member's eyes.
"""

from __future__ import annotations

from datetime import datetime

import click

from survey.accounts.audit import claimed_name, note_command
from survey.cli.installation import open_stores
from survey.cli.main import main
from survey.clock import iso_utc, today_here
from survey.config import Config, read_config
from survey.errors import Refusal
from survey.signing.acts import refuse_namesakes, refuse_researchers
from survey.storage import accounts, members
from survey.storage.accounts import Account
from survey.storage.database import Database, write_transaction
from survey.storage.members import Member, QuorumChange
from survey.studies.catalogue import find_folder, find_version

ISO = click.DateTime(formats=["%Y-%m-%d"])


@main.group()
def board() -> None:
    """The board of a study: its members, their terms, and how many must sign."""


def _study(config: Config, name: str) -> str:
    return find_folder(config, name).resolve().name


def _account(office: Database, name: str) -> Account:
    found = accounts.find(office, name)
    if found is None or found.role != "board":
        raise Refusal(
            f"{name!r} is no account of a board: `lacrima account add NAME --role board` makes one."
        )
    return found


def _seat(office: Database, study: str, account: Account) -> Member:
    found = members.member(office, study, account.name)
    if found is None:
        raise Refusal(f"{account.name} does not sit on the board of {study}.")
    return found


@board.command("list")
@click.argument("study")
def show_board(study: str) -> None:
    """The members of the board of STUDY, their capacity, term and conflict, and the quorum."""
    config = read_config()
    name, office = _study(config, study), open_stores(config).office
    for one in members.members(office, name):
        said = f"conflict: {one.conflict}" if one.conflict else "no conflict declared"
        keys = len(members.keys(office, one.account))
        chair = ", chair" if one.chair else ""
        click.echo(
            f"{one.account}\t{one.title}{chair}\t{one.begins} to {one.ends}\t{said}\t"
            f"{keys} key{'s' * (keys != 1)}"
        )
    needed = members.quorum(office, name)
    click.echo(f"{needed or 'No number of'} members must sign for {name}.")


@board.command()
@click.argument("study")
@click.argument("account")
@click.option("--name", "full_name", required=True, help="The member's full name, as signed.")
@click.option("--capacity", required=True, help="In what capacity: lawyer, lay member …")
@click.option("--chair", is_flag=True, help="This member is in the chair.")
@click.option("--conflict", default="", help="A conflict of interest: its member cannot sign.")
@click.option("--from", "begins", type=ISO, help="First day of the term; today unless given.")
@click.option("--until", "ends", type=ISO, required=True, help="Last day of the term.")
def appoint(
    study: str,
    account: str,
    full_name: str,
    capacity: str,
    conflict: str,
    begins: datetime | None,
    ends: datetime,
    *,
    chair: bool,
) -> None:
    """Put ACCOUNT on the board of STUDY, or change what is said of a member."""
    config = read_config()
    version, stores = find_version(config, study), open_stores(config)
    who, name, office = _account(stores.office, account), version.study.name, stores.office
    first = begins.date() if begins else today_here()
    if ends.date() < first:
        raise Refusal("The term would end before it begins: check --from and --until.")
    said = {"--name": full_name, "--capacity": capacity}
    for option, text in said.items():
        if not text.strip() or not text.isprintable():
            raise Refusal(f"{option} is empty, or has signs that cannot be printed.")
    refuse_researchers(office, version, full_name)
    refuse_namesakes(office, name, who.name, full_name)
    member = Member(
        study=name, at=iso_utc(), who=claimed_name(), what="appointed", account=who.name,
        name=full_name.strip(), capacity=capacity.strip(), chair=chair, conflict=conflict.strip(),
        begins=first.isoformat(), ends=ends.date().isoformat(),
    )  # fmt: skip
    with write_transaction(office):
        members.appoint(office, member)
        what = f"{name}: board: {member.title}{', chair' * chair} ({who.name})"
        term = f"{member.begins} to {member.ends}"
        held = f"; conflict: {member.conflict}" if member.conflict else ""
        note_command(office, f"{what} appointed, {term}{held}")
    click.echo(f"{member.title} sits on the board of {name}, {term}.")
    if not members.quorum(office, name):
        click.echo(f"Mind: nothing can be signed before `lacrima board quorum {name} NUMBER`.")


@board.command("end")
@click.argument("study")
@click.argument("account")
@click.option("--why", required=True, help="Kept in the record.")
def end_seat(study: str, account: str, why: str) -> None:
    """End the seat of ACCOUNT on the board of STUDY."""
    config = read_config()
    name, office = _study(config, study), open_stores(config).office
    held = _seat(office, name, _account(office, account))
    over = Member(
        study=name, at=iso_utc(), who=claimed_name(), what="ended", account=held.account,
        name=held.name, capacity=held.capacity, chair=held.chair, conflict=held.conflict,
        begins=held.begins, ends=held.ends, why=why.strip(),
    )  # fmt: skip
    with write_transaction(office):
        members.appoint(office, over)
        note_command(office, f"{name}: board: the seat of {held.title} ended: {over.why}")
    click.echo(f"{held.title} does not sit on the board of {name} any more.")


@board.command()
@click.argument("study")
@click.argument("number", type=click.IntRange(1, 99))
def quorum(study: str, number: int) -> None:
    """So many members of the board of STUDY must sign before anything takes effect."""
    config = read_config()
    name, office = _study(config, study), open_stores(config).office
    with write_transaction(office):
        members.set_quorum(office, QuorumChange(name, iso_utc(), claimed_name(), number))
        note_command(office, f"{name}: board: {number} must sign")
    click.echo(f"{number} member{'s' * (number > 1)} must sign for {name} from now on.")
    if number == 1:
        click.echo("Mind: one member alone can approve, lift and revoke.")
    able = [m for m in members.members(office, name) if not m.hindrance(today_here().isoformat())]
    if len(able) < number:
        click.echo(f"Mind: only {len(able)} may sign now.")


@board.command("new-key")
@click.argument("account")
@click.option("--why", required=True, help="Kept in the record, for all members to see.")
def new_key(account: str, why: str) -> None:
    """End all keys of ACCOUNT, so that its member can register a first one again."""
    office = open_stores(read_config()).office
    who = _account(office, account)
    with write_transaction(office):
        members.end_keys(office, who.name, at=iso_utc(), who=claimed_name(), why=why.strip())
        note_command(office, f"account {who.name}: all keys ended, to register anew: {why.strip()}")
        for study in sorted(members.boards_of(office, who.name)):
            note_command(office, f"{study}: board: all keys of {who.name} ended: {why.strip()}")
    click.echo(f"{who.name} registers a new key at /ethics/keys. All members can see this.")
