"""``lacrima study …``: the life of a real study from the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from forms.deposit import missing_in
from forms.load import load_study
from forms.post_length import post_length
from forms.site_facts import deposit_for, load_site, missing_facts
from forms.tiers import TIERS
from survey.accounts.audit import claimed_name, note_command
from survey.cli.installation import open_catalogue, open_stores, open_version
from survey.cli.main import main
from survey.clock import today_here
from survey.collection import stop_rule
from survey.config import read_config
from survey.errors import Refusal
from survey.ethics.approvable import obstacles
from survey.program import program_version
from survey.storage import board_submissions, studies
from survey.storage.database import write_transaction
from survey.storage.stores import Stores
from survey.studies import lifecycle
from survey.studies import submission_documents as documents
from survey.studies.approvals import (
    faults_of,
    keep_letter,
    other_platform,
    platform_changes,
    read_approval_form,
    record_approval,
    same_label,
)
from survey.studies.availability import NOT_OPEN, PAUSED, Availability
from survey.studies.catalogue import find_folder, find_version
from survey.studies.platform_words import platform_fingerprint
from survey.studies.version import StudyVersion, fingerprints_of, read_version

ISO = click.DateTime(formats=["%Y-%m-%d"])
STATES = {NOT_OPEN: "draft", PAUSED: "paused"}  # the others are called as they are


@main.group()
def study() -> None:
    """Check, approve, open, close and freeze a study."""


ROW_TIERS = [kind.name for kind in TIERS.values() if kind.holds == "rows"]
MOST_REHEARSED = 20_000  # answers; more take minutes and tell little more


def sizes(_: click.Context, __: click.Parameter, typed: str | None) -> tuple[int, ...]:
    """Return numbers of answers, written as 300,600,1080, for click. Raises BadParameter."""
    parts = typed.split(",") if typed else []
    found = [int(part) for part in parts if part.strip().isascii() and part.strip().isdigit()]
    if len(found) < len(parts) or not all(1 <= size <= MOST_REHEARSED for size in found):
        raise click.BadParameter(
            f"{typed}: write numbers of answers, 1 to {MOST_REHEARSED:,} each, as 300,600,1080."
        )
    return tuple(found)


@study.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--rehearse",
    metavar="N,N…",
    callback=sizes,
    help="Also show what each tier would keep of each variable, of so many simulated answers.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the simulated answers.")
def check(folder: Path, rehearse: tuple[int, ...], seed: int) -> None:
    """List every fault of the study in FOLDER, each with file, table and key.

    Facts that site.toml leaves empty are no fault of the study: they are listed after it. So are
    facts that archives ask for, and the one length at which its pages are sent, with the screen
    that decides it.
    """
    config = read_config()
    site = config.site
    facts = load_site(site)
    version = read_version(folder, facts, pilot=False)
    deposit = deposit_for(facts, version.folder, version.study.name)
    found = version.study
    variables = sum(1 for _ in found.variables())
    click.echo(f"{found.name}: no fault. {len(found.pages)} pages, {variables} variables.")
    for part in ("words", "policy", "consent_version"):
        click.echo(f"  {part}: {getattr(found.fingerprints, part)}")
    click.echo(f"  {_lengths(version)}")
    for fact in missing_facts(found, version.facts):
        click.echo(f"{site}, study.{found.name}, {fact}: is empty; needed before the study opens")
    if lacking := missing_in(deposit, version.facts):
        click.echo(f"deposit: not told, and asked for by archives: {', '.join(lacking)}.")
        click.echo("  The study opens without; fill in [deposit] before a release goes there.")
    signed_here = (config.data / "office.db").exists()
    if signed_here and (label := same_label(open_stores(config), version)):
        click.echo(label)
    if rehearse:
        _rehearse(version, rehearse, seed)


def _rehearse(version: StudyVersion, wanted: tuple[int, ...], seed: int) -> None:
    """Print what each tier would keep. Raises Refusal where no recipe says how people answer."""
    from survey.releases.rehearsal import in_lines, recipe_in, rehearse  # brings in polars

    recipe = recipe_in(version.study, version.folder)
    with click.progressbar(length=100, label="Rehearsing", hidden=not sys.stderr.isatty()) as bar:
        found = rehearse(
            version.study, recipe, wanted, seed=seed,
            progress=lambda share: bar.update(int(share * 100) - bar.pos),
        )  # fmt: skip
    click.echo()
    for line in in_lines(found):
        click.echo(line)


@study.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--n", "wanted", metavar="N,N…", required=True, callback=sizes, help="Answers.")
@click.option("--tier", type=click.Choice(ROW_TIERS), required=True)
@click.option(
    "--adjust",
    metavar="NAME,NAME…",
    default="",
    help="Covariates, by column; the core variables otherwise.",
)
@click.option(
    "--repetitions",
    type=click.IntRange(1, 200),
    default=5,
    show_default=True,
    help="Samples of each number of answers.",
)
@click.option("--seed", type=int, default=1, show_default=True)
def plan(
    folder: Path, wanted: tuple[int, ...], tier: str, adjust: str, repetitions: int, seed: int
) -> None:
    """Show the intervals of the primary scores, before and after anonymisation, by simulation.

    The analysis is each primary score on the predictor, as [tables] of release.toml names them; the
    answers follow simulation.toml.
    """
    from survey.releases import planning  # brings in polars
    from survey.releases.rehearsal import recipe_in

    found = load_study(folder)
    recipe, names = recipe_in(found, folder), [n for n in adjust.split(",") if n]
    with click.progressbar(length=100, label="Planning", hidden=not sys.stderr.isatty()) as bar:
        made = planning.plan(
            found, recipe, wanted, tier, adjust=names, repetitions=repetitions, seed=seed,
            progress=lambda share: bar.update(int(share * 100) - bar.pos),
        )  # fmt: skip
    for line in planning.plan_in_lines(made):
        click.echo(line)


def _lengths(version: StudyVersion) -> str:
    """Return in a sentence what an observer of encrypted lengths sees of every page and form."""
    from survey.app import page_app
    from survey.respondents.page_sizes import length_of_pages, screen_sizes

    with page_app().test_request_context():
        length, (largest, second, *_) = length_of_pages(version), screen_sizes(version)
    return (
        f"length: every page is sent as {length:,} bytes, every form as "
        f"{post_length(version.study):,}. The largest screen is {largest.name} "
        f"({largest.size:,} bytes), then {second.name} ({second.size:,})."
    )


@study.command("list")
def show_list() -> None:
    """Every study on the configured shelves: status, approval, fingerprint."""
    stores, catalogue = open_catalogue(read_config())
    availability = Availability(stores, catalogue)
    for version in availability.versions():
        name, words = version.study.name, version.study.fingerprints.words[:12]
        found = availability.state_of(name)
        approval = lifecycle.approval_of(stores, version)
        signed = f"approved {approval.reference}" if approval else "not approved"
        if approval and approval.basis == "noted":
            signed += f" (noted from a letter on {approval.recorded_at[:10]})"
        status = "pilot" if version.pilot else STATES.get(found.state, found.state)
        why = f"  {found.problem}" if found.problem else ""
        click.echo(f"{name}  {status}  {signed}  words {words}{why}")


@study.command()
@click.argument("name")
@click.option("--reference", required=True, help="The board's reference number.")
@click.option("--by", "signer", required=True, help="Who approved it.")
@click.option("--date", "approved_on", type=ISO, required=True, help="Date of the approval.")
@click.option(
    "--expires", "expires_on", type=ISO, required=True, help="Last day on which it holds."
)
@click.option(
    "--letter",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="The board's letter: a copy is kept with its SHA-256.",
)
@click.option("--analysis-until", type=ISO, help="Last day on which data may be used, if later.")
@click.option("--before-opening", multiple=True, help="A condition to be met before the opening.")
@click.option("--while-running", multiple=True, help="A condition: its last day, then what.")
@click.option("--before-release", multiple=True, help="A condition to be met before any release.")
def approve(name: str, letter: Path, **signed: Any) -> None:
    """Note from a LETTER that a board approved study NAME exactly as it is now.

    This version is archived. Nothing is served under it before a member of the board confirms it
    with an account of their own.
    """
    config = read_config()
    version = find_version(config, name)  # never what stands in for a folder with a fault
    stores = open_stores(config, version)
    typed = {key: _typed(value) for key, value in signed.items()} | {"read": "1"}
    _note_letter(stores, version, typed | {"by": typed["signer"]}, letter)


@study.command()
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def decision(name: str, file: Path) -> None:
    """Note from FILE, a decision.json filled in by the board's own system, that NAME is approved.

    FILE is kept as the letter, and a member of the board confirms it as with any letter.
    """
    from survey.ethics.submission_bundle import read_decision

    config = read_config()
    version = find_version(config, name)
    stores = open_stores(config, version)
    typed = read_decision(stores.office, version, file.read_bytes())
    if not typed["by"].strip():
        raise Refusal(f"{file} does not say who decided: fill in by.")
    _note_letter(stores, version, typed, file)


def _note_letter(
    stores: Stores, version: StudyVersion, typed: Mapping[str, str], letter: Path
) -> None:
    """Archive the version, keep the letter, and note the approval. Raises Refusal."""
    faults = faults_of(typed, today_here().isoformat(), on_paper=True) | obstacles(
        stores.office, version
    )
    if faults:
        lines = "\n".join(f"- {fault}" for fault in faults.values())
        raise Refusal(f"{version.study.name} cannot be approved:\n{lines}")
    form = read_approval_form(typed, by=typed["by"].strip())
    form = replace(form, letter=keep_letter(stores.folder, version.study.name, letter))
    with write_transaction(stores.office):
        record_approval(stores, version, form)
        note_command(
            stores.office,
            f"{version.study.name}: noted the approval {form.reference} from a letter",
        )
    words, policy, site = fingerprints_of(version)
    click.echo(
        f"Noted: {version.study.name}, reference {form.reference}, until {form.expires_on}, from a "
        f"letter with SHA-256 {form.letter}.\n  words {words}\n  policy {policy}\n  site {site}\n"
        "It is nothing yet: a member of the board confirms it at "
        f"/ethics/{version.study.name}/approve."
    )


def _typed(value: Any) -> str:
    """Return an option's value as the page's form would send it."""
    if isinstance(value, tuple):
        return "\n".join(value)
    return value.date().isoformat() if isinstance(value, datetime) else value or ""


def _slot_options(command: Callable[..., None]) -> Callable[..., None]:
    for slot in reversed(documents.SLOTS):
        kind = click.Path(path_type=Path, exists=True, dir_okay=False)
        command = click.option(f"--{slot.id}", type=kind, multiple=True, help=slot.title)(command)
    return command


@study.command()
@click.argument("name")
@_slot_options
@click.option(
    "--none", "reasons", type=(str, str), multiple=True, metavar="SLOT REASON",
    help="Why a slot holds no document.",
)  # fmt: skip
def submit(name: str, reasons: tuple[tuple[str, str], ...], **files: tuple[Path, ...]) -> None:
    """Put documents into the submission of study NAME; nothing put in before is overwritten."""
    config, version, stores = open_version(name)
    who, entries = claimed_name(), []
    for slot, paths in files.items():
        for path in paths:
            content = path.read_bytes()
            entry = documents.put(config.data, version.study, slot, path.name, content, who=who)
            entries.append(entry)
    entries += [documents.explained(slot, reason, who=who) for slot, reason in reasons]
    with write_transaction(stores.office):
        for entry in entries:
            board_submissions.add_document(stores.office, version.study.name, entry)
            what = f"document put into {entry.slot}, SHA-256 {entry.sha256[:16]}"
            said = what if entry.sha256 else f"reason given for no document in {entry.slot}"
            note_command(stores.office, f"{version.study.name}: {said}")
    slots = documents.slots_of(stores.office, version.study)
    for one in slots:
        held = ", ".join(d.name for d in one.documents) or one.reason or "empty"
        click.echo(f"{one.slot.id}: {held}{', needed' if one.lacking else ''}")
    click.echo(f"documents {documents.fingerprint(slots) or 'none'}")


@study.command("open")
@click.argument("name")
def open_study(name: str) -> None:
    """Open study NAME: only what is approved, filled in and checked is served."""
    _, folder, stores = open_version(name)
    version = lifecycle.open_study(stores, folder, note=partial(note_command, stores.office))
    click.echo(f"{version.study.name} is open now.")
    if fingerprints_of(version) != fingerprints_of(folder):
        click.echo("It is open as it was signed: its folder has changed since.")


@study.command()
@click.argument("name")
def close(name: str) -> None:
    """Close study NAME: nobody new can start."""
    _, version, stores = open_version(name)
    lifecycle.close(stores, version, note=partial(note_command, stores.office))
    click.echo(f"{version.study.name} is closed now.")


@study.command()
@click.argument("name")
def freeze(name: str) -> None:
    """Make the answers present the next batch: from now on nobody can withdraw them."""
    _, version, stores = open_version(name)
    frozen = lifecycle.freeze(stores, version, note=partial(note_command, stores.office))
    click.echo(f"{frozen} answers of {version.study.name} are frozen. Their codes no longer work.")
    if studies.status(stores.office, version.study.name) == "frozen":
        click.echo(f"{version.study.name} is frozen now.")


@study.command()
@click.argument("name", required=False)
def platform(name: str | None) -> None:
    """Print the fingerprint of the platform's own sentences, and what changed for study NAME.

    Ends with 1 when the board of NAME signed others: after an upgrade nobody new can begin before
    it has signed anew. Run it with the new program before that serves.
    """
    click.echo(f"Lacrima {program_version()}, the platform's sentences: {platform_fingerprint()}")
    if name is None:
        return
    _, version, stores = open_version(name)
    noted = studies.approvals(stores.office, version.study.name)
    signed = studies.latest_effective(noted, today_here().isoformat())
    if signed is None:
        raise Refusal(f"{version.study.name} was never signed.")
    click.echo(f"Signed under {signed.reference}: {signed.platform or 'not noted'}")
    for line in platform_changes(stores, signed):
        click.echo(line)
    if other_platform(signed):
        click.get_current_context().exit(1)


@study.command("stop-rule")
@click.argument("name")
@click.option("--pilot", is_flag=True, help="Of the pilot's answers.")
def stop_rule_command(name: str, *, pilot: bool) -> None:
    """Print what was told so far of the stop rule of study NAME.

    Ends with 1 when the last word was "met", so that a host's timer can tell the clinician.
    """
    config = read_config()
    version = find_version(config, name, pilot=pilot or None)
    stores = open_stores(config, version)
    verdicts = stop_rule.verdicts_of(stores, version)
    click.echo(stop_rule.in_lines(version, verdicts))
    if verdicts and verdicts[max(verdicts)]:
        click.get_current_context().exit(1)


@main.group()
def site() -> None:
    """The facts of this installation, which a study's words name."""


@site.command("new")
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path), help="A new file; otherwise it is printed.")
def new_site(name: str, out: Path | None) -> None:
    """Write a site.toml with every fact that study NAME (or a folder) names, explained."""
    from survey.studies.site_template import site_template

    text = site_template(load_study(find_folder(read_config(), name)))
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Refusal(f"{out} is there already: add what this prints without --out.") from None
    except OSError as error:
        raise Refusal(f"Cannot write {out}: {error.strerror}.") from None
    click.echo(f"{out} written.")
