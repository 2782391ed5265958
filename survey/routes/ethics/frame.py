"""The frame of a study's public pages for the board. Opens no store."""

from __future__ import annotations

from typing import Any

from flask import render_template

from forms.routing import condition_in_words
from survey.studies.current import current_version

# The pages of a study, in the order of the tabs.
TABS = (
    ("ethics.overview", "Overview"),
    ("ethics.flow", "Walk it"),
    ("ethics.text", "Every word"),
    ("ethics.checklist", "Checklist"),
    ("ethics.routes", "Routes"),
    ("ethics.data", "What is stored"),
    ("records.stored", "Live proof"),
    ("records.versions", "What changed"),
    ("records.dossier_pdf", "Dossier"),
    ("board.certificate", "Certificate"),
)


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
        in_words=lambda condition: condition_in_words(study, condition),
        here=template,
        tabs=TABS,
        **context,
    )
