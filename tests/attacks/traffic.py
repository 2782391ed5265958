"""Lengths of what is encrypted, seen by a relay between browser and proxy."""

from __future__ import annotations

from benchmarks.lengths.run import WAYS, from_counts, from_lengths, observed
from forms.load import load_study
from tests.attacks.outcome import Outcome, Told
from tests.conftest import FLAGSHIP

NETWORK = "employer, provider, wireless network"
ENDS = "which page it is, the first ones and the last included"
MEASURED = "../benchmarks/results-lengths.md"
NAMED = {way.name: way for way in WAYS}


def rows(*, walks: int) -> list[Outcome]:
    """Walks of the flagship as Chromium posts them, half learnt from and half told apart."""
    study = load_study(FLAGSHIP)
    ways = ("at one length, with script", "as they are")
    served, plain = (observed(study, NAMED[name], walks) for name in ways)
    pairs = zip(from_lengths(served), from_lengths(plain), strict=True)
    found = [
        _row(name, told, weak, 0.32 if name == ENDS else None) for (name, told), (_, weak) in pairs
    ]
    counted = zip(from_counts(served), from_counts(plain), strict=True)
    return found + [
        _row(f"{name}, by the number of requests", told, weak, 1.0)
        for (name, told), (_, weak) in counted
    ]


def _row(name: str, told: Told, weak: Told, bound: float | None) -> Outcome:
    by_guessing = told.guessed / told.tries
    page = "board.md" if bound is None else f"board.md, from the network; {MEASURED}"
    at_most = by_guessing if bound is None else bound
    return Outcome(NETWORK, name, told, weak, "pages and forms as they are", at_most, page)
