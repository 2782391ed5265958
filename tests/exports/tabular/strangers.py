"""Columns that tell who somebody is under names that say nothing, or something else."""

from __future__ import annotations

import random

ROWS = 200
_DRAW = random.Random(7)
GIVEN_NAMES = [
    *("Anna", "Ben", "Clara", "David", "Emma", "Felix", "Grace", "Henry", "Jürgen", "Benoît"),
    *("Begoña", "Kees", "Zeynep", "Γιώργος", "Μαρία", "Ελένη", "Κώστας", "Δημήτρης"),
]
_SURNAMES = [
    *("Schmidt", "Novák", "García", "Rossi", "Jansen", "Dubois", "Papadopoulos", "Kowalski"),
    *("Οικονόμου", "Nguyễn"),
]
FULL_NAMES = [f"{given} {surname}" for given in GIVEN_NAMES for surname in _SURNAMES]
TEXTS = [
    "I felt safe with her",
    "she cried when I told her about my brother",
    "nothing special",
    "My therapist wept. It helped.",
    "ich habe mich verstanden gefühlt",
    "elle a pleuré avec moi ce jour là",
]


def _digits(count: int) -> str:
    return str(_DRAW.randrange(10 ** (count - 1), 10**count))


CASES = [
    ("x1", [str(100000 + at * 7) for at in range(ROWS)]),
    ("age", [_digits(8) for _ in range(ROWS)]),
    ("zip", [f"user{at}@example.org" for at in range(ROWS)]),
    ("weight", [_digits(10) for _ in range(ROWS)]),
    ("salary number", [_digits(5) for _ in range(ROWS)]),
    ("x2", [str(1 + at // 10) for at in range(ROWS)]),
    ("x10", [str(70 + person) for person in range(40) for _ in range(3 + person % 5)]),
    ("x11", [f"{'abcdefghijklmnopqrstuvwxyz'[at % 25]}user" for at in range(ROWS)]),
    ("x3", [f"P{1 + at // 8:03}" for at in range(ROWS)]),
    ("sex", ["f"] * ROWS + ["write to anna@example.org"]),
    ("education", ["high", "low"] * (ROWS // 2) + ["Anna Schmidt"]),
    ("age", [str(18 + at % 50) for at in range(ROWS)] + ["Anna", "Ben", "Clara"]),
    ("children", [str(at % 4) for at in range(ROWS)] + ["I have two with Tom", "2."]),
    ("x12", ["anna@example.org told me. I went.", "So I wrote to her."] * (ROWS // 2)),
    ("x4", [f"+49 151 {_digits(7)}" for _ in range(ROWS)]),
    ("x5", ["0151 2345678", "0170-1234567"] * (ROWS // 2)),
    ("region", [f"192.168.0.{at % 5}" for at in range(ROWS)]),
    ("x6", ["DE89 3704 0044 0532 0130 00", "FR7630006000011234567890189"] * (ROWS // 2)),
    ("x7", [f"2024-03-1{at % 10} 1{at % 10}:{at % 60:02}:12" for at in range(ROWS)]),
    ("x8", [f"{_DRAW.randrange(2**128):032x}" for _ in range(ROWS)]),
    ("x9", ["https://example.org/anna", "https://example.org/ben"] * (ROWS // 2)),
    ("religion", [f"{at} ways of telling it in my own words" for at in range(ROWS)]),
    ("q1", [f"word{at % 90}ing" for at in range(ROWS)]),
    ("person", ["Who-A", "Who-B"] * (ROWS // 2)),
    ("household_id", [str(at // 3) for at in range(ROWS)]),
    ("interviewer", ["Anna Schmidt", "Ben Novak"] * (ROWS // 2)),
]
