"""The command group: a refusal is one line on standard error and exit 1, nothing else is caught.

A command's module is imported when the command is called, so that ``lacrima --help`` is quick.
"""

from __future__ import annotations

import sys
from collections import UserDict
from importlib import import_module

import click

# Command → the module below survey.cli that defines it, and the first sentence of its help.
COMMANDS = {
    "account": ("accounts", "Accounts of researchers and of the ethics board."),
    "anonymise": ("tools",
        "Protect the table DATA (.csv, .sav, .dta, .xlsx …) as a policy asks, into a new folder."),
    "backup": ("backups",
        "Write everything but drafts, pilots and the server key, encrypted, to OUT."),
    "board": ("board", "The board of a study: its members, their terms, and how many must sign."),
    "demo": ("server",
        "Everything in one command: a study as a pilot, simulated answers, three links."),
    "destroy": ("releases",
        "Destroy what of STUDY is kept no longer by its signed last days, with a certificate."),
    "doctor": ("server", "Every setting with its value, and whether the installation is sound."),
    "hand-over": ("releases",
        "Note who was given release NUMBER of STUDY, under which agreement, agreed on which day."),
    "invite": ("tools",
        "Write COUNT single-use codes for STUDY into a new file: a table if it ends in .csv."),
    "key": ("keys",
        "The server key: half of every draft's key, and what deletion codes hang on."),
    "ledger": ("releases",
        "List every release of STUDY: what left the house, to whom, and what was recalled."),
    "mail-test": ("server",
        "Send a message to ADDRESS by the mail server of the settings, at once."),
    "merge": ("backups",
        "Take the answers of the closed installation in folder OTHER over into this one."),
    "purge": ("server", "Delete drafts that ran out and carry out deletions that wait."),
    "recall": ("releases",
        "Recall release NUMBER of STUDY, and all that repeat its rows, for good."),
    "release": ("releases",
        "Write an anonymised dataset of STUDY with its documents into a new folder."),
    "restore": ("backups",
        "Put BACKUP back into an empty folder, verified first, with what ended since ended again."),
    "review": ("review",
        "Read the texts of STUDY one by one, in random order, before any of them may leave."),
    "serve": ("server", "The production server, with the settings of the environment."),
    "sign": ("sign",
        "Sign STATEMENT with your own key, after printing what it says; or make a key."),
    "simulate": ("releases",
        "Synthetic answers to the pilot of STUDY (a name or a folder), marked as such."),
    "site": ("study", "The facts of this installation, which a study's words name."),
    "study": ("study", "Check, approve, open, close and freeze a study."),
    "upgrade": ("backups",
        "Say what has to be signed anew once this version serves; it is tried on a copy."),
    "verify": ("tools",
        "Compare every text that the site at URL shows with DOSSIER (a dossier.zip)."),
}  # fmt: skip


class CommandTable(UserDict[str, click.Command]):
    """Commands by name, each entered by its own module once that is imported."""

    def __getitem__(self, name: str) -> click.Command:
        if name in COMMANDS:
            import_module(f"survey.cli.{COMMANDS[name][0]}")
        return self.data[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        if name not in COMMANDS:
            raise LookupError(f"{__file__}: the table of commands has no row for {name}.")
        self.data[name] = command


class Lacrima(click.Group):
    """A group whose commands refuse in one line."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by the table above: no module of theirs is imported."""
        listed = {name: click.Command(name, help=said) for name, (_, said) in COMMANDS.items()}
        click.Group(commands=listed).format_commands(ctx, formatter)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that was asked for."""
        import sqlite3

        from survey.cli.installation import REFUSALS, sentence_of

        try:
            return super().invoke(ctx)
        except REFUSALS as refusal:
            click.echo(str(refusal), err=True)
        except (OSError, sqlite3.DatabaseError) as error:
            if not (said := sentence_of(error)):
                raise
            click.echo(said, err=True)
        sys.exit(1)


def _say_version(ctx: click.Context, _option: click.Parameter, asked: bool) -> None:  # noqa: FBT001
    if asked:
        from survey.program import software

        click.echo(software())
        ctx.exit()


@click.group(
    cls=Lacrima,
    commands=CommandTable({name: click.Command(name) for name in COMMANDS}),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--version", is_flag=True, is_eager=True, callback=_say_version, expose_value=False,
    help="Show the version and the build, and exit.")  # fmt: skip
@click.option(
    "--by", metavar="NAME", default="", help="Who you are; the audit notes it as a claim."
)
@click.option("--data", metavar="FOLDER", default="", help="The data folder; else LACRIMA_DATA.")
def main(by: str, data: str) -> None:  # noqa: ARG001 - by: survey/accounts/audit.py reads it
    """Anonymous client-perception surveys."""
    import os

    from survey.memory import close_memory

    close_memory()
    if data:
        os.environ["LACRIMA_DATA"] = data
