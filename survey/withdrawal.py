"""Deleting sent answers by code: asked for now, carried out within a minute."""

from __future__ import annotations

from survey.seal import tidy_code
from survey.services import Services
from survey.shelf import Offer
from survey.store import responses


def ask(services: Services, offer: Offer, typed: str) -> None:
    """Queue everything that this code may belong to; the same work whether it hits or misses."""
    code = tidy_code(typed)
    labels = ["answers"]
    labels += [f"text:{q.name}" for q in offer.study.questions.values() if q.apart]
    values = [v for label in labels for v in services.seal.deletion_values(code, label)]
    responses.ask_deletion(services.stores.answers(pilot=offer.pilot), values)
