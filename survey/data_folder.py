"""The data folder of this installation: made once, recognised ever after."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress

from survey.clock import today_here
from survey.config import Config
from survey.crypto import KeyRing, read_keys
from survey.errors import BadKey, StoreUnavailable
from survey.storage import server_keys
from survey.storage.identity import (
    NAMES,
    SHORT,
    identities_in,
    identity_beside,
    identity_path,
    keep_beside,
    was_used,
)
from survey.storage.stores import Stores, cannot_use


def is_there(config: Config) -> bool:
    """Return whether the settings name an installation: its key, its id or a file of it."""
    files = (config.data / f"{name}.db" for name in NAMES)
    return any(path.exists() for path in (config.key, identity_path(config.key), *files))


def is_ours(config: Config) -> bool:
    """Return whether the data are this user's: another's are looked at, and never opened."""
    paths = (config.data, config.data / "office.db")
    return all(path.stat().st_uid == os.geteuid() for path in paths if path.exists())


def open_data(config: Config) -> Stores:
    """Return the stores of this installation; its files are made where it has none yet.

    Which installation it is stands beside the key, or where that cannot be written in the files
    alone. Raises StoreUnavailable where files are missing or of another installation.
    """
    try:
        identity = identity_beside(config.key)
    except OSError as error:
        raise StoreUnavailable(cannot_use(identity_path(config.key), error)) from None
    if identity:
        return Stores(config.data, identity, threads=config.threads)
    return _recognised(config)


def _recognised(config: Config) -> Stores:
    """Return the stores as their own files say whose they are, and write that beside the key."""
    try:
        held = identities_in(config.data)
        served = any(was_used(config.data / f"{name}.db") for name in ("office", "responses"))
    except sqlite3.Error as error:
        raise StoreUnavailable(cannot_use(config.data, error)) from None
    ids = sorted({one for one in held.values() if one})
    if len(ids) > 1:
        whose = ", ".join(f"{name}.db of {one[:SHORT]}" for name, one in held.items() if one)
        raise StoreUnavailable(
            f"{config.data} holds files of several installations: {whose}. Put the right ones back."
        )
    # Files of a first start that broke off, or of a program before there were ids: made whole.
    stores = Stores(config.data, ids[0] if ids and served else "", threads=config.threads)
    for name in NAMES:
        getattr(stores, name)
    with suppress(OSError):  # doctor tells that it is not there
        keep_beside(config.key, stores.identity)
    return stores


def key_ring(config: Config, stores: Stores) -> KeyRing:
    """Return the keys of this installation, each noted with the data it is used with.

    Raises BadKey where a key that the data were used with is not there: codes would be answered
    and nothing deleted.
    """
    ring = KeyRing(read_keys(config.key))
    if absent := server_keys.missing(stores, ring.check_values):
        known = len(server_keys.used(stores.office))
        raise BadKey(
            f"The server key at {config.key} is not the one of the data in {config.data}: "
            f"{len(absent)} of the {max(known, len(absent))} keys they were used with "
            f"{'is' if len(absent) == 1 else 'are'} not in it. Put the right file back, or an old "
            "key on a line below the new one. Only where it is lost for good: `lacrima key lost`, "
            "which says first what is lost with it."
        )
    server_keys.keep(stores, ring.check_values, today_here().isoformat())
    return ring
