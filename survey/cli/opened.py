"""Stores for one command, closed when it ends, however it ends."""

from __future__ import annotations

import click

from survey.config import Config
from survey.open import open_stores
from survey.shelf import Offer, Shelf
from survey.store.connect import Stores


def opened(config: Config, *offers: Offer) -> Stores:
    """The installation's stores, with a table ready for each of ``offers``."""
    stores = open_stores(config, Shelf(offers))
    click.get_current_context().call_on_close(stores.close)
    return stores
