"""The platform's own sentences to clients as one text with one fingerprint, the platform's.

They are the same for every study. ``forms.platform_texts`` holds most of them; the others stand in
the templates of clients' pages, as running text, as a label that is read out, or as a text inside
an expression. Tags and their order are no words: a template may be built anew without moving the
fingerprint.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import unified_diff
from functools import lru_cache
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import Environment

from forms import platform_texts
from forms.flow import SCREENS
from survey.config import folder

# Folders of templates that a client meets, and those that only staff, boards or readers of a
# release do. A template in neither is refused, so that none is forgotten.
CLIENTS = ("", "errors", "invite", "leaflet", "parts", "respond", "site")
OTHERS = ("board", "dossier", "ethics", "release", "research", "staff")
STAFF_PARTS = ("parts/staff.html",)

SPOKEN = ("aria-label", "alt", "title", "placeholder")
_IN_EXPRESSION = re.compile(r"[^\W\d_].*\s|[A-Z]")  # a text for people: several words, or a capital
_NO_TEXT = ("class", "rel")  # arguments of macros
_MARKUP = re.compile(r'[a-z-]="')  # attributes that a macro writes
_CONTENT = re.compile(r"\[([^\[\]#]*[^\W\d_]{2}[^\[\]#]*)\]")  # a block of text in a .typ file

Words = Mapping[str, tuple[str, ...]]
"""Where a sentence stands → the sentences there, in their order."""


def client_templates(top: Path) -> list[Path]:
    """Return every template of a client's page below ``top``. Raises LookupError for a stranger."""
    found = sorted(file for file in top.rglob("*") if file.is_file())
    homes = {file: file.relative_to(top).parent.as_posix().removeprefix(".") for file in found}
    if strangers := {home for home in homes.values() if home not in (*CLIENTS, *OTHERS)}:
        raise LookupError(f"templates for whom? {', '.join(sorted(strangers))}")
    staff = {top / name for name in STAFF_PARTS}
    return [file for file, home in homes.items() if home in CLIENTS and file not in staff]


class _Sentences(HTMLParser):
    """Collects the texts of a template and what is read out of its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, _: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in SPOKEN and value]

    def handle_data(self, data: str) -> None:
        self.found.append(data)


@lru_cache(maxsize=256)
def sentences_of(template: str) -> tuple[str, ...]:
    """Return what a template itself says; ``{}`` stands where it says something of others."""
    page, inside = "", []
    before: tuple[str, ...] = ("", "")
    for _, kind, value in Environment().lex(template):  # noqa: S701 - nothing is rendered
        if kind == "data":
            page += value
        elif kind == "variable_begin":
            page += "{}"
        elif kind == "string" and before != (*_argument(before), "="):
            inside += [value[1:-1]] if _IN_EXPRESSION.search(value[1:-1]) else []
        if kind != "whitespace":
            before = (before[1], value)
    reader = _Sentences()
    reader.feed(page)
    reader.close()
    said = (" ".join(text.split()) for text in (*reader.found, *inside))
    return tuple(t for t in said if re.search(r"[^\W\d_]", t) and not _MARKUP.search(t))


def _argument(before: tuple[str, ...]) -> tuple[str, ...]:
    return (before[0],) if before[0] in _NO_TEXT else ("",)


def _typeset(template: str) -> tuple[str, ...]:
    """Return the running text of a template for the typesetter."""
    return tuple(" ".join(text.split()) for text in _CONTENT.findall(template))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from (f"{key}: {text}" for text in _texts(inner))
    elif isinstance(value, Iterable):
        for inner in sorted(value) if isinstance(value, frozenset | set) else value:
            yield from _texts(inner)


def words_below(top: Path) -> Words:
    """Return every sentence of the platform to a client, with the templates below ``top``."""
    named = {n: tuple(_texts(v)) for n, v in vars(platform_texts).items() if n.isupper()}
    titles = {"titles": tuple(screen.title for screen in SCREENS.values())}
    files = client_templates(top)
    said = {
        str(f.relative_to(top)): (_typeset if f.suffix == ".typ" else sentences_of)(
            f.read_text("utf-8")
        )
        for f in files
    }
    return {name: texts for name, texts in sorted({**named, **titles, **said}.items()) if texts}


@lru_cache(maxsize=1)
def platform_content() -> str:
    """Return the platform's sentences in one fixed form (JSON), as this program says them."""
    return json.dumps(words_below(folder("templates")), ensure_ascii=False, sort_keys=True)


def fingerprint_of_platform(content: str) -> str:
    """Return the SHA-256 in hex of the platform's sentences."""
    return sha256(content.encode()).hexdigest()


def platform_fingerprint() -> str:
    """Return the fingerprint of the sentences that this program says to clients."""
    return fingerprint_of_platform(platform_content())


def changed_sentences(before: str, now: str) -> list[str]:
    """Return the differences of two contents, a line each: ``- was`` and ``+ is``."""
    old, new = (
        [f"{place}: {text}" for place, texts in json.loads(content).items() for text in texts]
        for content in (before, now)
    )
    return [
        f"{line[0]} {line[1:]}"
        for line in unified_diff(old, new, n=0, lineterm="")
        if line[0] in "+-" and not line.startswith(("---", "+++"))
    ]
