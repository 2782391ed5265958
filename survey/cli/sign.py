"""``lacrima sign``: a member's own key and signature, on the member's own machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from survey.cli.main import main
from survey.errors import Refusal
from survey.signing.key_files import (
    fingerprint,
    make_key_file,
    public_line,
    public_of,
    read_key_file,
    sign_with_file,
)
from survey.signing.statements import LARGEST, in_words, read_statement

SUFFIX = ".sig"


@main.command()
@click.argument("statement", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--key", type=click.Path(path_type=Path), help="Your key file.")
@click.option("--new-key", type=click.Path(path_type=Path), help="Make a key in this new file.")
@click.option(
    "--dossier",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A dossier.zip that you have read: the statement must name what it holds.",
)
@click.option("--yes", is_flag=True, help="Sign without asking once more.")
def sign(
    statement: Path | None,
    key: Path | None,
    new_key: Path | None,
    dossier: Path | None,
    *,
    yes: bool,
) -> None:
    """Sign STATEMENT with your own key, after printing what it says; or make a key.

    The signature goes into STATEMENT.sig, to be sent on the page that gave you the statement. Needs
    no installation's data: run it on a machine of yours.
    """
    if new_key and not (statement or key or dossier):
        public = make_key_file(new_key)
        click.echo(f"{public_line(public)}\nfingerprint {fingerprint(public)}")
        click.echo(
            f"{new_key} is your key: nobody but you may read it, and there is no other copy. Paste "
            "the first line on the page “Your keys”; give the fingerprint to the other members."
        )
        return
    if statement is None or key is None or new_key:
        raise click.UsageError("Give STATEMENT and --key, or --new-key alone.")
    _sign(statement, key, dossier, yes=yes)


def _sign(statement: Path, key: Path, dossier: Path | None, *, yes: bool) -> None:
    try:
        with statement.open("rb") as file:
            said = read_statement(file.read(LARGEST))
    except OSError as error:
        raise Refusal(f"Cannot read {statement}: {error.strerror}.") from None
    private = read_key_file(key)
    for label, value in in_words(said):
        click.echo(f"{label}: {value}")
    if dossier:
        click.echo(_compared(said, dossier))
    if not yes and not click.confirm("Sign this?", err=True):
        raise Refusal("Nothing was signed.")
    from forms.fingerprint import canonical

    out = statement.with_name(statement.name + SUFFIX)
    try:
        out.write_text(sign_with_file(private, canonical(said)), "utf-8")
    except OSError as error:
        raise Refusal(f"Cannot write {out}: {error.strerror}.") from None
    click.echo(f"Signed with the key {fingerprint(public_of(private))}: send {out}.")


def _compared(said: dict[str, Any], dossier: Path) -> str:
    """Return that the dossier holds what the statement names. Raises Refusal where it does not."""
    from survey.ethics.dossier.reader import open_dossier
    from survey.studies.fingerprints import FINGERPRINT_LABELS

    found = open_dossier(dossier)
    pairs = zip(FINGERPRINT_LABELS, found.fingerprints._asdict().items(), strict=True)
    other = [label.lower() for label, (name, value) in pairs if said.get(name) != value]
    if said["study"] != found.name or other:
        what = ", ".join(other) or "study"
        raise Refusal(
            f"Nothing was signed: the statement is not about what {dossier} holds ({what})."
        )
    return f"The statement names the fingerprints that the files in {dossier} have."
