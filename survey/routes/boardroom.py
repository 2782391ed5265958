"""The board's room: what there is to read and sign, and what staff have done. For board accounts.

Reading a study's words needs no account and lies in ``survey.routes.ethics``.
"""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request

from survey.served.shelves import shelf
from survey.staff.access import staff_only
from survey.staff.features import features_in
from survey.staff.life import life_of
from survey.staff.standing import staff
from survey.staff.waiting import matters
from survey.store import audit as written

bp = Blueprint("boardroom", __name__, url_prefix="/ethics")

LINES_A_PAGE = 100


@bp.get("/")
@staff_only("board")
def index() -> str:
    """Each study with what is approved of it and where to go."""
    lives = [life_of(offer) for offer in shelf()]
    return render_template(
        "board/index.html",
        title="Board",
        lives=lives,
        waiting={life.offer.study.name: matters(life, "board") for life in lives},
        features=features_in("ethics"),
        left_out=shelf().left_out,
    )


@bp.get("/audit")
@staff_only("board")
def audit() -> str:
    """What staff did, the latest first, a hundred lines a page."""
    page = request.args.get("page", 1, type=int)
    total = written.length(staff().stores.office)
    pages = max(1, -(-total // LINES_A_PAGE))
    if not 1 <= page <= pages:
        abort(404)
    skip = (page - 1) * LINES_A_PAGE
    lines = written.lines(staff().stores.office, most=LINES_A_PAGE, after=skip)
    return render_template(
        "board/audit.html", title="What staff did", lines=lines, page=page, pages=pages, total=total
    )
