"""Stores opened and prepared for the studies on offer: for the server and for commands alike."""

from __future__ import annotations

from forms.columns import of_study
from survey.config import Config
from survey.shelf import Offer, Shelf
from survey.store import responses
from survey.store.connect import Stores


def open_stores(config: Config, shelf: Shelf) -> Stores:
    """The stores of this installation with a table ready for every study."""
    stores = Stores(config.data)
    for offer in shelf:
        prepare(stores, offer)
    return stores


def prepare(stores: Stores, offer: Offer) -> str:
    """Make the study's table where it is missing, and archive its words beside the rows."""
    study = offer.study
    return responses.prepare(
        stores.answers(pilot=offer.pilot),
        study=study.name,
        fingerprint=bytes.fromhex(study.fingerprints.words),
        content=study.content,
        columns=of_study(study),
    )
