"""Two studies answered in one browser: which rows are one person's."""

from __future__ import annotations

from typing import Any

from tests.attacks.attacked import OTHER, STUDY, Installation, rows_of
from tests.attacks.outcome import Outcome, Told


def rows(sound: Installation, weak: Installation) -> list[Outcome]:
    """The other study's row of everybody who answered both."""
    return [
        Outcome(
            "thief of the disk",
            "which rows of two studies come from one browser: by values that both share, else by "
            "their places",
            joined(sound),
            joined(weak),
            "keys that count up",
            1 / len(sound.both),
            "board.md",
        )
    ]


def joined(attacked: Installation) -> Told:
    """Guess the row with a value in common, else the one in the same place among those of both."""
    mine = {attacked.values(p)["row"]: p for p in attacked.both}
    theirs = {attacked.keys.deletion_value(p.other_code, "answers"): p for p in attacked.both}
    here = [row for row in rows_of(attacked, STUDY) if row["deletion"] in mine]
    there = [row for row in rows_of(attacked, OTHER) if row["deletion"] in theirs]
    right = 0
    for at, row in enumerate(here):
        shared = [other for other in there if _bytes(row) & _bytes(other)]
        guess = (shared or there[at:])[0]
        right += mine[row["deletion"]] is theirs[guess["deletion"]]
    return Told(right, len(here), 1)


def _bytes(row: dict[str, Any]) -> set[bytes]:
    return {value for value in row.values() if isinstance(value, bytes)}
