"""The researcher's page: how to make a release. Shows no answer and no figure about answers."""

from __future__ import annotations

from flask import Blueprint, render_template

from survey.shelves import shelf

bp = Blueprint("research", __name__, url_prefix="/research")


@bp.get("/")
def overview() -> str:
    """Each study with the command that releases it."""
    return render_template("site/research.html", title="For researchers", offers=list(shelf()))
