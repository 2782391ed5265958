"""What the board's public pages of a study share: which study, the frame, the way between pages.

Opens no store: modules that may are importing this, never the other way round.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, current_app, g, render_template

from forms.routing import condition_in_words
from survey.studies.current import current_catalogue
from survey.studies.version import StudyVersion

# The pages of a study, in the order of the tabs; one that is not served has no tab.
TABS = (
    ("ethics.overview", "Overview"),
    ("ethics.flow", "Walk it"),
    ("ethics.text", "Every word"),
    ("ethics.checklist", "Checklist"),
    ("ethics_routes.routes", "Routes"),
    ("ethics.data", "What is stored"),
    ("ethics_stored.stored", "Live proof"),
    ("ethics_versions.versions", "What changed"),
    ("ethics_dossier.dossier_pdf", "Dossier"),
    ("certificate.certificate", "Certificate"),
)


def about_a_study(bp: Blueprint) -> None:
    """Every page of ``bp`` is about the study that its address names: found first, or 404."""
    bp.record_once(lambda setup: setup.app.jinja_env.globals.update(board_tabs=tabs))

    @bp.url_value_preprocessor
    def _find(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.called = (values or {}).pop("name", "")
        version = current_catalogue().named(g.called)
        if version is None:
            abort(404)
        g.version = version


def tabs() -> list[tuple[str, str]]:
    """(endpoint, label) of each page that this application serves; the frame asks for it."""
    return [(name, label) for name, label in TABS if name in current_app.view_functions]


def page(template: str, title: str, **context: Any) -> str:
    """A page of the study in the board's frame; ``template`` is called as its tab's endpoint."""
    version: StudyVersion = g.version
    study = version.study
    return render_template(
        f"ethics/{template}.html",
        title=f"{title} – {study.title}",
        version=version,
        study=study,
        consent=study.consent,
        words=study.consent.texts,
        in_words=lambda condition: condition_in_words(study, condition),
        called=g.called,
        here=template,
        **context,
    )
