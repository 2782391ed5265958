"""Paragraphs and emphasis of a study's texts: the little markup that every medium understands."""

from __future__ import annotations

import re
from collections.abc import Iterator

_BREAK = re.compile(r"\n\s*\n")
_EMPHASIS = re.compile(r"\*([^*\n]+)\*")


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs, which empty lines part."""
    return [part.strip() for part in _BREAK.split(text) if part.strip()]


def runs(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of a line, each with whether it stands between asterisks."""
    # What is split at a group alternates: outside, inside, outside …
    for at, piece in enumerate(_EMPHASIS.split(text)):
        if piece:
            yield piece, at % 2 == 1
