"""The application: config, studies, stores, protections, pages, in that order."""

from __future__ import annotations

import time
from functools import partial
from multiprocessing.util import Finalize
from types import SimpleNamespace

from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from survey import assets, mishaps, prose
from survey.collection import stoprule
from survey.config import Config, read_config
from survey.desk import Desk
from survey.places import folder
from survey.protect import protect
from survey.routes import (
    account,
    board,
    board_notes,
    board_report,
    board_rulings,
    boardroom,
    certificate,
    ethics,
    ethics_dossier,
    ethics_routes,
    ethics_stored,
    ethics_versions,
    ethics_waivers,
    invite,
    own_account,
    research,
    research_charts,
    research_figures,
    research_invitations,
    research_life,
    research_link,
    research_preregistration,
    research_releases,
    research_texts,
    research_work,
    site,
)
from survey.routes.respond import entry, pages, visit, ways_out
from survey.seal import Seal, read_keys
from survey.served import editions, shelves
from survey.served.availability import Availability, today_here
from survey.served.shelf import Shelf
from survey.served.standin import open_studies
from survey.services import NAME, Services
from survey.staff import access
from survey.staff.rooms import STAFF_ROOMS
from survey.store.keeper import Keeper
from survey.store.tallies import Tallies
from survey.work.workroom import Workroom

# templates/parts: macros by what they draw; a later one may use an earlier one's.
PARTS = ("frame", "code", "support", "questions", "staff")

# Importing these has put their routes on the client's blueprint.
CLIENT_ROUTES = (entry, pages, ways_out)
BOARD_ROUTES = (board_notes, board_report, board_rulings)
BOARD_PAGES = (
    board, certificate, ethics_dossier, ethics_versions, ethics_routes, ethics_stored,
    ethics_waivers,
)  # fmt: skip
RESEARCH_PAGES = (
    research_life, research_releases, research_work, research_charts, research_figures,
    research_invitations, research_link, research_preregistration, research_texts,
)  # fmt: skip
STAFF_ROUTES = (own_account,)  # and this on the account's


def create_app(config: Config | None = None) -> Flask:
    """The WSGI application for ``config`` (the environment's unless given).

    Raises what is wrong with a setting, a key or the data folder, before anything is served. A
    faulty study is served as it was signed, or left out: ``survey.served.soundness`` tells.
    """
    config = config or read_config()
    app = Flask("survey", static_folder=None, template_folder=str(folder("templates")))
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(prose=prose.prose, line=prose.line)
    app.jinja_env.globals.update(asset=assets.address_of, study=None, screen="")
    shelf, services = open_services(config)
    app.extensions[shelves.NAME] = shelf
    app.extensions[NAME] = services
    seal = services.seal
    protect(
        app,
        config,
        cookie_key=seal.cookie_key,
        session_key=seal.session_key,
        staff_key=seal.staff_session_key,
    )
    access.init_app(app, config, services)
    if config.proxies:
        n = config.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    editions.init_app(app)
    for part in (assets, site, visit, invite, ethics, research, boardroom, *BOARD_PAGES):
        app.register_blueprint(part.bp)
    for part in RESEARCH_PAGES:
        app.register_blueprint(part.bp)
    for room in STAFF_ROOMS:
        app.register_blueprint(account.bp, url_prefix=f"/{room}", name=f"{room}_account")
    mishaps.init_app(app)
    _draw_parts(app)
    return app


def _draw_parts(app: Flask) -> None:
    """Macros as a global, `parts`: an import in each template is looked up anew for every page."""
    parts = app.jinja_env.globals["parts"] = SimpleNamespace()
    for name in PARTS:
        setattr(parts, name, app.jinja_env.get_template(f"parts/{name}.html").module)


def open_services(config: Config) -> tuple[Shelf, Services]:
    """The studies, and stores opened and prepared for them, with their keeper running."""
    seal = Seal(read_keys(config.key))
    stores, shelf = open_studies(config)
    tallies = Tallies()
    keeper = Keeper(
        stores,
        tallies,
        clock=time.time,
        accepted_of=seal.accepted,
        hourly=partial(stoprule.tell_all, stores, shelf),
    )
    # Not atexit: worker processes of the server end through multiprocessing's own way out.
    stop = Finalize(None, keeper.stop, exitpriority=10)
    services = Services(
        config=config,
        stores=stores,
        seal=seal,
        desk=Desk(stores, seal, time.time),
        tallies=tallies,
        availability=Availability(stores, shelf, time.monotonic, today_here),
        clock=time.time,
        stop=stop,
    )
    keeper.start()  # now that the shelf knows what is served
    Workroom(config, stores, time.time).sweep()
    return shelf, services


def close_app(app: Flask) -> None:
    """Lay every file to rest and close it: for whoever opens more than one application."""
    services: Services = app.extensions[NAME]
    services.stop()
    services.stores.close()
