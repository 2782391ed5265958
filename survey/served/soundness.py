"""What is wrong with the studies of an installation, in whole sentences, with what to do."""

from __future__ import annotations

import time
from collections.abc import Iterator

from survey.served import approved
from survey.served.availability import LOST, Availability, today_here
from survey.served.shelf import Shelf
from survey.served.standin import told
from survey.store import studies
from survey.store.connect import Stores


def troubles(shelf: Shelf, stores: Stores) -> list[str]:
    """Studies left out, folders with a fault, signed copies that are not sound, a lost record."""
    return list(dict.fromkeys(_troubles(shelf, stores)))


def _troubles(shelf: Shelf, stores: Stores) -> Iterator[str]:
    yield from (left_out.why for left_out in shelf.left_out)
    office = Availability(stores, shelf, time.monotonic, today_here)
    for watched in shelf.folders():
        name = watched.latest.study.name
        if watched.fault:
            yield told(watched)
        if watched.latest.pilot:
            continue
        yield from _about_the_copy(stores, name)
        found = office.standing(name)
        if found.cause == LOST:
            yield f"{name}: {found.trouble}"


def _about_the_copy(stores: Stores, name: str) -> Iterator[str]:
    """The archived copy is looked at even while the folder is the same and nobody needs it."""
    signed = studies.governing(studies.approvals(stores.office, name), today_here().isoformat())
    if signed is None or signed.revoked:
        return
    try:
        approved.load(stores.folder, name, signed.prints)
    except approved.Unsound as unsound:
        yield f"{name}: {unsound}"
