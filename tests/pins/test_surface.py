"""What hosts, scripts and older installations rely on: addresses, commands, settings, files."""

import sqlite3
from collections.abc import Iterator

import click

from survey.cli.main import main
from survey.config import PREFIX, SETTINGS
from tests.conftest import FLAGSHIP

KEPT_IN_A_FILE = ("page_size", "user_version", "application_id", "auto_vacuum", "encoding")


def commands(group: click.Group, *words: str) -> Iterator[tuple[str, ...]]:
    """The words that call each group and each command."""
    yield words
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from commands(command, *words, name)
        else:
            yield (*words, name)


def test_every_address_with_its_methods(served, pinned):
    rules = served.url_map.iter_rules()
    pinned("addresses", sorted(f"{r.rule}  {' '.join(sorted(r.methods or ()))}" for r in rules))


def test_the_help_of_every_command(lacrima, pinned):
    pinned(
        "commands",
        (
            line
            for words in commands(main)
            for line in (*lacrima(*words, "--help").splitlines(), "-" * 80)
        ),
    )


def test_every_setting(pinned):
    pinned("settings", (f"{PREFIX}{s.name.upper()}={s.default}  {s.sentence}" for s in SETTINGS))


def schema(path):
    """Everything that a database file says of itself, without a row of people's."""
    db = sqlite3.connect(path)
    for pragma in KEPT_IN_A_FILE:
        yield f"PRAGMA {pragma} = {db.execute(f'PRAGMA {pragma}').fetchone()[0]}"
    order = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
    for kind, name, table, sql in db.execute(order).fetchall():
        yield from ("", f"{kind} {name} on {table}", *(sql or "").splitlines())
    yield ""
    for migrations, name in db.execute(
        "SELECT migration_set, name FROM _sqlite_migrations ORDER BY id"
    ):
        yield f"migrated: {migrations} {name}"
    db.close()


def test_the_schema_of_every_database_file(served, installation, pinned):
    served.test_client().get("/healthz")  # looks into every file
    installation.run("simulate", FLAGSHIP.name, "--count", 1)
    files = sorted(installation.data.glob("*.db"))
    assert [file.stem for file in files] == ["drafts", "office", "pilot", "responses"]
    for file in files:
        pinned(f"schema/{file.stem}", schema(file))
