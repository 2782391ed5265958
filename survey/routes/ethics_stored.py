"""What the files really define, beside what the study says. Public; can read no answer.

The connection it looks through refuses everything but the definitions (``survey.store.looking``).
"""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, g

from survey.board.boardpages import about_a_study, page
from survey.board.storeproof import proof, proof_of_drafts
from survey.served.offer import Offer
from survey.services import services
from survey.store.errors import StoreUnavailable
from survey.store.looking import Definition, definitions

bp = Blueprint("ethics_stored", __name__, url_prefix="/ethics/<name>")
about_a_study(bp)


def _defined(file: str) -> tuple[Definition, ...] | None:
    """What the file defines just now; None where it cannot be looked at."""
    folder: Path = services().stores.folder
    try:
        return definitions(folder / f"{file}.db")
    except StoreUnavailable:
        return None


@bp.get("/stored")
def stored() -> str:
    """The tables as they are this moment, with a verdict."""
    offer: Offer = g.offer
    answers = _defined("pilot" if offer.pilot else "responses")
    drafts = _defined("drafts")
    return page(
        "stored",
        "Live proof",
        proof=proof(offer.study, answers) if answers is not None else None,
        drafts=proof_of_drafts(drafts) if drafts is not None else (),
    )
