"""A disk that ran full recovers by itself: what may go is deleted, and its room given back."""

import json
import shutil
import subprocess
import sys

import pytest

from survey.storage import drafts
from survey.storage.database import truncate_log
from survey.storage.drafts import PURGE_AT_ONCE
from survey.storage.stores import Stores
from tests.survey.storage.processes import ROOT
from tests.survey.storage.samples import mark

SMALL_DISK = 'mount -t tmpfs -o size=40m tmpfs "$1" && shift && exec "$@"'
FILL = """
import json, os, sqlite3, sys; from pathlib import Path
from survey.storage import drafts; from survey.storage.stores import Stores
from survey.storage.database import write_transaction
from survey.storage.maintenance import MaintenanceThread
from survey.storage.counters import EventCounters; from survey.storage.reserve import keep_reserve
folder, now = Path(sys.argv[1]), 1800.0 * 100
stores = Stores(folder)
for name in ("responses", "pilot", "office"):
    getattr(stores, name)
keep_reserve(folder)
try:
    while True:
        rows = [(os.urandom(32), b"x" * 4200, 1800 * 99) for _ in range(100)]
        with write_transaction(stores.drafts):
            stores.drafts.conn.executemany("INSERT INTO drafts VALUES (?, ?, ?)", rows)
except sqlite3.OperationalError as error:
    full = error.sqlite_errorname
before, fit = len(drafts.ids(stores.drafts)), drafts.fit(folder)
keeper = MaintenanceThread(stores, EventCounters(), clock=lambda: now, accepted_of=bytes)
keeper.tick()
now += 6
keeper.tick()
room = os.statvfs(folder)
print(json.dumps({
    "full": full, "before": before, "fit": fit, "after": len(drafts.ids(stores.drafts)),
    "file": (folder / "drafts.db").stat().st_size, "room": room.f_bavail * room.f_frsize,
    "writable": keeper.writable, "takes": keeper.takes_drafts,
}))
"""


@pytest.fixture(scope="module")
def recovered(tmp_path_factory):
    """What became of a disk of 40 MB that drafts filled to the last byte, once they ran out."""
    folder = tmp_path_factory.mktemp("disk")
    unshare = shutil.which("unshare") or pytest.skip("needs unshare (util-linux)")
    command = [unshare, "--mount", "--map-root-user", "sh", "-c", SMALL_DISK, "sh", str(folder)]
    done = subprocess.run(
        [*command, sys.executable, "-c", FILL, str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip("this machine lets nobody mount a small disk")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_a_disk_full_of_drafts_that_ran_out_is_empty_again(recovered):
    assert (recovered["full"], recovered["before"] > 3000) == ("SQLITE_FULL", True)
    assert (recovered["after"], recovered["writable"]) == (0, True), recovered


def test_the_file_of_drafts_shrinks(recovered):
    assert recovered["file"] < 100_000
    assert recovered["room"] > 25_000_000


def test_no_draft_begins_while_they_use_more_than_a_tenth_of_the_disk(recovered):
    assert (recovered["fit"], recovered["takes"]) == (False, True)


def test_purging_a_great_many_takes_several_turns_and_never_a_large_log(tmp_path):
    stores, turns = Stores(tmp_path), []
    for number in range(2 * PURGE_AT_ONCE + 10):
        drafts.create(stores.drafts, id=mark("draft", number), sealed=b"x" * 4200, expires=7200)
    truncate_log(stores.drafts)
    stores.drafts.conn.set_trace_callback(
        lambda sql: turns.append((tmp_path / "drafts.db-wal").stat().st_size)
        if sql == "COMMIT" else None
    )  # fmt: skip
    assert drafts.purge(stores.drafts, 7200) == 2 * PURGE_AT_ONCE + 10
    assert len(turns) >= 3
    assert max(turns) < 4_000_000
    assert (tmp_path / "drafts.db").stat().st_size < 100_000
    stores.close()
