"""A file that is taken away or exchanged under the running server: no "Thank you" is untrue."""

import os
import shutil
import sqlite3

import pytest

from forms.platform_texts import ERROR_PAGES
from tests.conftest import folder_of
from tests.journeys.client import Journey
from tests.journeys.wire import WireBrowser
from tests.serving import demo
from tests.survey.storage.test_identity import WAYS
from tests.waiting import until

NO = {"code": "no"}
ROOM = 120  # bytes of a note (survey/storage/file_watch.py)
WALKERS = 6  # more than the threads of one of the two processes: warm ones and cold ones


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The data folder and the site of a server with two processes, which has taken an answer."""
    data = tmp_path_factory.mktemp("lost") / "data"
    with demo(data, folder_of("once")) as (_, site):
        assert ready(site).send().screen == "done"
        yield data, site


def ready(site):
    """A client at the page on which answers are sent."""
    walk = Journey(None, "once", browser=WireBrowser(site)).begin()
    return walk.answer(first="well").answer(upset=3)


def sent(walk):
    """Status and page of an attempt to send."""
    fields = {name: [value] for name, value in walk.filled(walk.page.button("go", "send").form, NO)}
    answer = walk.browser.open(walk.here, method="POST", data=fields | {"go": ["send"]})
    return answer.status_code, ERROR_PAGES[503][0] in answer.get_data(as_text=True)


def health(site):
    return WireBrowser(site).open("/healthz").status_code


def rows(data):
    with sqlite3.connect(f"file:{data / 'pilot.db'}?mode=ro", uri=True) as db:
        (table,) = db.execute("SELECT answers FROM wordings").fetchone()
        both = (f'SELECT count(*) FROM "{name}"' for name in (table, f"arriving_{table}"))
        found = sum(db.execute(sql).fetchone()[0] for sql in both)
    db.close()
    return found


def at_rest(data):
    """Whether all that was written is in the file itself, and noted."""
    noted = (data / "pilot.use").read_bytes()
    return not (data / "pilot.db-wal").stat().st_size and not noted.startswith(b"changing")


@pytest.mark.parametrize("way", ["deleted", "moved away", "replaced by a copy"])
def test_whoever_sends_then_is_told_that_nothing_was_saved(served, tmp_path, way):
    data, site = served
    file, ours = data / "pilot.db", tmp_path / "ours"
    walks = [ready(site) for _ in range(WALKERS)]
    confirmed = rows(data)
    assert until(lambda: at_rest(data))
    os.link(file, ours)
    shutil.copy2(file, tmp_path / "copy")
    WAYS[way](file, tmp_path / "copy")
    assert [sent(walk) for walk in walks] == [(503, True)] * WALKERS
    assert health(site) == 503
    ours.replace(file)
    assert walks[0].send().screen == "done"
    assert rows(data) == confirmed + 1


@pytest.mark.parametrize("name", ["responses", "drafts", "office"])
def test_each_other_file_is_missed_at_once(served, name):
    data, site = served
    file = data / f"{name}.db"
    file.rename(data / "away")
    assert health(site) == 503
    (data / "away").rename(file)
    assert until(lambda: health(site) == 200, 30)


def known(data, name):
    """Whether the bytes of the file are known as it is now."""
    noted = (data / f"{name}.use").read_bytes()
    return at_rest(data) and len(noted) > ROOM and noted[:ROOM] == noted[ROOM : 2 * ROOM]


def test_a_file_that_was_only_touched_is_used_on_without_a_new_start(served):
    data, site = served
    walk, confirmed = ready(site), rows(data)
    assert until(lambda: known(data, "pilot") and known(data, "office"), 30)
    (data / "pilot.db").touch()
    (data / "office.db").touch()
    assert (health(site), sent(walk)) == (503, (503, True))
    assert until(lambda: health(site) == 200, 30)
    assert walk.send().screen == "done"
    assert rows(data) == confirmed + 1


# The last one here: what is left of the file nobody can use before the server is started again.
def test_an_older_copy_written_over_the_file_takes_nothing_either(served, tmp_path):
    data, site = served
    file, older = data / "pilot.db", tmp_path / "older.db"
    assert until(lambda: at_rest(data))
    shutil.copy(file, older)
    walks = [ready(site) for _ in range(WALKERS)]
    assert walks.pop().send().screen == "done"
    assert until(lambda: at_rest(data))
    shutil.copy(older, file)
    assert {sent(walk) for walk in walks} == {(503, True)}
    assert health(site) == 503
