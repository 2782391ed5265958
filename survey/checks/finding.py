"""What one check of the installation found: safe, unsafe, or something to be told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from survey.config import Config

Verdict = Literal["safe", "told", "unsafe"]
WORST_FIRST: tuple[Verdict, ...] = ("unsafe", "told", "safe")


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence of one check, with what to do where something is to be done."""

    name: str
    verdict: Verdict
    sentence: str
    remedy: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (f"{self.name}: {self.sentence}", self.remedy)))


@dataclass(frozen=True, slots=True)
class Asked:
    """The installation that is looked at; ``site`` is its address from outside, ``since`` a head.

    Both are blank unless whoever asks names them.
    """

    config: Config
    site: str = ""
    since: str = ""


# A check only looks. What it cannot look at is a finding too; it raises nothing.
Check = Callable[[Asked], Iterable[Finding]]


def safe(name: str, sentence: str) -> Finding:
    """Return that all is well."""
    return Finding(name, "safe", sentence)


def told(name: str, sentence: str, remedy: str = "") -> Finding:
    """Return what the host should know; the server may run."""
    return Finding(name, "told", sentence, remedy)


def unsafe(name: str, sentence: str, remedy: str = "") -> Finding:
    """Return what breaks a promise, or will: the server must not run so."""
    return Finding(name, "unsafe", sentence, remedy)


def worst(findings: Iterable[Finding]) -> Verdict:
    """Return the worst verdict among ``findings``."""
    there = {finding.verdict for finding in findings}
    return next((verdict for verdict in WORST_FIRST if verdict in there), "safe")
