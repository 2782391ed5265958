"""The services that a request works with, made once a process."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.util import Finalize
from typing import cast

from flask import current_app, g

from survey.backups.endings_list import EndingsKeeper
from survey.clock import Clock, now_here, today_here
from survey.collection import stop_rule
from survey.collection.understanding import UnderstandingCounters
from survey.config import Config
from survey.crypto import KeyRing, read_keys
from survey.data_folder import key_ring
from survey.ethics import news_mail
from survey.mail import MailSender
from survey.releases import text_review
from survey.releases.archive import drop_pilot_files
from survey.releases.jobs import JobRunner
from survey.respondents.drafts import DraftRepository
from survey.respondents.start_limit import StartLimit
from survey.storage.counters import EventCounters
from survey.storage.maintenance import MaintenanceThread
from survey.storage.record_check import RecordWatch
from survey.storage.stores import Stores
from survey.studies.availability import Availability, StudyState
from survey.studies.catalogue import StudyCatalogue
from survey.studies.current import NAME, current_version
from survey.studies.loading import open_studies
from survey.throttle import Throttle


@dataclass(frozen=True)
class Services:
    """The settings, the stores, the studies, and what works on them."""

    config: Config
    stores: Stores
    keys: KeyRing
    drafts: DraftRepository
    counters: EventCounters
    understanding: UnderstandingCounters
    catalogue: StudyCatalogue
    availability: Availability
    throttle: Throttle
    starts: StartLimit
    record: RecordWatch
    clock: Clock
    maintenance: MaintenanceThread
    stop: Callable[[], object]  # ends the maintenance thread, once


def services() -> Services:
    """Return the services of the running application."""
    return cast("Services", current_app.extensions[NAME])


def current_state(*, now: bool = False) -> StudyState:
    """Return the state of the study that this page is about, asked for once, or anew when ``now``.

    Raises StoreError.
    """
    if now or "state" not in g:
        g.state = services().availability.state_of(current_version().study.name, now=now)
    return cast("StudyState", g.state)


def open_services(config: Config) -> Services:
    """Open the stores and the studies, and start the maintenance thread."""
    read_keys(config.key)  # nothing is made without one
    stores, catalogue = open_studies(config)
    keys = key_ring(config, stores)
    availability, counters = Availability(stores, catalogue), EventCounters()
    mail = MailSender(config, time.time)

    def by_the_clock() -> None:
        stop_rule.compare_all_due(stores, availability.versions(), now_here())
        availability.begin_day()

    def hourly() -> None:
        text_review.overwrite_all_due(stores, availability.versions())
        news_mail.mail_news(stores.office)

    kept = EndingsKeeper(stores, keys, config.endings)

    def keep_endings() -> None:
        if not config.demo:
            kept.tick(today_here().isoformat())

    maintenance = MaintenanceThread(
        stores,
        counters,
        clock=time.time,
        accepted_of=keys.accepted,
        by_the_clock=by_the_clock,
        mail=lambda: mail.tick(stores.office),
        hourly=hourly,
        withdrawn=partial(drop_pilot_files, stores.folder),
        endings=keep_endings,
    )

    def end() -> None:
        mail.stop(stores.office)
        maintenance.stop()

    # Not atexit: worker processes of the server end through multiprocessing's own way out.
    stop = Finalize(None, end, exitpriority=10)
    maintenance.start()
    # Jobs that a server left under way when it died (docs/decisions/0013-lifecycle-and-jobs.md).
    JobRunner(config, stores, time.time).clean_up()
    return Services(
        config=config,
        stores=stores,
        keys=keys,
        drafts=DraftRepository(
            stores, keys, time.time, takes_more=lambda: maintenance.takes_drafts
        ),
        counters=counters,
        understanding=UnderstandingCounters(),
        catalogue=catalogue,
        availability=availability,
        throttle=Throttle(time.monotonic),
        starts=StartLimit(config.starts, config.workers, time.monotonic),
        record=RecordWatch(lambda: stores.office),
        clock=time.time,
        maintenance=maintenance,
        stop=stop,
    )
