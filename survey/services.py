"""What the routes are given: one object, made once a process by the factory.

What the staff's rooms are given: one object, made once a process by ``access.init_app``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import current_app

from survey.config import Config
from survey.crypto import KeyRing
from survey.respondents.drafts import Clock, DraftRepository
from survey.storage.accounts import Account
from survey.storage.counters import EventCounters
from survey.storage.stores import Stores
from survey.studies.availability import Availability
from survey.throttle import Throttle

NAME = "lacrima"


@dataclass(frozen=True)
class Services:
    """Stores and everything that works on them."""

    config: Config
    stores: Stores
    seal: KeyRing
    desk: DraftRepository
    tallies: EventCounters
    availability: Availability
    clock: Clock
    stop: Callable[[], object]  # ends the keeper, once


def services() -> Services:
    """The services of the running application."""
    return cast("Services", current_app.extensions[NAME])


STAFF_NAME = "lacrima.staff"


@dataclass
class Staff:
    """Settings, files, ciphers and throttle; ``clock`` gives epoch seconds."""

    config: Config
    stores: Stores
    seal: KeyRing
    throttle: Throttle
    clock: Callable[[], float]

    def second_step_required(self, account: Account) -> bool:
        """Whether people of this role sign in with a second step here."""
        return account.role in self.config.second_step and not self.config.demo

    def second_step_owed(self, account: Account) -> bool:
        """Whether this person must set one up before anything else."""
        return self.second_step_required(account) and not account.second_step


def staff() -> Staff:
    """That of the running application."""
    return cast("Staff", current_app.extensions[STAFF_NAME])
