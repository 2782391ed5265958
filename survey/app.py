"""The application: config, studies, stores, protections, pages, in that order."""

from __future__ import annotations

import time
from functools import partial
from multiprocessing.util import Finalize
from types import SimpleNamespace

from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from survey import assets, error_pages
from survey.accounts import access
from survey.collection import stop_rule
from survey.config import Config, folder, read_config
from survey.crypto import KeyRing, read_keys
from survey.releases.jobs import JobRunner
from survey.respondents import screens
from survey.respondents.drafts import DraftRepository
from survey.routes import account, home, respondent
from survey.routes.ethics import board, notes, public, records
from survey.routes.research import charts, collection, jobs, releases, studies, texts
from survey.security import STAFF_ROOMS, protect
from survey.services import NAME, Services
from survey.storage.counters import EventCounters
from survey.storage.maintenance import MaintenanceThread
from survey.studies import current
from survey.studies.availability import Availability, today_here
from survey.studies.catalogue import StudyCatalogue
from survey.studies.loading import open_studies

# templates/parts: macros by what they draw; a later one may use an earlier one's.
PARTS = ("frame", "code", "support", "questions", "staff")

PAGES = (
    assets.bp, home.bp, respondent.bp, home.invite_bp,
    public.bp, public.routes_bp, records.bp, records.dossier_bp, records.versions_bp,
    records.stored_bp, notes.waivers_bp, board.room_bp, board.bp,
    studies.bp, studies.life_bp, releases.bp, jobs.bp, charts.bp, collection.bp,
    collection.invitations_bp, collection.link_bp, collection.preregistration_bp, texts.bp,
)  # fmt: skip


def create_app(config: Config | None = None) -> Flask:
    """The WSGI application for ``config`` (the environment's unless given).

    Raises what is wrong with a setting, a key or the data folder, before anything is served. A
    faulty study is served as it was signed, or left out: ``survey.studies.loading`` tells.
    """
    config = config or read_config()
    app = Flask("survey", static_folder=None, template_folder=str(folder("templates")))
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(prose=screens.prose, line=screens.line)
    app.jinja_env.globals.update(asset=assets.address_of, study=None, screen="")
    catalogue, services = open_services(config)
    app.extensions[current.NAME] = catalogue
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
    current.init_app(app)
    for page in PAGES:
        app.register_blueprint(page)
    for room in STAFF_ROOMS:
        app.register_blueprint(account.bp, url_prefix=f"/{room}", name=f"{room}_account")
    error_pages.init_app(app)
    _draw_parts(app)
    return app


def _draw_parts(app: Flask) -> None:
    """Macros as a global, `parts`: an import in each template is looked up anew for every page."""
    parts = app.jinja_env.globals["parts"] = SimpleNamespace()
    for name in PARTS:
        setattr(parts, name, app.jinja_env.get_template(f"parts/{name}.html").module)


def open_services(config: Config) -> tuple[StudyCatalogue, Services]:
    """The studies, and stores opened and prepared for them, with their keeper running."""
    seal = KeyRing(read_keys(config.key))
    stores, catalogue = open_studies(config)
    tallies = EventCounters()
    keeper = MaintenanceThread(
        stores,
        tallies,
        clock=time.time,
        accepted_of=seal.accepted,
        hourly=partial(stop_rule.tell_all, stores, catalogue),
    )
    # Not atexit: worker processes of the server end through multiprocessing's own way out.
    stop = Finalize(None, keeper.stop, exitpriority=10)
    services = Services(
        config=config,
        stores=stores,
        seal=seal,
        desk=DraftRepository(stores, seal, time.time),
        tallies=tallies,
        availability=Availability(stores, catalogue, time.monotonic, today_here),
        clock=time.time,
        stop=stop,
    )
    keeper.start()  # now that the shelf knows what is served
    JobRunner(config, stores, time.time).sweep()
    return catalogue, services


def close_app(app: Flask) -> None:
    """Lay every file to rest and close it: for whoever opens more than one application."""
    services: Services = app.extensions[NAME]
    services.stop()
    services.stores.close()
