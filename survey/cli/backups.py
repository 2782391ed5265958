"""``lacrima backup``, ``restore`` and ``merge``: copies of the installation, and two made one."""

from __future__ import annotations

import time
from pathlib import Path

import click

from survey.accounts.audit import claimed_name, note_command
from survey.backups import endings_list
from survey.backups.age_format import make_identity, read_identities, read_recipients
from survey.cli.installation import open_stores
from survey.cli.main import main
from survey.config import read_config
from survey.crypto import KeyRing, read_keys
from survey.errors import Refusal
from survey.program import program_version

FILE = click.Path(path_type=Path)


@main.command()
@click.argument("out", type=FILE, required=False)
@click.option(
    "--to",
    "recipients",
    metavar="PUBLIC_KEY",
    multiple=True,
    help="age1…, or a file of such; several can.",
)
@click.option(
    "--new-key", type=FILE, metavar="FILE", help="Make a key pair instead, on any machine."
)
def backup(out: Path | None, recipients: tuple[str, ...], new_key: Path | None) -> None:
    """Write everything but drafts, pilots and the server key, encrypted, to OUT.

    OUT is a new file, or a folder that gets one more file each time. Only who holds the secret key
    of PUBLIC_KEY can read it: this machine cannot. The program age opens it, too.
    """
    from survey.backups.make import make

    if new_key and not (out or recipients):
        click.echo(f"public key: {make_identity(new_key)}")
        click.echo(f"{new_key} is the secret key, the only copy. Keep it off the server.")
        return
    if new_key or not out or not recipients:
        raise click.UsageError("Give OUT and --to, or --new-key alone.")
    keys = [key for text in recipients for key in read_recipients(text)]
    config, started = read_config(), time.perf_counter()
    made = make(open_stores(config), config, out, keys, who=claimed_name())
    seconds = time.perf_counter() - started
    click.echo(f"{made.path} written: {made.bytes / 1e6:.1f} MB in {seconds:.1f} seconds.")


@main.command()
@click.argument("backup", type=click.Path(path_type=Path, exists=True))
@click.option("--into", type=FILE, required=True, metavar="FOLDER", help="A new or empty folder.")
@click.option("--identity", type=FILE, metavar="FILE", help="The secret key.")
@click.option("--endings", type=FILE, metavar="FILE", help="The endings list that was kept last.")
@click.option("--endings-lost", is_flag=True, help="There is none any more: see the docs first.")
def restore(
    backup: Path,
    into: Path,
    identity: Path | None,
    endings: Path | None,
    *,
    endings_lost: bool,
) -> None:
    """Put BACKUP back into an empty folder, verified first, with what ended since ended again.

    BACKUP may be a data folder that was copied by hand, too. The server key of that installation is
    needed, where LACRIMA_KEY says. Afterwards every study is closed and nobody is signed in.
    """
    from survey.backups.restore import restore as put_back

    if bool(endings) == endings_lost:
        raise Refusal(
            "Give --endings FILE, the list that the server kept of what ended. Without it deleted "
            "answers, disabled people and stopped studies would come back."
        )
    if backup.is_file() and not identity:
        raise Refusal("Give --identity FILE: the secret key that the backup was made for.")
    secrets = read_identities(identity) if identity else []
    listed = endings_list.read(endings) if endings else None
    if endings and listed is None:
        raise Refusal(f"There is no endings list {endings}.")
    keys = KeyRing(read_keys(read_config().key))
    done = put_back(backup, into, secrets, keys, listed, who=claimed_name())
    for line in done.lines:
        click.echo(line)
    click.echo(
        f"{into} holds the installation as of {done.made_at[:16].replace('T', ' ')} UTC. Every "
        "study is closed: `lacrima study open NAME` opens one again."
    )


@main.command()
@click.argument("other", type=click.Path(path_type=Path, exists=True, file_okay=False))
def merge(other: Path) -> None:
    """Take the answers of the closed installation in folder OTHER over into this one.

    Both have the same studies in the same words, none open, frozen or released. A row that both
    have counts once. OTHER is left as it is.
    """
    from survey.backups.unite import unite

    stores = open_stores(read_config())
    what = f"backup: answers of {other.resolve().name} taken over"
    done = unite(stores, other, lambda: note_command(stores.office, what))
    click.echo(f"{done.taken} rows and texts were taken over; {done.known} were in both.")
    click.echo(f"{other} still holds its answers: destroy it, so that nobody goes on there.")


@main.command()
@click.option("--check", is_flag=True, required=True, help="The only thing that there is to do.")
def upgrade(*, check: bool) -> None:  # noqa: ARG001 - so that nobody takes it for the upgrade itself
    """Say what has to be signed anew once this version serves; it is tried on a copy.

    Exit 1 where something has to be done. Data of a newer version are refused.
    """
    from survey.backups import upgrade_check

    config = read_config()
    problems = list(upgrade_check.check(config))
    for problem in problems:
        click.echo(problem)
    if problems:
        raise Refusal(f"Before Lacrima {program_version()} serves {config.data}: see above.")
    click.echo(f"Lacrima {program_version()} takes {config.data} over; nothing has to be signed.")
