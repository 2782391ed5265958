"""``lacrima demo``, ``serve``, ``key``, ``purge`` and ``doctor``."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from survey import mail, server
from survey.accounts import passwords as demo_accounts
from survey.accounts.audit import note_command
from survey.cli.installation import open_catalogue, open_stores
from survey.cli.main import main
from survey.config import LOOPBACK, PREFIX, SETTINGS, Config, for_demo, read_config
from survey.crypto import make_key, read_keys
from survey.errors import BadSetting, Refusal
from survey.listening import Listener, listen, tell_service_manager
from survey.releases.archive import drop_pilot_files
from survey.site_check import check_site
from survey.software import software
from survey.storage import answer_tables, batches, drafts, record_check, studies
from survey.storage.stores import Stores
from survey.studies.availability import Availability
from survey.studies.loading import find_problems, help_notices

DEMO_ANSWERS = 600  # enough for every tier to be tried (docs/design.md, Releases)
DEMO_SEED = 1


@main.command()
@click.option(
    "--study", type=click.Path(path_type=Path), help="A study folder instead of the flagship."
)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--empty", is_flag=True, help="No simulated answers.")
def demo(study: Path | None, port: int, *, empty: bool) -> None:
    """Everything in one command: a study as a pilot, simulated answers, three links."""
    from survey.synthetic.simulate import populate

    config = read_config()
    config = for_demo(config, port=port, **({"studies": (study,)} if study else {}))
    listener = _listen(config)
    make_key(config.key)
    read_keys(config.key)
    stores, catalogue = open_catalogue(config)
    versions = Availability(stores, catalogue).versions()
    sign_ins = demo_accounts.make_demo_accounts(stores.office, [one.study.name for one in versions])
    for version in versions:
        if not empty and not answer_tables.count(stores.pilot, version.study.name):
            populate(stores, version.study, version.folder, count=DEMO_ANSWERS, seed=DEMO_SEED)
    site = f"http://{config.host}:{config.port}"
    click.echo(f"Lacrima demo on {site}/  (Ctrl-C stops it; data in {config.data})")
    for version in versions:
        click.echo(f"  client:     {site}/s/{version.study.address}/")
        click.echo(f"  researcher: {site}/research/")
        click.echo(f"  board:      {site}/ethics/{version.study.name}/")
    for room, (name, password) in zip(("research", "ethics"), sign_ins.values(), strict=True):
        click.echo(f"  sign in at {site}/{room}/ as {name} with {password}")
    # Nothing is real in a demo, whatever else lies in the folder of its data.
    named = {*(o.study.name for o in versions), *(one.name for one in catalogue.left_out)}
    named |= {*studies.lived(stores.office)}
    stores.close()
    try:
        server.run(replace(config, pilots=frozenset(named)), listener)
    finally:
        _clear(config)


def _clear(config: Config) -> None:
    """Remove the demo's accounts, which are for the demo only."""
    stores = open_stores(config)
    demo_accounts.remove_demo_accounts(stores.office)
    stores.close()


@main.command()
def serve() -> None:
    """The production server, with the settings of the environment."""
    config = read_config()
    if unsafe := _unsafe(config):
        raise BadSetting("\n".join(unsafe))
    listener = _listen(config)
    read_keys(config.key)
    # What is wrong is said here, before worker processes start.
    open_catalogue(config)[0].close()
    _clear(config)  # in case a demo in this folder was killed
    server.run(config, listener, ready=partial(_say_ready, listener.address))


def _listen(config: Config) -> Listener:
    listener = listen(config)
    click.get_current_context().call_on_close(listener.close)
    return listener


def _say_ready(address: str) -> None:
    click.echo(f"{software()} serves at {address}")
    tell_service_manager("READY=1")


def _unsafe(config: Config) -> list[str]:
    """Return a sentence for each setting that would break a promise."""
    faults = []
    if not config.https and config.host not in LOOPBACK:
        faults.append(
            "LACRIMA_HTTPS is off while LACRIMA_HOST is reachable from outside: answers would "
            "travel in clear. Put a TLS proxy in front and set LACRIMA_HTTPS=on."
        )
    if config.key.exists() and config.key.stat().st_mode & 0o077:
        faults.append(
            f"LACRIMA_KEY: {config.key} can be read by others. Run: chmod 600 {config.key}"
        )
    if config.data.exists() and config.data.stat().st_mode & 0o007:
        faults.append(
            f"LACRIMA_DATA: {config.data} is open to everybody. Run: chmod 700 {config.data}"
        )
    password = Path(config.smtp_password_file)
    if config.smtp_password_file and password.exists() and password.stat().st_mode & 0o077:
        faults.append(
            f"LACRIMA_SMTP_PASSWORD_FILE: {password} can be read by others. Run: chmod 600 "
            f"{password}"
        )
    return faults


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
    note_command(open_stores(config).office, "server key: made")
    click.echo(f"Made {config.key}. Back it up apart from the data: without it codes die.")


@main.command()
def purge() -> None:
    """Delete drafts that ran out and carry out deletions that wait."""
    stores = open_stores(read_config())
    gone = drafts.purge(stores.drafts, time.time(), drafts.sent(stores.drafts))
    batches.carry_out_deletions(stores.responses)
    withdrawn = partial(drop_pilot_files, stores.folder)
    batches.carry_out_deletions(stores.pilot, withdrawn=withdrawn)
    click.echo(f"{gone} drafts that had run out are gone.")


@main.command("mail-test")
@click.argument("address")
def mail_test(address: str) -> None:
    """Send a message to ADDRESS by the mail server of the settings, at once."""
    mail.try_out(read_config(), address)
    click.echo("The mail server took the message. Look whether it arrives.")


@main.command()
@click.option("--since", metavar="HEAD", default="", help="A head of the record noted before.")
@click.option("--site", metavar="URL", default="", help="Ask the site from outside, too.")
def doctor(since: str, site: str) -> None:
    """Every setting with its value, and whether the installation is sound."""
    for setting in SETTINGS:
        name = PREFIX + setting.name.upper()
        value = os.environ.get(name, setting.default)
        click.echo(f"{name}={value}  # {setting.sentence}")
    config = read_config()
    read_keys(config.key)
    stores, catalogue = open_catalogue(config)
    click.echo("studies: " + ", ".join(folder.name for folder in catalogue))
    if not stores.writable():
        raise Refusal(f"The stores in {config.data} cannot be written.")
    click.echo("server key and stores: fine")
    click.echo(f"mail: {mail.in_words(config, stores.office)}")
    for notice in help_notices(catalogue, stores):
        click.echo(notice)
    record = record_check.check(stores.office)
    whole = "whole" if record.whole else "not whole"
    click.echo(f"record: {whole}, head {record.head}, linked since {record.begun_at}")
    problems = find_problems(catalogue, stores)
    if since and (discontinued := _discontinued(stores, since)):
        click.echo(discontinued, err=True)
        problems.append(discontinued)
    if site:
        problems += _seen_from_outside(config, site)
    if found := len(problems):
        raise Refusal(f"{found} thing{'s' * (found > 1)} to mend: see above.")


def _seen_from_outside(config: Config, site: str) -> list[str]:
    """Print a line for each check of the site; return those that are not safe."""
    inside = tuple(f"{host}:{config.port}" for host in (config.host, *LOOPBACK))
    unsafe = []
    for check in check_site(site, inside=(*inside, *LOOPBACK)):
        line = f"{check.name}: {check.verdict}. {check.sentence}"
        if check.verdict == "safe":
            click.echo(line)
        else:
            click.echo(f"{line} {check.remedy}", err=True)
        if check.verdict == "unsafe":
            unsafe.append(line)
    return unsafe


def _discontinued(stores: Stores, since: str) -> str:
    try:
        return record_check.not_continued(stores.office, since)
    except ValueError as error:
        raise Refusal(str(error)) from None
