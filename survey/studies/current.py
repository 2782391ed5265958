"""The running application's shelf, for routes that may not see a store.

``/ethics/STUDY@proposed/…``: the same pages on the study as its folder has it now.

``/ethics/STUDY/…`` is what is served this moment: it is asked for before each page of a staff room,
here, since the pages themselves know no store. A reader of the proposed edition stays in it: links
from one of its pages to another keep the mark.
"""

from __future__ import annotations

from typing import Any, cast

from flask import Flask, current_app, g, request

from survey.security import STAFF_ROOMS, room_of
from survey.studies.catalogue import PROPOSED, StudyCatalogue

NAME = "lacrima.shelf"


def current_catalogue() -> StudyCatalogue:
    """The studies that this application offers."""
    return cast("StudyCatalogue", current_app.extensions[NAME])


MARK = "@" + PROPOSED
ROOM = "ethics"


def init_app(app: Flask) -> None:
    """Keep the mark in the addresses of the public pages, and what they show up to date."""

    @app.url_value_preprocessor
    def _note(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        name = str((values or {}).get("name", ""))
        g.proposed = name.endswith(MARK)
        if room_of(request.path) in STAFF_ROOMS:
            current_catalogue().refresh(name.removesuffix(MARK))

    @app.url_defaults
    def _keep(endpoint: str, values: dict[str, Any]) -> None:
        public = endpoint.partition(".")[0].partition("_")[0] == ROOM
        name = values.get("name")
        if g.get("proposed") and public and name and "@" not in name:
            values["name"] = name + MARK


def proposed_here() -> bool:
    """Whether this page shows the study as its folder has it now."""
    return bool(request and g.get("proposed"))
