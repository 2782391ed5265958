"""Two versions of a study side by side, word by word. Public.

Reads approvals, archived versions and, through a connection that refuses every other table, the
archived words; never an answer.
"""

from __future__ import annotations

from flask import Blueprint, g, request

from survey.board.boardpages import about_a_study, page
from survey.board.versions.compare import compare
from survey.board.versions.known import Known, before, known
from survey.board.versions.parts import GROUPS
from survey.board.versions.rule import RULE
from survey.served.offer import Offer
from survey.served.shelves import shelf
from survey.services import services
from survey.store import studies
from survey.store.errors import StoreUnavailable
from survey.store.looking import wordings

bp = Blueprint("ethics_versions", __name__, url_prefix="/ethics/<name>")
about_a_study(bp)


def _versions(offer: Offer) -> tuple[Known, ...]:
    name, stores = offer.study.name, services().stores
    folder = shelf().proposed(name)
    return known(
        proposed=folder.offer(now=True) if folder else offer,
        served=shelf().named(name) or offer,
        approvals=studies.approvals(stores.office, name),
        archived=_archived(offer),
        data=stores.folder,
    )


def _archived(offer: Offer) -> dict[str, str]:
    file = "pilot" if offer.pilot else "responses"
    try:
        return wordings(services().stores.folder / f"{file}.db", offer.study.name)
    except StoreUnavailable:
        return {}


def _chosen(versions: tuple[Known, ...], which: str) -> Known | None:
    wanted = request.args.get(which, "")
    return next((one for one in versions if one.edition.id == wanted), None)


@bp.get("/versions")
def versions() -> str:
    """What changed from one version to another, each change cosmetic or substantive by rule."""
    found = _versions(g.offer)
    new = _chosen(found, "new") or found[0]
    old = _chosen(found, "old") or before(found, new)
    return page(
        "versions",
        "What changed",
        versions=found,
        old=old,
        new=new,
        compared=compare(old.edition, new.edition) if old else None,
        groups=GROUPS,
        rule=RULE,
    )
