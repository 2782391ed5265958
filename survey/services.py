"""What the routes are given: one object, made once a process by the factory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import current_app

from survey.config import Config
from survey.desk import Clock, Desk
from survey.seal import Seal
from survey.served.availability import Availability
from survey.store.connect import Stores
from survey.store.tallies import Tallies

NAME = "lacrima"


@dataclass(frozen=True)
class Services:
    """Stores and everything that works on them."""

    config: Config
    stores: Stores
    seal: Seal
    desk: Desk
    tallies: Tallies
    availability: Availability
    clock: Clock
    stop: Callable[[], object]  # ends the keeper, once


def services() -> Services:
    """The services of the running application."""
    return cast("Services", current_app.extensions[NAME])
