"""The files made ready for the answers to a version of a study."""

from __future__ import annotations

from forms.columns import of_study
from survey.served.offer import Offer
from survey.store import responses
from survey.store.connect import Stores


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
