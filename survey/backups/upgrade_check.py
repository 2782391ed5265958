"""What this version would change of data that another one serves, tried on a copy of the office."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from survey.config import Config
from survey.errors import Refusal
from survey.storage.stores import Stores
from survey.studies import approvals
from survey.studies.loading import find_problems, load_catalogue


def check(config: Config) -> Iterator[str]:
    """Yield what has to be done once this version serves. Nothing of the installation is changed.

    Raises Refusal where the data are newer than the program, and StoreError.
    """
    office = config.data / "office.db"
    if not office.is_file():
        raise Refusal(f"There is no {office}: nothing to upgrade.")
    with TemporaryDirectory(prefix=".upgrade-", dir=config.data) as folder:
        copy = Path(folder)
        source = f"{office.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(source, uri=True)) as conn:
            conn.execute("VACUUM INTO ?", (str(copy / "office.db"),))
        for name in (approvals.FOLDER, approvals.LETTERS):
            if (config.data / name).is_dir():
                (copy / name).symlink_to((config.data / name).resolve())
        stores = Stores(copy)
        try:
            yield from find_problems(load_catalogue(replace(config, data=copy), stores), stores)
        finally:
            stores.close()
