"""Text and forms read out of a page's HTML, as a person or a plain browser would."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

from forms.form_fields import NO_CHOICE, plain_value
from forms.platform_texts import EXAMPLE_MARK, NOT_YET_CHECKED, ON_PAPER, PILOT_MARK

# Tags that stand in the middle of a line; every other tag begins a new one.
INLINE = frozenset(
    ["a", "abbr", "b", "br", "button", "code", "em", "i", "input", "mark", "small", "span",
     "strong", "wbr"]
)  # fmt: skip
SPACED = frozenset(["a", "br", "button", "span"])  # set apart from what stands before and after
SILENT = frozenset(["script", "style", "template", "progress", "head"])
SPOKEN = ("aria-label", "alt", "placeholder", "title")  # attributes that are read out
MAIN_LINES = frozenset(["h1", "h2", "p", "button", "li"])


Attributes = list[tuple[str, str | None]]


@dataclass
class PageForm:
    """A page's first POST form: hidden values, choices by name, boxes to type in, and buttons."""

    action: str = ""
    found: bool = False
    hidden: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)  # radios and tick boxes
    typed: list[str] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    next_link: str = ""


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.form = PageForm()
        self._inside = False

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method") == "post" and not self.form.found:
            self.form.found = self._inside = True
            self.form.action = given.get("action", "")
        elif tag == "a" and "next" in given.get("rel", "").split():
            self.form.next_link = given.get("href", "")
        elif self._inside and given.get("name"):
            self._control(tag, given["name"], given)

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "form"

    def _control(self, tag: str, name: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if tag == "button":
            self.form.buttons.append((name, given.get("value", "")))
        elif tag == "textarea" or kind in ("number", "text"):
            self.form.typed.append(name)
        elif kind == "hidden":
            self.form.hidden[name] = given.get("value", "")
        elif kind in ("radio", "checkbox"):
            value = plain_value(given.get("value", "on"))
            if value != NO_CHOICE:
                self.form.choices.setdefault(name, []).append(value)


def read_form(html: str) -> PageForm:
    """Return the first POST form of the page; ``found`` is False without one."""
    reader = _FormReader()
    reader.feed(html)
    return reader.form


@dataclass
class VisibleText:
    """One page: its title, its lines from top to bottom, and the questions it asks."""

    title: str = ""
    lines: list[str] = field(default_factory=list)
    asks: str = ""  # names of the questions, as the page's own hidden input lists them


class _TextReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page, self.text = VisibleText(), ""
        self._silent: list[str] = []
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        given = dict(attrs)
        if tag in SILENT:
            self._silent.append(tag)
        self._in_title = tag == "title"
        self._turn(tag)
        for name in SPOKEN:
            if given.get(name) and not self._silent:
                self.text += f"\n{given[name]}\n"
        if tag == "input" and given.get("name") == "shown":
            self.page.asks = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if self._silent and tag == self._silent[-1]:
            self._silent.pop()
        self._in_title = False
        self._turn(tag)

    def _turn(self, tag: str) -> None:
        if tag not in INLINE:
            self.text += "\n"
        elif tag in SPACED:
            self.text += " "

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.page.title += data
        elif not self._silent:
            self.text += data.replace("\n", " ")


def read_text(html: str) -> VisibleText:
    """Return what a person sees or hears on the page, line by line."""
    reader = _TextReader()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in reader.text.split("\n"))
    reader.page.lines = [line for line in lines if line]
    return reader.page


class _MainReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        self._inside = self._inside or (tag == "main" and bool(attrs))
        if self._inside and tag in MAIN_LINES:
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "main"

    def handle_data(self, data: str) -> None:
        if self._inside and self.lines:
            self.lines[-1] = f"{self.lines[-1]} {data.strip()}".strip()


def read_main(html: str) -> tuple[str, ...]:
    """Return the headings, paragraphs, buttons and list entries inside <main>."""
    reader = _MainReader()
    reader.feed(html)
    return tuple(line for line in reader.lines if line)


# Said of a page and not by the study: how it is being served, and how far along one is.
MARKS = frozenset(
    [
        ON_PAPER,
        "Preview for review: nothing is stored",
        "All screens Comment here",
        PILOT_MARK,
        EXAMPLE_MARK,
        "Pilot: not approved, not the real study",
        "Pilot: not approved. Names, dates and places are an example’s",
    ]
)
_PROGRESS = re.compile(r"Page \d+(?: of \d+)?")
_DRAWN_TITLE = re.compile(r"^(Error: )?\w[\w ]* – ")  # a word drawn for each draft
_HOST = re.compile(r"https?://[^/\s]+(?=/s/)")


def comparable_text(html: str) -> VisibleText:
    """Return the page without page numbers, host's name, marks of a pilot and of help lines."""
    page = read_text(html)
    page.lines = [
        _HOST.sub("", line).removesuffix(NOT_YET_CHECKED).rstrip()
        for line in page.lines
        if line not in MARKS and not _PROGRESS.fullmatch(line)
    ]
    page.title = page.title.strip()
    if page.asks:
        page.title = _DRAWN_TITLE.sub(r"\1Page – ", page.title)
    return page


Fields = list[tuple[str, str]]


def main_button_fields(
    form: PageForm, fill: Mapping[str, Sequence[str]], *, code: str = "yes"
) -> Fields:
    """Return the fields of the page's main button, answered by ``fill`` and blank elsewhere.

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
    # The first button, as the Enter key has it; on pages of questions it has no name.
    return fields + ([] if "shown" in form.hidden else form.buttons[:1])
