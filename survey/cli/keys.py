"""``lacrima key``: the server key is made, changed, listed, and given up where it is lost."""

from __future__ import annotations

import click

from survey.accounts.audit import note_command
from survey.cli.installation import check_owner, open_stores
from survey.cli.main import main
from survey.clock import today_here
from survey.config import Config, read_config
from survey.crypto import KeyRing, make_key, put_new_key, read_keys
from survey.data_folder import is_there, key_ring, open_data
from survey.errors import Refusal
from survey.storage import accounts, server_keys
from survey.storage.database import write_transaction
from survey.storage.server_keys import UsedKey
from survey.storage.stores import Stores

SHORT = 8  # digits of a check value that name a key


@main.group()
def key() -> None:
    """The server key: half of every draft's key, and what deletion codes hang on."""


@key.command("new")
def new_key() -> None:
    """Make the server key of this installation, once, and its files where there are none."""
    config = read_config()
    check_owner(config)
    if config.key.exists():
        raise Refusal(
            f"There is a key at {config.key} already; codes already given hang on it. "
            "`lacrima key rotate` puts a new one before it."
        )
    if is_there(config) and (absent := server_keys.missing(open_data(config), ())):
        raise Refusal(
            f"The data in {config.data} were used with {_keys(absent)} that "
            f"{'is' if len(absent) == 1 else 'are'} not at {config.key}: put that file back. "
            "Where it is lost for good, `lacrima key lost` says what is lost with it."
        )
    make_key(config.key)
    stores = open_stores(config)
    key_ring(config, stores)
    note_command(stores.office, "server key: made")
    click.echo(f"Made {config.key}. Back it up apart from the data: without it codes die.")


@key.command()
def rotate() -> None:
    """Put a new key before those that are there; the old ones are kept for codes already given."""
    config = read_config()
    stores = open_stores(config)
    key_ring(config, stores)
    with write_transaction(stores.office):
        keys = put_new_key(config.key)
        note_command(stores.office, f"server key: changed, {len(keys) - 1} older kept")
    server_keys.keep(stores, KeyRing(keys).check_values, today_here().isoformat())
    click.echo(
        f"{config.key} has a new key on top. Back the file up, and start the server again now: "
        "until then it knows nothing that is made with the new key. Whoever is answering then "
        "begins again, and staff sign in again. Codes already given keep working."
    )


@key.command("list")
def show_keys() -> None:
    """Every key that the data were used with: a check value, since when, whether it is here."""
    config = read_config()
    stores = open_stores(config)
    here = _here(config)
    for one in server_keys.used(stores.office):
        click.echo(f"{one.value.hex()[:SHORT]}\tsince {one.used_from}\t{_state(one, here)}")


def _state(one: UsedKey, here: tuple[bytes, ...]) -> str:
    if one.value in here:
        return "in use" if one.value == here[0] else "kept for codes already given"
    return f"given up as lost on {one.lost_on}" if one.lost_on else "missing"


@key.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def lost(*, yes: bool) -> None:
    """Give up every key that the data were used with and that is not there, for good.

    Clients and staff whom it concerns read it from then on. A key that is found again later works
    again once its line stands in the file.
    """
    config = read_config()
    stores = open_stores(config)
    absent = server_keys.missing(stores, _here(config))
    if not absent:
        raise Refusal("No key is missing: every one that the data were used with is there.")
    click.echo(_what_dies(stores, absent))
    if not yes:
        click.confirm("Give them up?", abort=True)
    with write_transaction(stores.office):
        server_keys.give_up(stores.office, absent, today_here().isoformat())
        note_command(stores.office, f"server key: {_keys(absent)} given up as lost")
    then = "" if config.key.exists() else " `lacrima key new` makes a new one."
    click.echo(f"Given up: {_keys(absent)}.{then}")


def _here(config: Config) -> tuple[bytes, ...]:
    """Return the check values of the keys that are there."""
    return KeyRing(read_keys(config.key)).check_values if config.key.exists() else ()


def _keys(absent: list[bytes]) -> str:
    return f"{len(absent)} key{'s' * (len(absent) > 1)}"


def _what_dies(stores: Stores, absent: list[bytes]) -> str:
    """Return what is lost with these keys, with numbers where they are known."""
    second = sum(who.second_step for who in accounts.listed(stores.office))
    return (
        f"Without {_keys(absent)}: answers sent with a deletion code from that time can be deleted "
        "by nobody's code; invitations made with it that nobody has used open nothing; of "
        f"{second} accounts with a second step, those set up with it sign in only after `lacrima "
        "account reset`; set-up links that were not used are void; whoever is answering "
        "begins again. Answers, approvals and releases stay as they are."
    )
