"""The screens of texts.json: every text in the order met, read off the screens themselves.

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
from survey.ethics.walkthrough import Walkthrough, signer, unpack
from survey.page_text import VisibleText, comparable_text, main_button_fields, read_form
from survey.respondents.screens import Navigation, render_state
from survey.studies.version import StudyVersion

Posted = dict[str, list[str]]
"""Input name → the values to send."""

Json = dict[str, Any]

# A token's place without a token: nothing is posted from here, and no cookie is to be set.
NO_TOKEN = (("state", ""),)
MOST_WAYS = 64  # with more than these, only those are walked that show something new
MOST_STEPS = 400  # a walk that goes on is going in circles
UNDER_WAY = "way:"  # begins the id of a screen that is met after consent

# Screens that a client reaches without any answer, in the order of the dossier.
BEFORE_ANSWERS = (
    "landing", "information", "support", "withdraw", "stop", "declined", "thanks", "later",
    "eligibility", "consent",
)  # fmt: skip
# What distinguishes screens that are met with and without an answer.
BEFORE_LABELS = {"stop": ", before any answer"}
UNDER_WAY_LABELS = {"support": ", after a high answer"}


@dataclass
class Screens:
    """Screens met under way, by id, each text once."""

    study: Study
    by_id: dict[str, Json] = field(default_factory=dict)

    def add(self, screen: str, page: VisibleText) -> str:
        """Return the id of ``page`` among the screens, new or met before."""
        asked = page.asks.split()
        stem = UNDER_WAY + (f"{screen}/{self.study.page_of[asked[0]].id}" if asked else screen)
        number = 1
        while entry := self.by_id.get(id_ := stem if number == 1 else f"{stem}/{number}"):
            if entry["lines"] == page.lines and entry["asks"] == page.asks:
                return id_
            number += 1
        name = SCREENS[screen].label + UNDER_WAY_LABELS.get(screen, "")
        any_order = any(self.study.questions[one].random_order for one in asked)
        self.by_id[id_] = _entry(id_, name, page, any_order=any_order)
        return id_


def _entry(id_: str, name: str, page: VisibleText, *, any_order: bool = False) -> Json:
    return {
        "id": id_,
        "name": name,
        "title": page.title,
        "asks": page.asks,
        "any_order": any_order,
        "lines": page.lines,
    }


def _screens_before_answers(version: StudyVersion) -> Iterator[Json]:
    """Yield the screens that every client can open without an answer, in the order met.

    ``lines`` is what a client reads; ``preview`` what the board's walk shows where that differs.
    """
    client = Navigation(f"/s/{version.study.address}/", hidden=NO_TOKEN)
    board = Navigation("", preview=True, hidden=NO_TOKEN)
    for screen in BEFORE_ANSWERS:
        if screen == "eligibility" and not version.study.consent.eligibility:
            continue
        result = StepResult(FlowState(screen))
        page = comparable_text(render_state(version, client, result))
        preview = comparable_text(render_state(version, board, result)).lines
        entry = _entry(screen, SCREENS[screen].label + BEFORE_LABELS.get(screen, ""), page)
        yield entry | ({"preview": preview} if preview != page.lines else {})


def answers_to_post(answers: Mapping[str, Any], pages: tuple[Page, ...]) -> Posted:
    """Return the answers that lead along a way, and the first answer where one is required."""
    posted: Posted = {}
    for page in pages:
        for question in shown_questions(page, answers):
            kind = kind_of(question)
            filled = kind.prefill(question, answers)
            posted.update({name: list(values) for name, values in filled.items()})
            if question.required and not question.rows and not any(filled.values()):
                choices = kind.choices(question)
                posted[question.name] = [choices[0][0] if choices else str(question.minimum)]
    return posted


class _BoardWalk:
    """The board's walk in this process: the page that follows on a post, and its screen."""

    def __init__(self, version: StudyVersion) -> None:
        self.walk, self.sign, self.screen = Walkthrough(version), signer("dossier"), ""

    def post(self, fields: list[tuple[str, str]]) -> str:
        """Return the page that follows on ``fields``."""
        posted = MultiDict(fields)
        result = self.walk.step(unpack(posted.get("state", ""), self.sign), posted)
        self.screen = result.state.screen
        return self.walk.render(result, "", self.sign, posted)

    def begin(self) -> str:
        """Return the first page of questions after agreeing to everything before it."""
        page = self.post([("go", entrance(self.walk.version.study))])
        while self.screen in ("eligibility", "consent"):
            page = self.post(main_button_fields(read_form(page), {}))
        return page


def walk_way(version: StudyVersion, fill: Posted, screens: Screens) -> Iterator[str]:
    """Yield the ids of the screens met, from the first question to the thank-you page."""
    walk = _BoardWalk(version)
    page = walk.begin()
    for _ in range(MOST_STEPS):
        yield screens.add(walk.screen, comparable_text(page))
        if walk.screen == "done":
            return
        page = walk.post(main_button_fields(read_form(page), fill))
    raise RuntimeError(f"the walk of {version.study.name} did not end")


def _chosen(study: Study) -> list[tuple[dict[str, int | str], tuple[Page, ...]]]:
    """Return all ways, or of very many those that show a page as none before did."""
    found = list(paths(study))
    if len(found) <= MOST_WAYS:
        return found
    chosen = []
    met: set[tuple[object, ...]] = set()
    for answers, pages in found:
        branch = branch_of(study, answers)
        shown: set[tuple[object, ...]] = {
            (page.id, branch, shown_questions(page, answers)) for page in pages
        }
        if not shown <= met:  # a page as this branch words it, with the questions it asks then
            chosen.append((answers, pages))
        met |= shown
    return chosen


def screens_of(version: StudyVersion) -> Json:
    """Return ``screens`` in the order met, and ``ways`` as the ids of the screens along each."""
    study, screens = version.study, Screens(version.study)
    ways = []
    for answers, pages in _chosen(study):
        fill = answers_to_post(answers, pages)
        ways.append({"fill": fill, "screens": list(walk_way(version, fill, screens))})
    # Where a client under way can turn to.
    links = Navigation("", preview=True, live=True, hidden=NO_TOKEN)
    for screen in ("stop", "stopped", "break"):
        html = render_state(version, links, StepResult(FlowState(screen)))
        screens.add(screen, comparable_text(html))
    # The soft hint after a page with blanks: a comparison of the site may meet it, or not.
    hint = comparable_text(f"<p>{version.fill(study.consent.texts['blank_hint'])}</p>").lines
    found = [*_screens_before_answers(version), *screens.by_id.values()]
    return {"screens": found, "ways": ways, "may_also_say": hint}
