import re
import stat
import threading
from pathlib import Path

import pytest

from survey.errors import StoreUnavailable
from survey.storage.database import write_transaction
from survey.storage.stores import Stores
from tests.survey.storage.processes import next_line, python


@pytest.fixture
def stores(tmp_path):
    stores = Stores(tmp_path / "data")
    yield stores
    stores.close()


def open_all(stores):
    return stores.responses, stores.pilot, stores.drafts, stores.office


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_may_read_the_folder_or_a_file(stores):
    open_all(stores)
    stores.office.conn.execute("CREATE TABLE something (x)")
    assert mode(stores.folder) == 0o700
    assert {mode(path) for path in stores.folder.iterdir()} == {0o600}


def test_a_thread_keeps_its_connection_and_shares_it_with_nobody(stores):
    others = []
    thread = threading.Thread(target=lambda: others.append(stores.drafts))
    thread.start()
    thread.join()
    assert stores.drafts is stores.drafts
    assert others[0] is not stores.drafts


def test_the_connection_of_a_thread_ends_with_it(stores):
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        thread = threading.Thread(target=lambda: stores.drafts)
        thread.start()
        thread.join()
    assert len(list(Path("/proc/self/fd").iterdir())) < before + 20


def test_an_answer_is_on_the_disk_before_it_is_confirmed(stores):
    pragmas = {
        name: stores.responses.conn.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "secure_delete")
    }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}


TAKE = """
import sys; from pathlib import Path
from survey.storage.stores import Stores; from survey.storage.database import write_transaction
with write_transaction(Stores(Path(sys.argv[1])).drafts):
    print("mine", flush=True); sys.stdin.read()
"""


def test_the_turn_of_a_killed_process_passes_on(stores):
    process = python("-c", TAKE, str(stores.folder))
    assert next_line(process) == "mine\n"
    process.kill()
    process.communicate()
    with write_transaction(stores.drafts):
        assert stores.drafts.conn.in_transaction


def test_a_folder_that_is_a_file_is_named_in_one_line(tmp_path):
    (tmp_path / "data").write_text("not a folder")
    with pytest.raises(StoreUnavailable, match=r"data.*LACRIMA_DATA\.$") as told:
        _ = Stores(tmp_path / "data").responses
    assert "\n" not in str(told.value)


def test_a_damaged_file_is_named_in_one_line(tmp_path):
    (tmp_path / "office.db").write_bytes(b"this was never a database" * 100)
    with pytest.raises(StoreUnavailable, match=r"office\.db is damaged: file is not a database"):
        _ = Stores(tmp_path).office


def test_healthy_stores_say_so(stores):
    assert stores.writable()


def test_a_file_that_was_taken_away_is_not_writable(stores):
    open_all(stores)
    (stores.folder / "responses.db").unlink()
    assert not stores.writable()


def test_a_folder_that_cannot_be_made_is_not_writable(tmp_path):
    (tmp_path / "data").touch()
    assert not Stores(tmp_path / "data").writable()


def test_an_existing_folder_with_things_in_it_keeps_its_mode(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    (shared / "other").touch()
    stores = Stores(shared)
    _ = stores.drafts
    stores.close()
    assert mode(shared) == 0o755


OPEN = """
import sys; from pathlib import Path; from survey.storage.stores import Stores
s = Stores(Path(sys.argv[1])); s.responses, s.pilot, s.drafts, s.office
"""


def test_processes_that_start_together_all_find_the_tables(tmp_path):
    started = [python("-c", OPEN, str(tmp_path / "data")) for _ in range(6)]
    assert [process.communicate()[0] for process in started] == [""] * 6
    assert [process.returncode for process in started] == [0] * 6


@pytest.mark.parametrize("name", ["responses", "pilot", "drafts"])
def test_no_file_of_answers_or_drafts_holds_a_date(stores, name):
    open_all(stores)
    stores.close()
    held = (stores.folder / f"{name}.db").read_bytes()
    assert re.findall(rb"20\d\d-\d\d", held) == []
