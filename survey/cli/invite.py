"""``lacrima invite``: single-use codes for a study, written once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from survey import invitations
from survey.cli.main import main
from survey.cli.opened import at_desk
from survey.errors import Refusal
from survey.seal import Seal, read_keys
from survey.staff.audit import note_command


@main.command()
@click.argument("study")
@click.option("--count", type=click.IntRange(1, invitations.MOST), required=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
def invite(study: str, count: int, out: Path) -> None:
    """Write COUNT single-use codes for STUDY into a new file: a table if it ends in .csv.

    They cannot be read again: only keyed hashes are kept.
    """
    config, offer, stores = at_desk(study)
    name = offer.study.name
    seal = Seal(read_keys(config.key))
    codes = invitations.draw(count)
    table = invitations.as_csv if out.suffix == ".csv" else invitations.as_text
    with _new_file(out, table(codes)):
        invitations.keep(stores, seal, name, codes, pilot=offer.pilot)
    note_command(stores.office, f"{name}: {count} invitations made")
    click.echo(
        f"{count} invitations to {name} are in {out}, the only copy. Clients enter them at /i/."
    )


@contextmanager
def _new_file(path: Path, content: str) -> Iterator[None]:
    """A file for the owner alone, on the disk; gone again where what follows fails."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refusal(f"{path} is there already: codes are written into a new file.") from None
    except OSError as error:
        raise Refusal(f"Cannot write {path}: {error.strerror}.") from None
    try:
        with os.fdopen(handle, "w", encoding="ascii", newline="") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield
    except BaseException as error:
        path.unlink()
        if isinstance(error, OSError):
            raise Refusal(f"Cannot write {path}: {error.strerror}. No code was made.") from None
        raise
