"""The command ``lacrima``: thin commands that parse, call and print."""

from survey.cli import accounts, releases, review, server, study, tools
from survey.cli.main import main

__all__ = ["accounts", "main", "releases", "review", "server", "study", "tools"]
