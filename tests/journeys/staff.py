"""A member of staff at a browser without script."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Flask

from survey.services import Services
from survey.studies.current import NAME
from tests.journeys.client import Journey
from tests.signing import GOOD

__all__ = ["GOOD", "Worker", "later", "services_of"]


def services_of(app: Flask) -> Services:
    """The services of ``app``."""
    services: Services = app.extensions[NAME]
    return services


def later(app: Flask, seconds: float) -> None:
    """Let time pass in the staff's rooms."""
    here = services_of(app)
    clock, steady = here.clock, here.throttle.clock
    app.extensions[NAME] = replace(here, clock=lambda: clock() + seconds)
    here.throttle.clock = lambda: steady() + seconds


class Worker(Journey):
    """Somebody in a staff room; relative addresses are those of the room."""

    def __init__(self, app: Flask | None, room: str = "research", *, browser: Any = None) -> None:
        super().__init__(app, "", browser=browser)
        self.base = f"/{room}/"

    def open(self, address: str, **options: Any) -> Worker:
        """Go to an address, on through redirects."""
        super().open(address, **options)
        return self

    def press(self, name: str = "", value: str = "", /, **filled: Any) -> Worker:
        """Fill in the form of a button and press it; without a name the first button."""
        super().press(name, value, **filled)
        return self

    def sign_in(self, name: str, password: str = GOOD) -> Worker:
        """Name and password on the sign-in page; on to wherever that leads."""
        return self.open("sign-in").press(name=name, password=password)

    def sign_out(self) -> Worker:
        """The button in the header."""
        form = self.page.forms["sign-out"]
        self._ask("POST", form.action, data=dict(self.page.fields("sign-out")))
        return self

    @property
    def inside(self) -> bool:
        """Whether the page is one for people who are signed in."""
        return "sign-out" in self.page.forms
