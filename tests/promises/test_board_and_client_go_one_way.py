"""Whatever is answered and pressed: a board member is led over the screens that a client sees."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from forms.flow import SCREENS
from tests.journeys.client import Journey
from tests.journeys.walking import ASIDE

ROOT = Path(__file__).resolve().parents[2]
STUDIES = ("minimal", "branch", "kinds", "once")
STEPS = 14
BRIEF = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
BUTTON = re.compile(r"<button[^>]*>(.*?)</button>", re.DOTALL)
# What only one of them has: a client chooses a country at once, and leaves for another site.
OWN = {"Show", "enter it here", "Walk again from the start", "All screens", "Comment here"}
ONWARD = {"Go on", "I agree and start", "Send my answers", "Go on with the survey"}
CHOOSERS = ("button", "select")
LABEL = re.compile(r"<[^>]+>|\s+")


class Reader(Journey):
    """Presses by label whatever is a link for a client and a button for a board."""

    @property
    def shown(self):
        """The screen that is shown, whatever the address."""
        found = re.search(r'<body class="s-(\w+)"', self.page.html)
        return found[1] if found else ""

    def moves(self):
        """(label, how often it stood there before) → the link or button."""
        found: dict[tuple[str, int], Any] = {}
        links = [(a["text"], a) for a in self.page.links if a["href"].startswith(self.base)]
        labels = [LABEL.sub(" ", said) for said in BUTTON.findall(self.page.html)]
        buttons = [c for c in self.page.controls if c.tag == "button"]
        pressed = [b for b in zip(labels, buttons, strict=True) if b[1].attributes.get("class")
                   != "first"]  # fmt: skip
        for said, way in [*pressed, *links]:
            label = " ".join(said.split())
            number = sum(known == label for known, _ in found)
            if label not in OWN:
                found[label, number] = way
        return found

    def take(self, way, filled):
        """Follow a link, or press a button with what its form holds of ``filled``."""
        if isinstance(way, dict):
            return self.open(way["href"])
        form = self.page.forms[way.form]
        mine = {c.name for c in self.page.controls if c.form == way.form}
        answers = {name: value for name, value in filled.items() if name in mine}
        fields = [*self.filled(way.form, answers), *([(way.name, way.value)] if way.name else [])]
        data: dict[str, list[str]] = {}
        for name, value in fields:
            data.setdefault(name, []).append(value)
        return self._ask("POST", urljoin(self.here, form.action or self.here), data=data)

    def seen(self):
        """What must not differ: the screen, what it asks and holds, and the ways on."""
        held = sorted(
            (c.name, c.value)
            for c in self.page.controls
            if c.tag not in CHOOSERS and c.sent and c.name not in ASIDE
        )
        heading = re.search(r"<h1>(.*?)</h1>", self.page.html)
        ways = sorted(self.moves())
        return (
            self.shown,
            "Error: " in self.page.title if self.asked else self.page.title,
            heading[1] if heading else "",
            self.asked,
            held,
            ways,
            bool(self.code),
        )


@st.composite
def answers(draw, reader):
    """Something for each input of the page, mostly what leads on."""
    filled: dict[str, Any] = {}
    for control in sorted(reader.page.controls, key=lambda c: c.name):
        if control.tag in CHOOSERS or control.name in ASIDE or control.kind == "hidden":
            continue
        values = sorted({c.value for c in reader.page.named(control.name)})
        if control.kind == "checkbox":
            filled.setdefault(control.name, draw(st.sampled_from([values[:1]] * 4 + [[]])))
        elif control.kind == "radio":
            filled.setdefault(control.name, draw(st.sampled_from([*values[:1] * 3, *values])))
        else:
            filled.setdefault(control.name, draw(st.sampled_from(["", "5", "100", "words"])))
    return {name: value for name, value in filled.items() if value}


def begin(reader):
    """Say yes to everything before the questions."""
    for label in ("Read what it is about", "Go on", "Go on", "I agree and start"):
        yes = {c.name: 1 for c in reader.page.controls if c.kind in ("radio", "checkbox")}
        reader.take(reader.moves()[label, 0], yes)


@pytest.fixture
def app(open_app):
    return open_app(*STUDIES)


@BRIEF
@given(data=st.data(), name=st.sampled_from(STUDIES))
def test_the_same_posts_lead_both_over_the_same_screens(app, data, name):
    address = {"minimal": "mood", "branch": "way"}.get(name, name)
    client, board = Reader(app, address), Reader(app, "")
    client.start()
    board.base = f"/ethics/{name}/flow"
    board.open(board.base)
    if data.draw(st.booleans(), label="begun"):
        begin(client)
        begin(board)
    for _ in range(STEPS):
        ours, theirs = client.seen(), board.seen()
        assert ours == theirs
        event(client.shown)
        ways, others = client.moves(), board.moves()
        onward = [way for way in sorted(ways) if way[0] in ONWARD]
        way = data.draw(st.sampled_from(sorted(ways) + onward * 6), label="pressed")
        filled = data.draw(answers(client), label="filled in")
        client.take(ways[way], filled)
        board.take(others[way], filled)
        if client.here.startswith("http"):  # left for another site
            assert board.shown == "leave"
            return


def test_an_error_is_said_to_both_until_it_is_mended(app):
    client, board = Reader(app, "way"), Reader(app, "")
    client.start()
    board.base = "/ethics/branch/flow"
    board.open(board.base)
    for reader in (client, board):
        begin(reader)
        reader.take(reader.moves()["Go on", 0], {"been": "1"})
        for label in ("Stop", "Send", "Stop"):
            reader.take(reader.moves()[label, 0], {})
    assert client.page.title.startswith("Error: ")
    assert client.seen() == board.seen()


def test_every_screen_has_one_template_and_every_template_is_a_screen():
    frame = {"frame"}
    templates = {path.stem for path in (ROOT / "templates" / "respond").iterdir()}
    assert templates - frame == {*SCREENS}
