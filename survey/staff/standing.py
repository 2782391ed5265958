"""What the staff's rooms are given: one object, made once a process by ``access.init_app``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import current_app

from survey.config import Config
from survey.seal import Seal
from survey.staff.throttle import Throttle
from survey.store.accounts import Account
from survey.store.connect import Stores

NAME = "lacrima.staff"


@dataclass
class Staff:
    """Settings, files, ciphers and throttle; ``clock`` gives epoch seconds."""

    config: Config
    stores: Stores
    seal: Seal
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
    return cast("Staff", current_app.extensions[NAME])
