"""Reads the one POST form of a page as a plain browser would: for synthetic clients."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class PageForm:
    """What a page asks: hidden values, choices by name, boxes to type in, and its buttons."""

    action: str = ""
    found: bool = False
    hidden: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)  # radios and tick boxes
    typed: list[str] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    next_link: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.form = PageForm()
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method") == "post" and not self.form.found:
            self.form.found = self._inside = True
            self.form.action = given.get("action", "")
        elif tag == "a" and "next" in given.get("rel", "").split():
            self.form.next_link = given.get("href", "")
        elif self._inside and given.get("name"):
            self._control(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False

    def _control(self, tag: str, given: dict[str, str]) -> None:
        name, kind = given["name"], given.get("type", "text")
        if tag == "button":
            self.form.buttons.append((name, given.get("value", "")))
        elif tag == "textarea" or kind in ("number", "text"):
            self.form.typed.append(name)
        elif kind == "hidden":
            self.form.hidden[name] = given.get("value", "")
        elif kind in ("radio", "checkbox"):
            self.form.choices.setdefault(name, []).append(given.get("value", "on"))


def read_form(html: str) -> PageForm:
    """The first POST form of the page; ``found`` is False without one."""
    reader = _Reader()
    reader.feed(html)
    return reader.form
