"""What a client does next on a plain HTML page: fill its first POST form, or follow its way on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from urllib.parse import quote_plus

END_TITLE = b"Thank you"
# A text as long as the longest that people leave, cut to what a field takes.
WORDS = ("I went in from the rain, and somebody I had never met found me a chair. " * 7)[:500]
WIDEST_NUMBER = 60  # a number is drawn from this far above the least one allowed

_TAG = re.compile(r"<(/?form|input|textarea|button|a)\b([^>]*)>")
_ATTRIBUTE = re.compile(r'([a-z-]+)(?:="([^"]*)")?')
_TITLE = re.compile(rb"<title>([^<]*)</title>")
_SHOWN = re.compile(rb'name="shown" value="([^"]*)"')
_TOKEN = re.compile(rb'name="csrf_token"[^>]*value="([^"]*)"')

Attributes = Mapping[str, str]
Draw = Callable[[], float]


class WalkFailed(Exception):
    """A page that a walk must not meet; says which and where."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a page is left: ``fixed`` is sent as it is, and one of each of ``choices``.

    Both are form-encoded. ``form`` False means a link to ``action``; an empty action is the page's
    own address. ``inputs`` counts the buttons, boxes and fields that the form shows.
    """

    action: str
    form: bool = False
    fixed: bytes = b""
    choices: tuple[tuple[bytes, ...], ...] = ()
    inputs: int = 0


def title_of(body: bytes) -> bytes:
    """The page's title; empty when it has none."""
    found = _TITLE.search(body)
    return found[1] if found else b""


def _tags(html: str) -> Iterator[tuple[str, dict[str, str]]]:
    for tag in _TAG.finditer(html):
        found = _ATTRIBUTE.findall(tag[2])
        yield tag[1], {name: unescape(value) for name, value in found}


def _pair(name: str, value: str) -> bytes:
    return f"{quote_plus(name)}={quote_plus(value)}".encode()


def _typed(kind: str, attributes: Attributes) -> list[str]:
    """Values that a client might type; one is drawn each time."""
    if kind == "textarea":
        return [WORDS[: int(attributes.get("data-limit", 500))]]
    if attributes.get("inputmode") == "numeric":
        least, most = int(attributes["data-min"]), int(attributes["data-max"])
        return [str(n) for n in range(least, min(most, least + WIDEST_NUMBER) + 1)]
    return ["x"]


class _Form:
    """A form while it is read."""

    def __init__(self, action: str, answers: Mapping[str, str]) -> None:
        self.action, self._answers = action, answers
        self._fixed: list[bytes] = []
        self._groups: dict[str, list[str]] = {}
        self._pressed = False
        self._inputs = 0

    def meet(self, tag: str, attributes: Attributes) -> None:
        """Take in one tag of the form."""
        kind, name = attributes.get("type", "text"), attributes.get("name", "")
        if tag == "button":
            self._press(name, attributes.get("value", ""))
        elif kind == "hidden":
            if name != "csrf_token":  # another one on each page: read when the plan is carried out
                self._fixed.append(_pair(name, attributes.get("value", "")))
        else:
            self._inputs += 1
            self._ask(tag, kind, attributes)

    def _press(self, name: str, value: str) -> None:
        """The first button is pressed."""
        if not self._pressed and name:
            self._fixed.append(_pair(name, value))
        self._pressed = True

    def _ask(self, tag: str, kind: str, attributes: Attributes) -> None:
        name, value = attributes["name"], attributes.get("value", "on")
        if kind == "checkbox":
            # What stands alone refuses the rest; "support" leads to another screen.
            if "data-alone" not in attributes and name != "support":
                self._fixed.append(_pair(name, value))
        elif kind == "radio":
            # The one without a value is no answer; a missing code stands against what was typed.
            if value and not name.endswith("-missing"):
                self._groups.setdefault(name, []).append(value)
        elif kind != "email":  # nobody gives an address: that is the box which nobody sees
            self._groups[name] = _typed(tag, attributes)

    def plan(self) -> Plan:
        """Everything met so far, ready to be sent."""
        for name, answer in self._answers.items():
            if name in self._groups:
                self._groups[name] = [answer]
        choices = tuple(tuple(_pair(n, v) for v in vs) for n, vs in self._groups.items())
        return Plan(
            self.action,
            form=True,
            fixed=b"&".join(self._fixed),
            choices=choices,
            inputs=self._inputs,
        )


def read_plan(body: bytes, answers: Mapping[str, str]) -> Plan:
    """The first POST form, or the link with rel="next". Raises WalkFailed without either."""
    form: _Form | None = None
    link = None
    for tag, attributes in _tags(body.decode()):
        if tag == "form" and form is None and attributes.get("method") == "post":
            form = _Form(attributes.get("action", ""), answers)
        elif tag == "/form" and form is not None:
            return form.plan()
        elif tag == "a":
            if "next" in attributes.get("rel", "").split():
                link = attributes["href"]
        elif form is not None and tag != "form":
            form.meet(tag, attributes)
    if link is None:
        raise WalkFailed(f"{title_of(body).decode()!r} has neither a form nor a way on.")
    return Plan(link)


class Plans:
    """Plans by page title and questions shown, so that a page is read as a whole only once.

    ``answers`` maps an input's name to the value that every client gives; others are drawn.
    """

    def __init__(self, answers: Mapping[str, str] | None = None) -> None:
        self._answers = answers or {}
        self._known: dict[tuple[bytes, bytes], Plan] = {}

    def of(self, body: bytes) -> Plan:
        """How this page is left."""
        shown = _SHOWN.search(body)
        key = title_of(body), shown[1] if shown else b""
        if key not in self._known:
            self._known[key] = read_plan(body, self._answers)
        return self._known[key]


def fill(plan: Plan, body: bytes, draw: Draw) -> bytes:
    """The form of ``body`` filled in, with the token that stands on this very page."""
    token = _TOKEN.search(body)
    parts = [plan.fixed, b"csrf_token=" + token[1]] if token else [plan.fixed]
    parts += [values[int(draw() * len(values))] for values in plan.choices]
    return b"&".join(part for part in parts if part)
