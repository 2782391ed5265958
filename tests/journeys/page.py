"""A page as a plain browser without script sees it: text, links, and forms with their controls."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from forms.form_fields import plain_value

SILENT = ("script", "style", "title")
# Elements that stand apart from what is beside them when a page is read out.
BLOCKS = [
    "p",
    "div",
    "li",
    "td",
    "th",
    "tr",
    "h1",
    "h2",
    "h3",
    "h4",
    "dt",
    "dd",
    "section",
    "legend",
    "label",
    "span",
    "summary",
    "option",
    "br",
    "blockquote",
]


@dataclass
class Control:
    """An input, button, text area or select, with what it holds when the page is opened."""

    tag: str
    kind: str
    name: str
    value: str
    form: str  # id of its form
    checked: bool = False
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def chosen(self) -> str:
        """What a radio or tick box stands for, without what makes all of them equally long."""
        return plain_value(self.value) if self.kind in ("radio", "checkbox") else self.value

    @property
    def sent(self) -> bool:
        """Whether it is sent along when nobody touches it."""
        if self.tag == "button" or not self.name:
            return False
        return self.checked if self.kind in ("radio", "checkbox") else True


@dataclass
class Form:
    """Where a form goes and how."""

    id: str
    action: str
    method: str


class Page(HTMLParser):
    """Everything of one page that a client could read or use."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html, self.title = html, ""
        self.forms: dict[str, Form] = {}
        self.controls: list[Control] = []
        self.links: list[dict[str, str]] = []
        self.ids: set[str] = set()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.rows: list[list[str]] = []  # of every table, cell by cell
        self._words: list[str] = []
        self._open: list[str] = []
        self._form = ""
        self._area: Control | None = None
        self._select: Control | None = None
        self.feed(html)

    @property
    def text(self) -> str:
        """What is read out, with one space between words."""
        return " ".join("".join(self._words).split())

    def link(self, **wanted: str) -> str:
        """Address of the first link with these attributes (``text``: what it says)."""
        return next(a["href"] for a in self.links if wanted.items() <= a.items())

    def named(self, name: str) -> list[Control]:
        """All controls of this name."""
        return [c for c in self.controls if c.name == name]

    @property
    def chosen(self) -> list[str]:
        """What is chosen beforehand, those choices left out that stand for no answer."""
        return [c.chosen for c in self.controls if c.checked and c.chosen]

    def button(self, name: str = "", value: str = "") -> Control:
        """The button with this name and value; without a name the first of the first POST form."""
        buttons = [c for c in self.controls if c.tag == "button"]
        if name:
            return next(b for b in buttons if (b.name, b.value) == (name, value))
        first = next(f.id for f in self.forms.values() if f.method == "post")
        return next(b for b in buttons if b.form == first)

    def fields(self, form: str) -> list[tuple[str, str]]:
        """What a form sends when nothing is touched and no button is named."""
        return [(c.name, c.value) for c in self.controls if c.form == form and c.sent]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        self._open.append(tag)
        if tag in BLOCKS:
            self._words.append(" ")
        if "id" in given:
            assert given["id"] not in self.ids, f"two elements have the id {given['id']}"
            self.ids.add(given["id"])
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        if tag == "a" and "href" in given:
            self.links.append({**given, "text": ""})
        elif tag == "form":
            self._form = given.get("id") or f"form {len(self.forms)}"
            self.forms[self._form] = Form(
                self._form, given.get("action", ""), given.get("method", "get").lower()
            )
        elif tag in ("input", "button", "textarea", "select"):
            self._control(tag, given)

    def _control(self, tag: str, given: dict[str, Any]) -> None:
        control = Control(
            tag, given.get("type", "text"), given.get("name", ""), given.get("value", ""),
            given.get("form", self._form), "checked" in given, given,
        )  # fmt: skip
        if control.kind in ("radio", "checkbox") and "value" not in given:
            control.value = "on"
        self.controls.append(control)
        self._area = control if tag == "textarea" else None
        self._select = control if tag == "select" else None

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            self._words.append(" ")
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        if tag == "form":
            self._form = ""
        if tag == "textarea" and self._area is not None:
            # A browser drops the first line end, and sends the others as two characters.
            self._area.value = self._area.value.removeprefix("\n").replace("\n", "\r\n")
            self._area = None

    def handle_data(self, data: str) -> None:
        if "title" in self._open:
            self.title += data
        if "td" in self._open or "th" in self._open:
            self.rows[-1][-1] += data
        if "a" in self._open and self.links:
            self.links[-1]["text"] += data
        if self._select is not None and not self._select.value and "option" in self._open:
            self._select.value = data.strip()  # the first option is what is chosen
        if self._area is not None:
            self._area.value += data
        elif not any(tag in SILENT for tag in self._open):
            self._words.append(data)
