"""What staff change and its line in the audit are there together, or not at all."""

import re
import sqlite3

import pytest

from survey.cli.main import main
from survey.storage.stores import Stores
from tests.journeys.boardroom import Served, day
from tests.journeys.staff import Worker

NO_LINES = """CREATE TRIGGER no_lines BEFORE INSERT ON audit
    BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"""


def contents(path):
    """Every row of the office's file; but what pages write by being looked at."""
    with sqlite3.connect(path) as db:
        lines = [
            line
            for line in db.iterdump()
            if not re.search('"(sessions|figures|doors)" VALUES', line)
        ]
    db.close()
    return lines


@pytest.fixture
def mood(open_app, tmp_path):
    mood = Served(open_app, tmp_path / "shelf")
    mood.app.config["PROPAGATE_EXCEPTIONS"] = False
    mood.app.testing = False
    return mood


def post(browser, act):
    _, page, action, fields = act
    token = Worker(None, browser=browser).open(page).page.named("csrf_token")[0].value
    return browser.post(action or page, data={"csrf_token": token, **fields}).status_code


ROOM, LIFE = "/ethics/minimal", "/research/minimal/life"
# Role, page, address that the form is sent to (its own page's unless named), and what is sent.
ACTS = {
    "suspend": ("board", f"{ROOM}/suspend", "",
        {"go": "suspended", "why": "A concern.", "switch": ["collection", "use"]}),
    "comment": ("board", f"{ROOM}/comments", "", {"text": "Say it more plainly."}),
    "incident": ("researcher", f"{ROOM}/incidents", "",
        {"kind": "other", "happened_on": day(-1), "text": "A complaint."}),
    "document": ("researcher", f"{ROOM}/submission/", f"{ROOM}/submission/put",
        {"slot": "dpia", "reason": "None is needed."}),
    "submit": ("researcher", f"{ROOM}/submission/", f"{ROOM}/submission/submit",
        {"kind": "closure", "why": "It is over."}),
    "close": ("researcher", f"{LIFE}/close", "", {"seen": "open"}),
}  # fmt: skip


@pytest.mark.parametrize("act", ACTS)
def test_an_act_whose_line_cannot_be_written_changes_nothing(mood, signed_in, act):
    mood.become("open")
    browser, office = signed_in(mood.app, ACTS[act][0]), mood.services.stores.office
    path = mood.services.stores.folder / "office.db"
    office.conn.execute(NO_LINES)
    before = contents(path)
    assert post(browser, ACTS[act]) == 500
    assert contents(path) == before
    office.conn.execute("DROP TRIGGER no_lines")
    assert post(browser, ACTS[act]) == 303
    assert contents(path) != before


COMMANDS = {
    "account add": ("account", "add", "Ada", "--role", "board"),
    "account disable": ("account", "disable", "Rob"),
    "account reset": ("account", "reset", "Rob"),
    "account studies": ("account", "studies", "Rob", "--study", "minimal"),
    "board quorum": ("board", "quorum", "minimal", "2"),
    "study submit": ("study", "submit", "minimal", "--none", "dpia", "None is needed."),
}


@pytest.mark.parametrize("act", COMMANDS)
def test_a_command_whose_line_cannot_be_written_changes_nothing(runner, tmp_path, act):
    assert runner.invoke(main, ["key", "new"]).exit_code == 0
    assert runner.invoke(main, ["account", "add", "Rob", "--role", "researcher"]).exit_code == 0
    stores = Stores(tmp_path / "data")
    stores.office.conn.execute(NO_LINES)
    stores.close()
    path = tmp_path / "data" / "office.db"
    before = contents(path)
    assert isinstance(runner.invoke(main, COMMANDS[act]).exception, sqlite3.IntegrityError)
    assert contents(path) == before


def test_a_command_says_who_it_claims_to_come_from_and_never_the_servers_user(runner, tmp_path):
    assert runner.invoke(main, ["key", "new"]).exit_code == 0
    assert runner.invoke(main, ["--by", "Dr Rea", "account", "add", "Ada", "--role", "board"])
    stores = Stores(tmp_path / "data")
    who = [row["who"] for row in stores.office.table("audit").rows]
    stores.close()
    assert who == ["command line", "command line, claims to be Dr Rea"]
