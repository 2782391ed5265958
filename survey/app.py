"""The application: services, protections, pages, in that order."""

from __future__ import annotations

from types import SimpleNamespace

from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from forms import platform_texts
from forms.post_length import post_length
from survey import assets, bodies, error_pages
from survey.config import Config, folder, read_config
from survey.padding import FilledUp
from survey.respondents import page_sizes
from survey.respondents.screens import NOTICE_SECONDS
from survey.routes import account, home, respondent
from survey.routes.ethics import (
    binding,
    board,
    notes,
    pausing,
    public,
    records,
    signing,
    submitting,
)
from survey.routes.research import charts, collection, jobs, releases, studies, texts
from survey.security import STAFF_ROOMS, protect
from survey.services import Services, open_services
from survey.storage.drafts import IDLE_SECONDS
from survey.studies import current

# templates/parts: macros by what they draw; a later one may use an earlier one's.
PARTS = ("frame", "code", "support", "questions", "understanding", "staff")

BLUEPRINTS = (
    assets.bp, home.bp, respondent.bp,
    public.bp, records.bp, board.bp, binding.bp, signing.bp, notes.bp, pausing.bp, submitting.bp,
    studies.bp, collection.bp, texts.bp, releases.bp, charts.bp, jobs.bp,
)  # fmt: skip


def _with_pages() -> Flask:
    """Return an application that has every page, and nothing yet that protects a request."""
    app = Flask("survey", static_folder=None, template_folder=str(folder("templates")))
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        asset=assets.address_of,
        study=None,
        screen="",
        ends=None,
        platform=platform_texts,
        post_length=post_length,
        idle=(IDLE_SECONDS, NOTICE_SECONDS),
    )
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    # In each room anew: each has a cookie of its own (docs/decisions/0012-staff-sign-in.md).
    for room in STAFF_ROOMS:
        app.register_blueprint(account.bp, url_prefix=f"/{room}", name=f"{room}_account")
    return app


def _load_parts(app: Flask) -> None:
    """Make the macros a global, ``parts``: an import in a template is looked up for every page.

    They see the globals that are there by now.
    """
    parts = app.jinja_env.globals["parts"] = SimpleNamespace()
    for name in PARTS:
        setattr(parts, name, app.jinja_env.get_template(f"parts/{name}.html").module)


def page_app() -> Flask:
    """Return an application for commands that render a page: it opens no store, serves nothing."""
    app = _with_pages()
    _load_parts(app)
    return app


def create_app(config: Config | None = None) -> Flask:
    """Return the WSGI application for ``config`` (the environment's unless given).

    Raises what is wrong with a setting, a key or the data folder, before anything is served. A
    faulty study is served as it was signed, or left out (``survey.studies.loading``).
    """
    config = config or read_config()
    app = _with_pages()
    app.extensions[current.NAME] = services = open_services(config)
    bodies.init_app(app)  # first of all that is asked of a request
    protect(
        app,
        config,
        cookie_key=services.keys.cookie_key,
        session_key=services.keys.session_key,
        staff_key=services.keys.staff_session_key,
    )
    app.wsgi_app = FilledUp(app.wsgi_app)  # type: ignore[method-assign]
    # Believed only where a proxy stands in front: anybody can send these headers.
    if config.proxies:
        n = config.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    current.init_app(app)
    page_sizes.init_app(app)
    error_pages.init_app(app)
    _load_parts(app)
    return app


def close_app(app: Flask) -> None:
    """Flush and close all databases (tests open several applications)."""
    services: Services = app.extensions[current.NAME]
    services.stop()
    services.stores.close()
