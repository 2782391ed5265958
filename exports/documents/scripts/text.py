"""What the four languages share: marks on top, columns under other names."""

from __future__ import annotations

from collections.abc import Mapping

from exports.documents.told import Told


def head(told: Told, comment: str, *lines: str) -> str:
    """The opening comment of a script: mark, title, and what it does."""
    said = [told.mark, f"{told.study.title}, tier {told.tier['name']}", *lines]
    return "\n".join(f"{comment} {line}".rstrip() for line in said if line)


def renamed(names: Mapping[str, str]) -> list[str]:
    """One line for each column that has another name in this program."""
    return [f"{name} is called {short} here." for name, short in names.items() if name != short]


def number(text: str) -> bool:
    """Whether a code is a number."""
    return text.removeprefix("-").isdigit()
