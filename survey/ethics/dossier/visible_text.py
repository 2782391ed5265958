"""What a person sees or hears on a page, line by line: for a dossier and for a site alike.

Which button a visitor presses and what goes with it: one rule for a dossier and for a check.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

from survey.synthetic.http_client import PageForm

# Tags that stand in the middle of a line; every other tag begins a new one.
INLINE = frozenset(
    [
        "a",
        "abbr",
        "b",
        "br",
        "button",
        "code",
        "em",
        "i",
        "input",
        "mark",
        "small",
        "span",
        "strong",
    ]
)
SPACED = frozenset(["a", "br", "button", "span"])  # set apart from what stands before and after
SILENT = frozenset(["script", "style", "template", "progress", "head"])
SPOKEN = ("aria-label", "alt", "placeholder", "title")  # attributes that are read out

# Said of a page and not by the study: how it is being served, and how far along one is.
MARKS = frozenset(
    [
        "Preview for review: nothing is stored",
        "Pilot: a trial run, not the real study",
        "Pilot: not approved, not the real study",
    ]
)
_PROGRESS = re.compile(r"Page \d+(?: of \d+)?")
_TITLE_NUMBER = re.compile(r"^Page \d+ ")
_HOST = re.compile(r"https?://[^/\s]+(?=/s/)")


@dataclass
class VisibleText:
    """One page: its title, its lines from top to bottom, and the questions it asks."""

    title: str = ""
    lines: list[str] = field(default_factory=list)
    asks: str = ""  # names of the questions, as the page's own hidden input lists them


class _VisibleTextReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen = VisibleText()
        self.pieces: list[str] = []
        self._silent: list[str] = []
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in SILENT:
            self._silent.append(tag)
        self._in_title = tag == "title"
        self._turn(tag)
        for name in SPOKEN:
            if given.get(name) and not self._silent:
                self.pieces += ["\n", given[name], "\n"]
        if tag == "input" and given.get("name") == "shown":
            self.seen.asks = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if self._silent and tag == self._silent[-1]:
            self._silent.pop()
        self._in_title = False
        self._turn(tag)

    def _turn(self, tag: str) -> None:
        if tag not in INLINE:
            self.pieces.append("\n")
        elif tag in SPACED:
            self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.seen.title += data
        elif not self._silent:
            self.pieces.append(data.replace("\n", " "))


def see(html: str) -> VisibleText:
    """The page as it is read; page numbers, the host's name and the marks of a pilot left out."""
    reader = _VisibleTextReader()
    reader.feed(html)
    reader.close()
    seen = reader.seen
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).split("\n"))
    seen.lines = [
        _HOST.sub("", line)
        for line in lines
        if line and line not in MARKS and not _PROGRESS.fullmatch(line)
    ]
    seen.title = _TITLE_NUMBER.sub("Page ", seen.title.strip())
    return seen


Fields = list[tuple[str, str]]

ONWARD = "on"  # after a high answer the help page offers this among its ways
BY_THEMSELVES = ("support",)  # ticks that lead aside, never set


def press(form: PageForm, fill: Mapping[str, Sequence[str]], *, code: str = "yes") -> Fields:
    """The fields of the page's main button, answered as ``fill`` says and blank elsewhere.

    Before the questions every statement is agreed to and every question answered with yes: pages
    of questions say in ``shown`` what they ask, the others do not.
    """
    fields: Fields = list(form.hidden.items())
    for name, offered in form.choices.items():
        if name in fill:
            fields += [(name, value) for value in fill[name] if value in offered]
        elif "shown" not in form.hidden:
            fields.append((name, code if name == "code" else offered[0]))
    fields += [(name, fill[name][-1]) for name in form.typed if name in fill]
    return fields + _button(form)


def _button(form: PageForm) -> Fields:
    """The first button, as the Enter key has it; on pages of questions it has no name."""
    return [] if "shown" in form.hidden else list(form.buttons[:1])
