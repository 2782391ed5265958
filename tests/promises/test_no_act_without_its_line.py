"""What staff change and its line in the audit are there together, or not at all."""

import re
import sqlite3

import pytest

from survey.cli.main import main
from survey.storage.stores import Stores
from tests.journeys.boardroom import Served, Staff, day
from tests.journeys.staff import Worker

NO_LINES = """CREATE TRIGGER no_lines BEFORE INSERT ON audit
    BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"""


def contents(path):
    """Every row of the office's file; of sign-ins only that they are there."""
    with sqlite3.connect(path) as db:
        lines = [
            line for line in db.iterdump() if not re.search('"(sessions|figures)" VALUES', line)
        ]
    db.close()
    return lines


@pytest.fixture
def mood(open_app, tmp_path):
    mood = Served(open_app, tmp_path / "shelf")
    mood.app.config["PROPAGATE_EXCEPTIONS"] = False
    mood.app.testing = False
    return mood


def post(mood, browser, address, fields):
    page = Worker(None, browser=browser).open(address).page
    fields = {"csrf_token": page.named("csrf_token")[0].value, **fields}
    return browser.post(address, data=fields).status_code


OF_THE_BOARD = {
    "suspend": {"go": "suspended", "why": "A concern.", "switch": ["collection", "use"]},
    "comments": {"text": "Say it more plainly."},
    "incidents": {"kind": "other", "happened_on": day(-1), "text": "A complaint."},
}


@pytest.mark.parametrize("act", OF_THE_BOARD)
def test_an_act_of_the_board_whose_line_cannot_be_written_changes_nothing(mood, signed_in, act):
    browser, address = signed_in(mood.app, "board"), f"/ethics/minimal/{act}"
    office = mood.services.stores.office
    assert Staff(browser).open(act).status == 200
    office.conn.execute(NO_LINES)
    path = mood.services.stores.folder / "office.db"
    before = contents(path)
    assert post(mood, browser, address, OF_THE_BOARD[act]) == 500
    assert contents(path) == before
    office.conn.execute("DROP TRIGGER no_lines")
    assert post(mood, browser, address, OF_THE_BOARD[act]) == 303
    assert contents(path) != before


COMMANDS = {
    "account add": ("account", "add", "Ada", "--role", "board"),
    "account disable": ("account", "disable", "Rob"),
    "account reset": ("account", "reset", "Rob"),
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
