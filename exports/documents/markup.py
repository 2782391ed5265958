"""HTML and Markdown of a release: text from a study can open no tag and break no table.

An HTML page, from ``templates/release``, is one file and needs no script.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from forms.prose import paragraphs, runs

_TOP = Path(__file__).resolve().parents[2]
# An installed package keeps templates in ``survey``, a checkout at its top (pyproject.toml).
_FOLDERS = [_TOP / "survey/bundled/templates/release", _TOP / "templates/release"]
_NOT_IN_ANCHORS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class DistributionBar:
    """One line of a chart: ``share`` of the longest possible bar (0-1), ``figure`` in words.

    ``share`` None draws no bar (a hidden cell); ``quiet`` is for what is not an answer.
    """

    label: str
    share: float | None
    figure: str
    quiet: bool = False

    @property
    def width(self) -> str:
        """Its length as CSS has it."""
        return f"{max(0.0, min(1.0, self.share or 0)):.1%}"


def anchor(text: str) -> str:
    """Return what a link within a page points at: lower case letters, digits, hyphens."""
    return _NOT_IN_ANCHORS.sub("-", text.lower()).strip("-")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDERS),
        autoescape=True,
        undefined=StrictUndefined,
        # Lines that hold a tag of Jinja alone leave no blank line in a released page.
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"anchor": anchor, "paragraphs": paragraphs, "runs": runs}
    return environment


def render_page(
    template: str,
    *,
    title: str,
    lead: str,
    mark: str = "",
    caution: str = "",
    lang: str = "en",
    **content: object,
) -> bytes:
    """Return the page; ``mark`` (pilot, synthetic) stands on top, ``caution`` below the lead."""
    head = {"title": title, "lead": lead, "mark": mark, "caution": caution, "lang": lang}
    return _environment().get_template(template).render(head, **content).encode()


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
