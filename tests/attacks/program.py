"""What a board sees from outside of a program that its owner has changed: nothing."""

from __future__ import annotations

import re

from tests.attacks.attacked import STUDY, Installation
from tests.attacks.outcome import Outcome, Told

PAGES = ("", "text", "data", "versions", "flow", "checklist", "certificate")
DRAWN = re.compile(
    r'name="(csrf_token|state)" value="[^"]*"|127\.0\.0\.1:\d+|[\d-]+[T ][\d:.+Z]+|\d+:[0-9a-f]{16}'
)


def rows(sound: Installation, weak: Installation) -> list[Outcome]:
    """The weakened copy logs, keeps and opens everything, and shows the same pages."""
    alike = sum(_page(sound, page) == _page(weak, page) for page in PAGES)
    told = Told(alike, len(PAGES), 0)
    return [
        Outcome(
            "operator who changes the program",
            "public pages for boards, the certificate of fingerprints among them, that look alike "
            "in the weakened copy, which logs every request and keeps what is deleted",
            told,
            told,
            "a changed program, which nothing here can find",
            1,
            "board.md, by an operator who changes the program",
        )
    ]


def _page(attacked: Installation, page: str) -> str:
    answer = attacked.browser().open(f"/ethics/{STUDY}/{page}")
    assert answer.status_code == 200, page
    return DRAWN.sub("", answer.get_data(as_text=True))
