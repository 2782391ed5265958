"""The board's public pages: every word that a respondent meets, the routes, every column kept.

Opens no store.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, abort, current_app, render_template, request, url_for

from forms.answers import duration_band
from forms.flow import SCREENS, FlowState
from forms.kinds import columns_of_study, kind_of
from forms.post_length import post_length
from forms.readability import grade
from forms.routing import (
    Route,
    along_pages,
    condition_by_question,
    labels_of_codes,
    paths,
    routes_in_words,
    shown_questions,
)
from forms.routing_diagram import picture
from forms.stop_signs import rule_in_words
from forms.study import Page
from survey.ethics.platform_wording import TEXT_LABELS, own_words
from survey.ethics.stored_data import (
    WHAT_TIERS_DO,
    administrative,
    data_groups,
    response_sets,
)
from survey.ethics.walkthrough import OPENED, Walkthrough, signer, unpack
from survey.respondents.page_sizes import length_of_pages
from survey.security import csrf
from survey.studies.current import current_name, current_version
from survey.studies.version import StudyVersion

# The pages of a study, in the order of the tabs.
TABS = {
    "Read": (
        ("ethics.overview", "Overview"),
        ("ethics.flow", "Walk it"),
        ("ethics.screens", "All screens"),
        ("ethics.text", "Every word"),
        ("ethics.routes", "Routes"),
    ),
    "Data": (("ethics.data", "What is stored"), ("records.stored", "Live proof")),
    "Judge": (
        ("records.checklist", "Checklist"),
        ("records.versions", "What changed"),
        ("records.dossier_pdf", "Dossier"),
        ("board.certificate", "Certificate"),
    ),
}


def page(template: str, title: str, **context: Any) -> str:
    """Return the page of the study; ``template`` is called as its tab's endpoint."""
    version = current_version()
    study = version.study
    return render_template(
        f"ethics/{template}.html",
        title=f"{title} – {study.title}",
        version=version,
        study=study,
        consent=study.consent,
        words=study.consent.texts,
        in_words=lambda condition: condition_by_question(study, condition),
        label_of=lambda column, code: labels_of_codes(study).get(column, {}).get(code, code),
        way_labels={branch.name: branch.label for branch in study.branches},
        here=template,
        tabs=TABS,
        **context,
    )


bp = Blueprint("ethics", __name__, url_prefix="/ethics/<name>")
# Nothing is stored and no cookie is set: the state of the walk is signed by itself.
csrf.exempt(bp)


@bp.get("/")
def overview() -> str:
    """Show what the study is, its fingerprints, its routes, and where to look."""
    version = current_version()
    ways = [
        (answers, pages, sum(len(shown_questions(p, answers)) for p in pages))
        for answers, pages in paths(version.study)
    ]
    informed = " ".join(
        f"{p.heading}. {p.text}"
        for p in (*version.study.consent.key_facts, *version.study.consent.details)
    )
    return page("overview", "Overview", ways=ways, reading=grade(informed))


@bp.get("/flow")
def flow() -> str:
    """Show the walk from its first screen, or from the one asked for; nothing is stored."""
    screen, asked = request.args.get("screen", ""), request.args
    walk = Walkthrough(current_version(), unfold=bool(screen))
    if screen == "questions" and "page" in asked:
        opened = walk.opened_at_page(asked.get("way", 0, type=int), asked["page"])
        if opened is None:
            abort(404)
    else:
        opened = walk.opened_at(screen)
    return walk.render(opened, url_for(".flow"), _sign(), own=_own_ways())


@dataclass(frozen=True, slots=True)
class ListedWay:
    """One way through the questions, as the list of screens shows it."""

    number: int
    answers: dict[str, int | str]
    pages: tuple[Page, ...]


@bp.get("/screens")
def screens() -> str:
    """List every screen and every page of each way, to be opened where it stands."""
    study = current_version().study
    listed = [screen for screen in SCREENS.values() if screen.name in OPENED and screen.label]
    ways = [ListedWay(n, answers, pages) for n, (answers, pages) in enumerate(paths(study))]
    return page("screens", "All screens", screens=listed, ways=ways)


def _own_ways() -> tuple[str, str]:
    """Return where the walk leads besides a client's ways: the list of screens, the comments."""
    return url_for(".screens"), url_for("notes.comments", name=current_name())


@bp.post("/flow")
def step() -> str:
    """Take one step of the walk, on the answers that the page itself carries."""
    walk, state = Walkthrough(current_version()), unpack(request.form.get("state", ""), _sign())
    # The words were changed since this page was made: the walk begins anew.
    if state.draft is not None and state.draft.words != current_version().study.fingerprints.words:
        state = FlowState()
    result = walk.step(state, request.form)
    return walk.render(result, url_for(".flow"), _sign(), request.form, own=_own_ways())


def _sign() -> Any:
    return signer(str(current_app.secret_key))


@bp.get("/text")
def text() -> str:
    """Show every word on one printable page, routing spelled out."""
    own = own_words(current_version())
    return page("text", "Every word", own=own, screens=SCREENS, labels=TEXT_LABELS, kind_of=kind_of)


@bp.get("/data")
def data() -> str:
    """Show every stored column: meaning, role, and what each tier does to it."""
    version = current_version()
    return page(
        "data",
        "What is stored",
        administrative=administrative(version.study),
        groups=data_groups(version.study),
        sets=response_sets(version.study),
        what_tiers_do=WHAT_TIERS_DO,
        count=len(columns_of_study(version.study)),
        bands=duration_band(version.study, 10**9),
        rule_in_words=rule_in_words(version.study),
        page_length=length_of_pages(version),
        form_length=post_length(version.study),
    )


@lru_cache(maxsize=16)
def _ways(version: StudyVersion) -> tuple[Route, ...]:
    return tuple(routes_in_words(version.study))


@lru_cache(maxsize=16)
def _picture(version: StudyVersion) -> str:
    return picture(version.study)


@bp.get("/routes")
def routes() -> str:
    """Show which pages follow which, and how much every route asks."""
    found = _ways(current_version())
    return page(
        "routes",
        "Routes",
        picture=_picture(current_version()),
        ways=found,
        along=along_pages(found),
    )


@bp.get("/routes.svg")
def routes_svg() -> Response:
    """Return the picture alone, to be kept."""
    return Response(_picture(current_version()), mimetype="image/svg+xml")
