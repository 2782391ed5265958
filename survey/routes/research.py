"""The researcher's room: the studies, and what can be done with each. Shows no answer."""

from __future__ import annotations

from flask import Blueprint, render_template

from survey.served.shelves import shelf
from survey.staff.access import offer_named, staff_only
from survey.staff.features import parts_of
from survey.staff.life import life_of
from survey.staff.waiting import matters

bp = Blueprint("research", __name__, url_prefix="/research")


@bp.get("/")
@staff_only("researcher")
def overview() -> str:
    """Each study with its status, fingerprint and approval."""
    lives = [life_of(offer) for offer in shelf()]
    waiting = {life.offer.study.name: matters(life, "researcher") for life in lives}
    return render_template(
        "research/index.html",
        title="Studies",
        lives=lives,
        waiting=waiting,
        left_out=shelf().left_out,
    )


@bp.get("/<name>/")
@staff_only("researcher")
def study_page(name: str) -> str:
    """One study: where it stands, and a card for each thing that can be done, part by part."""
    life = life_of(offer_named(name))
    return render_template(
        "research/study.html",
        title=life.offer.study.title,
        life=life,
        waiting=matters(life, "researcher"),
        features=parts_of("research"),
    )
