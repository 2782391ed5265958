"""Every screen's texts in the order met, read off the screens themselves: the dossier's texts.json.

The walk runs on the board's preview, so on the same functions and templates as the client's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from forms.flow import SCREENS, FlowState, StepResult, entrance
from forms.kinds import kind_of
from forms.routing import branch_of, paths, shown_questions
from forms.study import Page, Study
from survey.ethics.dossier.visible_text import VisibleText, press, see
from survey.ethics.walkthrough import Walkthrough, signer, unpack
from survey.respondents.screens import Navigation, render_state
from survey.studies.version import StudyVersion
from survey.synthetic.http_client import read_form

Fill = dict[str, list[str]]
"""Input name → the values to send."""

Json = dict[str, Any]

# A token's place without a token: nothing is posted from here, and no cookie is to be set.
NO_TOKEN = (("state", ""),)
MOST_WAYS = 64  # with more than these, only those are walked that show something new
MOST_STEPS = 400
UNDER_WAY = "way:"  # begins the id of a screen that is met after consent

# Screens that a client reaches without any answer, in the order of the dossier.
STILL = (
    "landing", "information", "support", "withdraw", "stop", "declined", "thanks", "later",
    "eligibility", "consent",
)  # fmt: skip
# What distinguishes screens that are met with and without an answer.
BEFORE = {"stop": ", before any answer"}
UNDER_WAY_LABELS = {"support": ", after a high answer"}


@dataclass
class Screens:
    """Screens by id, each text once; ``add`` gives the id of a page that was met."""

    version: StudyVersion
    known: dict[str, Json] = field(default_factory=dict)

    def add(self, screen: str, seen: VisibleText) -> str:
        """The id of this page among the screens, new or known."""
        stem = UNDER_WAY + (f"{screen}/{self._page(seen.asks)}" if seen.asks else screen)
        number = 1
        while known := self.known.get(name := stem if number == 1 else f"{stem}/{number}"):
            if known["lines"] == seen.lines and known["asks"] == seen.asks:
                return name
            number += 1
        self.known[name] = self._entry(
            name, SCREENS[screen].label + UNDER_WAY_LABELS.get(screen, ""), seen
        )
        return name

    def _entry(self, name: str, called: str, seen: VisibleText) -> Json:
        return {
            "id": name,
            "name": called,
            "title": seen.title,
            "asks": seen.asks,
            "any_order": self._shuffled(seen.asks),
            "lines": seen.lines,
        }

    def _page(self, asks: str) -> str:
        study = self.version.study
        return study.page_of[asks.split()[0]].id

    def _shuffled(self, asks: str) -> bool:
        return any(self.version.study.questions[name].random_order for name in asks.split())


def still_screens(version: StudyVersion) -> Iterator[Json]:
    """The screens that every client can open without an answer, in the order met.

    ``lines`` is what a client reads; ``preview`` what the board's walk shows where that differs.
    """
    client = Navigation(f"/s/{version.study.address}/", hidden=NO_TOKEN)
    board_ways = Navigation("", preview=True, hidden=NO_TOKEN)
    for screen in STILL:
        if screen == "eligibility" and not version.study.consent.eligibility:
            continue
        result = StepResult(FlowState(screen))
        seen = see(render_state(version, client, result))
        board = see(render_state(version, board_ways, result))
        called = SCREENS[screen].label + BEFORE.get(screen, "")
        entry = {"id": screen, "name": called, "title": seen.title, "asks": "",
                 "any_order": False, "lines": seen.lines}  # fmt: skip
        yield entry | ({"preview": board.lines} if board.lines != seen.lines else {})


def _first(study: Study, name: str) -> list[str]:
    """The first answer that a question which needs one offers."""
    question = study.questions[name]
    choices = kind_of(question).choices(question)
    return [choices[0][0] if choices else str(question.minimum)]


def fill_of(study: Study, answers: Mapping[str, Any], pages: tuple[Page, ...]) -> Fill:
    """What to send on a way: the answers that lead along it, and those that have to be given."""
    fill: Fill = {}
    for page in pages:
        for question in shown_questions(page, answers):
            filled = kind_of(question).prefill(question, answers)
            fill.update({name: list(values) for name, values in filled.items()})
            if question.required and not question.rows and not any(filled.values()):
                fill[question.name] = _first(study, question.name)
    return fill


class _BoardWalk:
    """The board's walk in this process: the page that follows on a post, and its screen."""

    def __init__(self, version: StudyVersion) -> None:
        self.walk, self.sign, self.screen = Walkthrough(version), signer("dossier"), ""

    def post(self, fields: list[tuple[str, str]]) -> str:
        """The page that follows on ``fields``."""
        posted = MultiDict(fields)
        result = self.walk.step(unpack(posted.get("state", ""), self.sign), posted)
        self.screen = result.state.screen
        return self.walk.render(result, "", self.sign, posted)

    def begin(self) -> str:
        """The first page of questions: everything before it agreed to."""
        page = self.post([("go", entrance(self.walk.version.study))])
        while self.screen in ("eligibility", "consent"):
            page = self.post(press(read_form(page), {}))
        return page


def walk_way(version: StudyVersion, fill: Fill, screens: Screens) -> Iterator[str]:
    """Ids of the screens met on this way, from the first question to the thank-you page."""
    walk = _BoardWalk(version)
    page = walk.begin()
    for _ in range(MOST_STEPS):
        yield screens.add(walk.screen, see(page))
        if walk.screen == "done":
            return
        page = walk.post(press(read_form(page), fill))
    raise AssertionError(f"the walk of {version.study.name} did not end")


def _chosen(study: Study) -> list[tuple[dict[str, int | str], tuple[Page, ...]]]:
    """The ways to walk: all, or of very many those that show a page as none before did."""
    found = list(paths(study))
    if len(found) <= MOST_WAYS:
        return found
    chosen = []
    known: set[tuple[object, ...]] = set()
    for answers, pages in found:
        branch = branch_of(study, answers)
        shown: set[tuple[object, ...]] = {
            (page.id, branch, shown_questions(page, answers)) for page in pages
        }
        if not shown <= known:
            chosen.append((answers, pages))
        known |= shown
    return chosen


def _ways(version: StudyVersion, screens: Screens) -> Iterator[Json]:
    for answers, pages in _chosen(version.study):
        fill = fill_of(version.study, answers, pages)
        yield {"fill": fill, "screens": list(walk_way(version, fill, screens))}


def _asides(version: StudyVersion, screens: Screens) -> None:
    """What a client under way can turn to: stop, what follows it, and a break."""
    ways = Navigation("", preview=True, live=True, hidden=NO_TOKEN)
    for screen in ("stop", "stopped", "break"):
        screens.add(screen, see(render_state(version, ways, StepResult(FlowState(screen)))))


def screens_of(version: StudyVersion) -> Json:
    """``screens`` in the order met, and ``ways`` as the ids of the screens along each."""
    still = list(still_screens(version))
    screens = Screens(version)
    ways = list(_ways(version, screens))
    _asides(version, screens)
    hint = see(f"<p>{version.fill(version.study.consent.texts['blank_hint'])}</p>").lines
    return {"screens": [*still, *screens.known.values()], "ways": ways, "may_also_say": hint}
