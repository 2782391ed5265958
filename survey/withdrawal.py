"""Deleting sent answers by code: asked for now, carried out within a minute."""

from __future__ import annotations

import json
from functools import lru_cache

from survey.seal import tidy_code
from survey.served.shelf import Offer
from survey.services import Services
from survey.store import responses
from survey.store.database import Database


def ask(services: Services, offer: Offer, typed: str) -> None:
    """Queue everything that this code may belong to; the same work whether it hits or misses."""
    code, db = tidy_code(typed), services.stores.answers(pilot=offer.pilot)
    labels = ["answers", *(f"text:{name}" for name in _kept_apart(db, offer.study.name))]
    values = [v for label in labels for v in services.seal.deletion_values(code, label)]
    responses.ask_deletion(db, values)


def _kept_apart(db: Database, study: str) -> list[str]:
    """Every text that any version ever kept apart: a code may be older than today's words."""
    contents = (str(wording["content"]) for wording in responses.wordings(db, study))
    return sorted({name for content in contents for name in _apart_in(content)})


@lru_cache(maxsize=64)
def _apart_in(content: str) -> tuple[str, ...]:
    questions = (q for page in json.loads(content)["pages"] for q in page["questions"])
    return tuple(q["name"] for q in questions if q.get("apart"))
