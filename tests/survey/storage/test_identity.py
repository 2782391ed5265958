"""Files that are lost, exchanged or changed are noticed, at a start and while in use."""

import os
import shutil
import sqlite3
import threading

import pytest

from survey.errors import StoreUnavailable
from survey.storage.database import accept_touched, truncate_log, vacuum, write_transaction
from survey.storage.identity import identities_in
from survey.storage.stores import FILES, Stores
from tests.survey.storage.processes import next_line, python

NAMES = tuple(FILES)


def open_all(stores):
    return [getattr(stores, name) for name in NAMES]


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A folder with the files of an installation, and its id."""
    stores = Stores(tmp_path_factory.mktemp("first") / "data")
    open_all(stores)
    stores.close()
    return stores.folder, stores.identity


@pytest.fixture
def made(first, tmp_path):
    """The folder of an installation that nobody uses, and its id."""
    return shutil.copytree(first[0], tmp_path / "data"), first[1]


def test_all_files_of_an_installation_hold_one_id(made):
    folder, identity = made
    assert identities_in(folder) == dict.fromkeys(NAMES, identity)
    assert len(identity) == 32


@pytest.mark.parametrize("name", ["responses", "office"])
def test_a_known_installation_makes_no_file_that_is_missing(made, name):
    folder, identity = made
    (folder / f"{name}.db").unlink()
    with pytest.raises(StoreUnavailable, match=rf"{name}\.db is missing"):
        getattr(Stores(folder, identity), name)
    assert not (folder / f"{name}.db").exists()


def test_drafts_are_made_anew_only_while_nobody_has_them_open(made):
    folder, identity = made
    running, other = Stores(folder, identity), Stores(folder, identity)
    assert running.drafts
    (folder / "drafts.db").unlink()
    with pytest.raises(StoreUnavailable, match=r"drafts\.db is missing"):
        _ = other.drafts
    running.close()
    other.close()
    assert Stores(folder, identity).drafts


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_another_installation_is_refused_at_the_start(made, tmp_path, name):
    folder, identity = made
    open_all(other := Stores(tmp_path / "other"))
    other.close()
    shutil.copy(tmp_path / "other" / f"{name}.db", folder)
    with pytest.raises(StoreUnavailable, match="belongs to another installation"):
        getattr(Stores(folder, identity), name)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_file_is_refused_at_the_start(made, name):
    folder, identity = made
    (folder / f"{name}.db").write_bytes(b"")
    with pytest.raises(StoreUnavailable, match="is empty"):
        getattr(Stores(folder, identity), name)


def test_a_file_that_another_process_writes_back_is_still_ours(made):
    folder, identity = made
    ours, theirs = Stores(folder, identity), Stores(folder, identity)
    open_all(ours)
    for stores in (theirs, ours, theirs):
        with write_transaction(stores.office):
            stores.office.conn.execute("CREATE TABLE IF NOT EXISTS x (y)")
            stores.office.conn.execute("INSERT INTO x VALUES (1)")
        truncate_log(stores.office)
    ours.close()
    theirs.close()


DYING = """
import os, sys; from pathlib import Path
from survey.storage.database import write_transaction
from survey.storage.stores import Stores
db = Stores(Path(sys.argv[1])).office
with db.turn, db.watch.changing():
    print("changing", flush=True); sys.stdin.read()
"""


def test_a_process_killed_while_it_writes_the_log_back_stops_nobody_else(made):
    folder, identity = made
    stores = Stores(folder, identity)
    process = python("-c", DYING, str(folder))
    assert stores.office
    assert next_line(process) == "changing\n"
    process.kill()
    process.communicate()
    for _ in range(2):
        with write_transaction(stores.office):
            stores.office.conn.execute("CREATE TABLE IF NOT EXISTS x (y)")
        truncate_log(stores.office)
    stores.close()


USING = """
import sys; from pathlib import Path; from survey.storage.stores import Stores
office = Stores(Path(sys.argv[1])).office; print("open", flush=True); sys.stdin.read()
"""


def test_what_an_ending_process_leaves_is_ours_and_what_it_finds_changed_is_not(made):
    folder, identity = made
    process, path = python("-c", USING, str(folder)), folder / "office.db"
    assert next_line(process) == "open\n"
    os.utime(path, (1, 1))
    with pytest.raises(StoreUnavailable, match="taken away, replaced or changed"):
        _ = Stores(folder, identity).office
    ending = threading.Timer(0.2, process.communicate)
    ending.start()
    stores = Stores(folder, identity)
    assert stores.office
    stores.close()
    ending.join()


def test_a_large_log_is_written_back_and_noted(made):
    folder, identity = made
    stores = Stores(folder, identity)
    with write_transaction(stores.pilot):
        stores.pilot.conn.execute("CREATE TABLE x (y)")
        stores.pilot.conn.execute("INSERT INTO x VALUES (zeroblob(6000000))")
    assert (folder / "pilot.db").stat().st_size > 6_000_000
    stores.check("pilot")
    stores.close()


# What is done to a file in use: each takes the file and an earlier copy of it.
WAYS = {
    "deleted": lambda file, _: file.unlink(),
    "moved away": lambda file, _: file.rename(file.with_suffix(".away")),
    "replaced by a copy": lambda file, older: older.rename(file),
    "overwritten by a copy": lambda file, older: shutil.copy2(older, file),
    "emptied": lambda file, _: file.write_bytes(b""),
    "cut": lambda file, _: os.truncate(file, 4096),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_written_to_a_file_that_is_no_longer_ours(made, tmp_path, name, way):
    folder, identity = made
    shutil.copy2(folder / f"{name}.db", tmp_path / "older.db")
    stores, second = Stores(folder, identity), Stores(folder, identity)
    db = getattr(stores, name)
    with write_transaction(db):
        db.conn.execute("CREATE TABLE x (y)")
    truncate_log(db)
    WAYS[way](folder / f"{name}.db", tmp_path / "older.db")
    for one in (stores, second):  # a warm connection, and a cold one
        with (
            pytest.raises((StoreUnavailable, sqlite3.Error)),
            write_transaction(getattr(one, name)),
        ):
            getattr(one, name).conn.execute("INSERT INTO x VALUES (1)")
        assert not one.writable()
    second.close()
    stores.close()


def test_a_file_that_is_put_back_is_written_again(made):
    folder, identity = made
    stores = Stores(folder, identity)
    assert stores.responses
    (folder / "responses.db").rename(folder / "away")
    assert not stores.writable()
    (folder / "away").rename(folder / "responses.db")
    assert stores.writable()
    stores.close()


@pytest.mark.parametrize("known", [True, False])
def test_a_touched_file_is_used_on_only_where_its_bytes_were_known_and_are_the_same(made, known):
    stores, other = Stores(*made), Stores(*made)
    db, path = stores.responses, made[0] / "responses.db"
    assert other.responses
    write(db, "before")
    truncate_log(db)
    if known:
        db.watch.prove()
    ours = path.read_bytes()
    path.write_bytes(ours.replace(b"before", b"foreig"))
    assert read(other.responses) == ["foreig"]  # what was read meanwhile is not kept
    assert not accept_touched(db)
    with pytest.raises(StoreUnavailable):
        write(db, "lost")
    path.write_bytes(ours)
    assert accept_touched(db) is known
    if known:
        assert read(other.responses) == ["before"]
        write(other.responses, "after")
        assert read(db) == ["after", "before"]
    stores.close()
    other.close()


def test_what_is_rewritten_in_one_go_is_known_no_more_until_it_is_hashed_again(made):
    stores = Stores(*made)
    stores.responses.watch.prove()
    vacuum(stores.responses)
    os.utime(made[0] / "responses.db")
    assert not accept_touched(stores.responses)
    stores.close()


def write(db, name):
    with write_transaction(db):
        db.conn.execute("INSERT INTO rewriting VALUES (?)", (name,))


def read(db):
    return sorted(name for (name,) in db.conn.execute("SELECT name FROM rewriting"))
