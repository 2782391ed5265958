"""``lacrima demo``, ``serve``, ``purge``, ``mail-test`` and ``doctor``."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import click

from forms.site_facts import EXAMPLE
from survey import mail, server
from survey.accounts import passwords as demo_accounts
from survey.backups.recognise import put_back_by_hand
from survey.checks.every import BEFORE_SERVING, LOOKED_AT_BESIDES, run
from survey.checks.finding import Asked, Finding, worst
from survey.cli.installation import open_catalogue, open_stores
from survey.cli.main import main
from survey.config import PREFIX, SETTINGS, Config, for_demo, read_config
from survey.crypto import make_key, read_keys
from survey.data_folder import is_ours, is_there, key_ring
from survey.errors import BadSetting, Refusal
from survey.listening import Listener, listen, tell_service_manager
from survey.metrics import serve_metrics
from survey.program import software
from survey.releases.archive import drop_pilot_files
from survey.storage import answer_tables, batches, drafts, studies
from survey.studies.availability import Availability
from survey.studies.catalogue import study_folders

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
    examples = (folder / EXAMPLE for folder in study_folders(config))
    if not config.site.exists():  # a site's own facts are shown as they are
        config = replace(config, site=next((e for e in examples if e.exists()), config.site))
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
    refuse_unsafe(run(BEFORE_SERVING, Asked(config)))
    # What is wrong is said here, before worker processes start.
    stores, _ = open_catalogue(config)
    key_ring(config, stores)
    if why := put_back_by_hand(config, stores):
        raise Refusal(why)
    stores.close()
    listener = _listen(config)
    _clear(config)  # in case a demo in this folder was killed
    serve_metrics(config, listener)
    server.run(config, listener, ready=partial(_say_ready, listener.address))


def _listen(config: Config) -> Listener:
    listener = listen(config)
    click.get_current_context().call_on_close(listener.close)
    return listener


def _say_ready(address: str) -> None:
    click.echo(f"{software()} serves at {address}")
    tell_service_manager("READY=1")


def refuse_unsafe(findings: Iterable[Finding]) -> None:
    """Raise BadSetting with a line for each finding that is unsafe."""
    if unsafe := [str(finding) for finding in findings if finding.verdict == "unsafe"]:
        raise BadSetting("\n".join(unsafe))


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
@click.option("--site", metavar="URL", default="", help="The site's address, asked from here.")
@click.option("--json", "as_json", is_flag=True, help="For monitoring: one JSON object.")
def doctor(since: str, site: str, *, as_json: bool) -> None:
    """Every setting with its value, and whether the installation is sound.

    Ends with 1 where anything is unsafe. Nothing is made by it.
    """
    values = {PREFIX + s.name.upper(): os.environ.get(PREFIX + s.name.upper(), s.default)
              for s in SETTINGS}  # fmt: skip
    asked = Asked(read_config(), site, since)
    findings = list(run(BEFORE_SERVING, asked))
    if is_there(asked.config) and is_ours(asked.config):
        findings += run(LOOKED_AT_BESIDES, asked)
    if as_json:
        click.echo(json.dumps(_as_json(values, findings), ensure_ascii=False, indent=2))
        sys.exit(worst(findings) == "unsafe")
    for setting, (name, value) in zip(SETTINGS, values.items(), strict=True):
        click.echo(f"{name}={value}  # {setting.sentence}")
    for finding in findings:
        click.echo(f"{finding.verdict}: {finding}", err=finding.verdict == "unsafe")
    if found := sum(finding.verdict == "unsafe" for finding in findings):
        raise Refusal(f"{found} thing{'s' * (found > 1)} to mend: see above.")


def _as_json(values: Mapping[str, str], findings: Sequence[Finding]) -> dict[str, object]:
    return {
        "verdict": worst(findings),
        "settings": values,
        "checks": [asdict(finding) for finding in findings],
    }
