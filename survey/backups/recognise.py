"""Recognising data that were copied or put back by hand."""

from __future__ import annotations

from survey.backups import endings_list
from survey.config import Config
from survey.storage import pairing
from survey.storage.stores import Stores


def put_back_by_hand(config: Config, stores: Stores) -> str:
    """Return in a sentence why these files are not of one moment, or not the latest; or nothing.

    Raises Refusal for an endings list that cannot be read.
    """
    if why := pairing.mismatch(stores.responses, stores.office):
        return (
            f"{why} Put both files of one moment there, or put the pair back with `lacrima restore "
            "FOLDER`, which heeds what ended since."
        )
    if why := endings_list.not_ours(endings_list.read(config.endings), stores):
        return f"{why} ({config.endings})"
    return ""
