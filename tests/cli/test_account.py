"""``lacrima account``: who may sign in, from the command line."""

from pathlib import Path

import pytest

from survey.cli.main import main
from survey.crypto import make_key
from survey.storage import studies
from survey.storage.stores import Stores


@pytest.fixture
def lacrima(runner):
    """Runs ``lacrima account …`` on an installation with a key."""
    make_key(Path(runner.env["LACRIMA_DATA"]) / "server.key")
    return lambda *words: runner.invoke(main, ["account", *words], catch_exceptions=False)


@pytest.fixture
def audit(runner):
    def lines():
        stores = Stores(Path(runner.env["LACRIMA_DATA"]))
        found = studies.audit(stores.office)
        stores.close()
        return found

    return lines


def test_adding_prints_a_link_once_and_says_how_long_it_works(lacrima):
    done = lacrima("add", "Anna Meier", "--role", "researcher")
    link, about = done.stdout.splitlines()[:2]
    assert link.startswith("/research/set-up/")
    assert "works once, until" in about


def test_the_link_of_a_board_member_leads_to_the_boards_room_of_the_site(lacrima):
    site = "https://survey.example.org/"
    done = lacrima("add", "Bea", "--role", "board", "--site", site)
    assert done.stdout.startswith("https://survey.example.org/ethics/set-up/")


def test_only_a_keyed_hash_of_the_link_is_kept(lacrima, runner):
    token = lacrima("add", "Anna", "--role", "board").stdout.splitlines()[0].split("/")[-1]
    stores = Stores(Path(runner.env["LACRIMA_DATA"]))
    rows = stores.office.conn.execute("SELECT * FROM setups").fetchall()
    stores.close()
    assert len(rows) == 1
    assert token not in repr(rows)


def test_the_list_says_who_waits_and_who_is_switched_off(lacrima):
    lacrima("add", "Bea", "--role", "board")
    lacrima("add", "anna", "--role", "researcher")
    lacrima("disable", "Bea")
    lines = [line.split("\t")[:3] for line in lacrima("list").stdout.splitlines()]
    assert lines == [
        ["anna", "researcher", "waits for its set-up link to be used"],
        ["Bea", "board", "switched off"],
    ]


@pytest.mark.parametrize("name", [
    "", " ", "-anna", "anna-", "a\nb", "a\tb", "x" * 65, "<b>", "demo-researcher", "Demo-x", "a/b",
])  # fmt: skip
def test_a_name_that_cannot_be_one_is_refused_in_one_line(lacrima, name):
    done = lacrima("add", "--role", "board", "--", name)
    assert (done.exit_code, len(done.stderr.strip().splitlines())) == (1, 1)


@pytest.mark.parametrize("name", ["Zoë O'Neill", "a.meier@uni.example", "李雷", "x"])
def test_names_are_peoples_names(lacrima, name):
    assert lacrima("add", name, "--role", "board").exit_code == 0


@pytest.mark.parametrize("again", ["Anna", "ANNA", "ａｎｎａ"])
def test_nobody_takes_a_name_that_is_taken(lacrima, again):
    lacrima("add", "Anna", "--role", "board")
    done = lacrima("add", again, "--role", "researcher")
    assert (done.exit_code, "already" in done.stderr) == (1, True)


@pytest.mark.parametrize("command", ["disable", "reset"])
def test_an_unknown_name_is_told(lacrima, command):
    done = lacrima(command, "Nobody")
    assert (done.exit_code, "no account 'Nobody'" in done.stderr) == (1, True)


def test_without_a_server_key_there_is_no_account_without_a_link(runner):
    done = runner.invoke(main, ["account", "add", "Anna", "--role", "board"])
    assert done.exit_code == 1
    assert runner.invoke(main, ["account", "list"]).stdout == ""


def test_what_the_command_did_is_in_the_audit_without_the_link(lacrima, audit):
    token = lacrima("add", "Anna", "--role", "board").stdout.splitlines()[0].split("/")[-1]
    lacrima("reset", "Anna")
    lacrima("disable", "Anna")
    assert [line["what"] for line in audit()] == [
        "account Anna (board): added", "account Anna: reset", "account Anna: switched off",
    ]  # fmt: skip
    assert token not in repr(audit())
