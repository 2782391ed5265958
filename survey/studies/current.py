"""The study that a request is about, found once, for modules that may see no store.

``/ethics/STUDY@proposed/…``: the public pages on the study as its folder has it now. Links from one
of them to another keep the mark.
"""

from __future__ import annotations

from typing import Any, cast

from flask import Flask, abort, current_app, g, request

from survey.security import RESEARCH, STAFF_ROOMS, room_of
from survey.studies.catalogue import StudyFolder
from survey.studies.version import StudyVersion

NAME = "lacrima"  # of survey.services.Services in the application's extensions
PROPOSED = "proposed"
MARK = "@" + PROPOSED
HAVE_PROPOSED = ("ethics", "records")  # blueprints whose pages show a proposed version


def current_version() -> StudyVersion:
    """Return the version of the study that this page is about."""
    return cast("StudyVersion", g.version)


def whole_version() -> StudyVersion:
    """Return the same version with the facts that only the board is told, for staff's pages."""
    return cast("StudyVersion", g.whole_version)


def current_name() -> str:
    """Return the name of the study that this page is about."""
    return current_version().study.name


def current_folder() -> StudyFolder:
    """Return the folder of the study that this page is about."""
    return cast("StudyFolder", g.folder)


def init_app(app: Flask) -> None:
    """Find the study of each request, and name it in the addresses of its pages."""
    app.url_value_preprocessor(_find_study)
    app.url_defaults(_name_study)


def _find_study(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Put the version that the address asks for into ``g``, or answer 404."""
    availability, values = current_app.extensions[NAME].availability, values or {}
    if request.path.startswith("/s/"):  # of a wrong address too: its page keeps the study's frame
        address = values.pop("address", request.path.split("/")[2])
        versions = availability.versions_at_address(address) or abort(404)
        g.version, g.earlier = versions[0], versions[1:]
    elif room_of(request.path) in STAFF_ROOMS and "name" in values:
        _find_by_name(*values.pop("name").partition("@")[::2])


def _find_by_name(name: str, mark: str) -> None:
    services, research = current_app.extensions[NAME], room_of(request.path) == RESEARCH
    folder, published = services.catalogue.folder(name), services.availability.published(name)
    if folder and (not mark or (mark == PROPOSED and not research)):
        g.folder, g.proposed = folder, bool(mark)
        # The ethics room is public: what only the board is told has pages of its own.
        g.whole_version = folder.version() if mark else published.version
        g.version = g.whole_version if research else g.whole_version.public
    elif research:
        g.version = None  # ``staff_only`` answers 404: after the sign-in, not before
    else:
        abort(404)


def _name_study(endpoint: str, values: dict[str, Any]) -> None:
    """Complete an address with the study of this page, in the version that is read here."""
    if g.get("folder") and current_app.url_map.is_endpoint_expecting(endpoint, "name"):
        name = values.setdefault("name", current_name())
        if g.proposed and endpoint.partition(".")[0] in HAVE_PROPOSED and "@" not in name:
            values["name"] = name + MARK
