"""The command ``lacrima``: thin commands that parse, call and print."""

from survey.cli.main import main

__all__ = ["main"]
