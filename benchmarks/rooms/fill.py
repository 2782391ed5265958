"""An installation whose pilot holds as many synthetic answers and texts as are asked for.

Up to ten thousand answers are drawn one by one; more are copies of them under keys of their own.
No page looks at what an answer says, so copies cost it what others would.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from benchmarks.product import FLAGSHIP, settings
from forms.simulation import load_recipe
from forms.study import Study
from survey.collection.figures import SIMULATED
from survey.config import read_config
from survey.storage import answer_tables
from survey.storage.answers import Response, Text
from survey.storage.counters import EventCounters
from survey.storage.database import Database, quoted, truncate_log, write_transaction
from survey.storage.reordering import merged_tables
from survey.storage.stores import Stores
from survey.studies.availability import prepare
from survey.studies.catalogue import find_version
from survey.studies.version import StudyVersion
from survey.synthetic.simulate import as_stored, simulate

DRAWN = 10_000  # synthetic clients
BLOCK = 10_000  # rows a transaction
STATES = ("new", "withheld", *("approved",) * 8)  # of texts, in turn
_KEYS = 2**64


def _spread(count: int) -> Callable[[], bytes]:
    """Keys that rise evenly through all there are: laid down in order, as a file at rest is."""
    step, places = _KEYS // max(count, 1), iter(range(count))
    draw = random.Random(count)
    return lambda: (next(places) * step + draw.randrange(step)).to_bytes(8, "big") + os.urandom(8)


def _clients(version: StudyVersion, table: str, count: int) -> Iterator[Response]:
    study = version.study
    clients = simulate(study, count=count, seed=1, recipe=load_recipe(study, version.folder))
    return (as_stored(study, client, table) for client in clients)


def _row(answer: Response) -> list[Any]:
    a = answer
    return [a.fingerprint, a.lang, a.c_open, a.completion, a.dur_band, *a.values.values()]


def _lay_rows(db: Database, table: str, answers: Sequence[Response], count: int) -> None:
    """``count`` rows more: ``answers`` over and over, each time under other keys."""
    names = ("fingerprint", "lang", "c_open", "completion", "dur_band", *answers[0].values)
    columns = ", ".join(map(quoted, names))
    db.conn.create_function("next_key", 0, _spread(count))
    db.conn.execute("DROP TABLE IF EXISTS temp.drawn")
    db.conn.execute(f"CREATE TEMP TABLE drawn ({columns})")
    marks = ", ".join("?" * len(names))
    db.conn.executemany(f"INSERT INTO temp.drawn VALUES ({marks})", map(_row, answers))
    sql = (
        f"INSERT INTO {quoted(table)} (key, deletion, {columns})"
        f" SELECT next_key(), randomblob(32), {columns} FROM temp.drawn LIMIT ?"
    )
    while count > 0:
        with write_transaction(db):
            count -= db.conn.execute(sql, (min(count, BLOCK),)).rowcount


def _lay_texts(db: Database, texts: Sequence[Text], count: int) -> None:
    key = _spread(count)
    rows = (
        (key(), t.study, t.variable, t.lang, t.c_quote, os.urandom(32), t.text, state)
        for t, state, _ in zip(cycle(texts), cycle(STATES), range(count), strict=False)
    )
    sql = (
        "INSERT INTO texts (key, study, variable, lang, c_quote, deletion, text, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    )
    while some := list(islice(rows, BLOCK)):
        with write_transaction(db):
            db.conn.executemany(sql, some)


def _rest(db: Database, study: Study, count: int) -> None:
    """As the file would be after a night: counted, levelled, its log empty."""
    tallies = EventCounters()
    for event in ("landing", "consented", "completed", SIMULATED):
        tallies.add(study.name, event, pilot=True)
    tallies.flush(db, pilot=True)
    with write_transaction(db):
        db.conn.execute("UPDATE tallies SET count = ? WHERE study = ?", (count, study.name))
        answer_tables.recount(db, merged_tables(db))
        db.conn.execute("UPDATE levelling SET settled = 0, stored = ?", (count,))
    truncate_log(db)


def grow(data: Path, size: int, before: int = 0, *, drawn: int = DRAWN) -> None:
    """The pilot in ``data`` from ``before`` to ``size`` answers, and as many texts as they left.

    ``drawn`` clients are drawn one by one; ``before`` is fewer, or a multiple of it.
    """
    stores = Stores(data)
    try:
        version = find_version(read_config(settings(data)), FLAGSHIP, pilot=True)
        table, more = prepare(stores, version), size - before
        clients = _clients(version, table, drawn)
        answers = list(islice(clients, before % drawn, min(before % drawn + more, drawn)))
        texts = [text for answer in answers for text in answer.texts]
        _lay_rows(stores.pilot, table, answers, more)
        _lay_texts(stores.pilot, texts, len(texts) * more // len(answers))
        _rest(stores.pilot, version.study, size)
    finally:
        stores.close()
