"""Stores and studies for one command, closed when it ends, however it ends."""

from __future__ import annotations

import click

from survey.config import Config, read_config
from survey.served.offer import Offer
from survey.served.open import prepare
from survey.served.shelf import Shelf
from survey.served.soundness import troubles
from survey.served.standin import at_hand, open_studies, told
from survey.store.connect import Stores


def opened(config: Config, *offers: Offer) -> Stores:
    """The installation's stores, with a table ready for each of ``offers``."""
    stores = Stores(config.data)
    click.get_current_context().call_on_close(stores.close)
    for offer in offers:
        prepare(stores, offer)
    return stores


def at_desk(name: str, *, pilot: bool | None = None) -> tuple[Config, Offer, Stores]:
    """Settings, the study called ``name`` and the stores.

    A study whose folder cannot be used is taken as it was signed, which is said on standard error.
    ``pilot`` as in ``find_offer``. Raises Refusal and StudyFaults.
    """
    config = read_config()
    stores = Stores(config.data)
    click.get_current_context().call_on_close(stores.close)
    found = at_hand(config, stores, name, pilot=pilot)
    if found.fault:
        click.echo(told(found), err=True)
    prepare(stores, found.latest)
    return config, found.latest, stores


def opened_shelf(config: Config) -> tuple[Stores, Shelf]:
    """The stores and every study, with what is wrong with any of them said on standard error."""
    stores, shelf = open_studies(config)
    click.get_current_context().call_on_close(stores.close)
    for trouble in troubles(shelf, stores):
        click.echo(trouble, err=True)
    return stores, shelf
