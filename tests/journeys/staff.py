"""A member of staff at a browser without script."""

from __future__ import annotations

from typing import Any

from flask import Flask

from survey.services import STAFF_NAME, Staff
from tests.journeys.client import Journey

GOOD = "treacle under 9 pylons"


def desk_of(app: Flask) -> Staff:
    """What the staff's rooms of ``app`` work with; its clock can be set."""
    desk: Staff = app.extensions[STAFF_NAME]
    return desk


def later(app: Flask, seconds: float) -> None:
    """Let time pass in the staff's rooms."""
    desk = desk_of(app)
    clock, steady = desk.clock, desk.throttle.clock
    desk.clock = lambda: clock() + seconds
    desk.throttle.clock = lambda: steady() + seconds


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
