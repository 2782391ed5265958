"""The command ``lacrima``: thin commands that parse, call and print."""

from survey.cli import (
    account,
    anonymise,
    data,
    invite,
    ledger,
    review,
    serving,
    study,
    upkeep,
    verify,
)
from survey.cli.main import main

__all__ = [
    "account",
    "anonymise",
    "data",
    "invite",
    "ledger",
    "main",
    "review",
    "serving",
    "study",
    "upkeep",
    "verify",
]
