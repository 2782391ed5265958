"""Every page of the application, a blueprint a module, in the order of the rooms."""

from __future__ import annotations

from survey import assets
from survey.routes import account, home
from survey.routes.ethics import board, notes, public, records
from survey.routes.research import charts, collection, jobs, releases, studies, texts
from survey.routes.respondent import entry, exits, questions, request

__all__ = ["BLUEPRINTS", "account", "entry", "exits", "questions"]

BLUEPRINTS = (
    assets.bp,
    home.bp,
    request.bp,
    public.bp,
    records.bp,
    board.bp,
    notes.bp,
    studies.bp,
    collection.bp,
    texts.bp,
    releases.bp,
    charts.bp,
    jobs.bp,
)
