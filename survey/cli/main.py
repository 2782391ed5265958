"""The command group: a refusal is one line on standard error and exit 1, nothing else is caught."""

from __future__ import annotations

import sys

import click

from exports.refused import Refused
from forms.faults import StudyFaults
from forms.simulation import RecipeFault
from survey.errors import LacrimaError
from survey.store.errors import StoreError

# Every exception whose message is a sentence to print.
REFUSALS = (LacrimaError, StudyFaults, RecipeFault, StoreError, Refused)


class Lacrima(click.Group):
    """A group whose commands refuse in one line."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except REFUSALS as refusal:
            click.echo(str(refusal), err=True)
            sys.exit(1)


@click.group(cls=Lacrima, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lacrima")
def main() -> None:
    """Anonymous client-perception surveys."""
