"""``/ethics/STUDY@proposed/…``: the same pages on the study as its folder has it now.

``/ethics/STUDY/…`` is what is served. A reader of the proposed edition stays in it: links from one
of its pages to another keep the mark.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, g, request

from survey.shelf import PROPOSED

MARK = "@" + PROPOSED
ROOM = "ethics"


def init_app(app: Flask) -> None:
    """Keep the mark in the addresses of the public pages."""

    @app.url_value_preprocessor
    def _note(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.proposed = str((values or {}).get("name", "")).endswith(MARK)

    @app.url_defaults
    def _keep(endpoint: str, values: dict[str, Any]) -> None:
        public = endpoint.partition(".")[0].partition("_")[0] == ROOM
        name = values.get("name")
        if g.get("proposed") and public and name and "@" not in name:
            values["name"] = name + MARK


def proposed_here() -> bool:
    """Whether this page shows the study as its folder has it now."""
    return bool(request and g.get("proposed"))
