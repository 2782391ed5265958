"""Markdown that stays what it is: text from a study can neither open a tag nor break a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def plain(text: str) -> str:
    """``text`` without a tag in it."""
    return text.replace("<", "&lt;")


def document(parts: Iterable[str]) -> bytes:
    """The parts that say something as one file, with no tag anywhere in it."""
    text = "\n\n".join(part for part in parts if part)
    return (plain(text).rstrip("\n") + "\n").encode()


def cell(text: str) -> str:
    """``text`` as one cell of a table."""
    return " ".join(plain(text).replace("|", "\\|").split())


def bullets(lines: Iterable[str]) -> str:
    """A list; empty for no lines."""
    return "\n".join(f"- {line}" for line in lines)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells that open with a backtick are code and stay as they are."""
    lines = [list(head), ["---"] * len(head), *(list(row) for row in rows)]
    return "\n".join("| " + " | ".join(cell(c) for c in line) + " |" for line in lines)


def section(heading: str, *parts: str) -> str:
    """A heading of the second level and what stands under it; empty when nothing does."""
    said = [part for part in parts if part]
    return "\n\n".join([f"## {heading}", *said]) if said else ""
