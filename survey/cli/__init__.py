"""The command ``lacrima``: thin commands that parse, call and print."""

from survey.cli import data, serving, study, upkeep
from survey.cli.main import main

__all__ = ["data", "main", "serving", "study", "upkeep"]
