"""``lacrima key``, ``purge`` and ``doctor``."""

from __future__ import annotations

import os
import time

import click

from survey.cli.main import main
from survey.cli.opened import opened, opened_shelf
from survey.config import PREFIX, SETTINGS, read_config
from survey.errors import Refusal
from survey.seal import make_key, read_keys
from survey.served.soundness import troubles
from survey.staff.audit import note_command
from survey.store import drafts, responses


@main.group()
def key() -> None:
    """The server key: half of every draft's key, and what deletion codes hang on."""


@key.command("new")
def new_key() -> None:
    """Make the server key of this installation, once."""
    config = read_config()
    if config.key.exists():
        raise Refusal(f"There is a key at {config.key} already; codes already given hang on it.")
    make_key(config.key)
    note_command(opened(config).office, "server key: made")
    click.echo(f"Made {config.key}. Back it up apart from the data: without it codes die.")


@main.command()
def purge() -> None:
    """Delete drafts that ran out and carry out deletions that wait."""
    stores = opened(read_config())
    gone = drafts.purge(stores.drafts, time.time())
    for db in (stores.responses, stores.pilot):
        responses.carry_out_deletions(db)
    click.echo(f"{gone} drafts that had run out are gone.")


@main.command()
def doctor() -> None:
    """Every setting with its value, and whether the installation is sound."""
    for setting in SETTINGS:
        name = PREFIX + setting.name.upper()
        value = os.environ.get(name, setting.default)
        click.echo(f"{name}={value}  # {setting.sentence}")
    config = read_config()
    read_keys(config.key)
    stores, shelf = opened_shelf(config)
    click.echo("studies: " + ", ".join(offer.study.name for offer in shelf))
    if not stores.writable():
        raise Refusal(f"The stores in {config.data} cannot be written.")
    click.echo("server key and stores: fine")
    if found := len(troubles(shelf, stores)):
        raise Refusal(f"{found} thing{'s' * (found > 1)} to mend: see above.")
