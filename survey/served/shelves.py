"""The running application's shelf, for routes that may not see a store."""

from __future__ import annotations

from typing import cast

from flask import current_app

from survey.served.shelf import Shelf

NAME = "lacrima.shelf"


def shelf() -> Shelf:
    """The studies that this application offers."""
    return cast("Shelf", current_app.extensions[NAME])
