"""Nothing is stored or counted of somebody who says that their answers should not be used."""

import shutil

import pytest

from forms.stop_signs import COUNTED, SIGN
from survey.storage import answer_tables, answers, counters
from survey.synthetic.simulate import simulate
from tests.conftest import folder_of
from tests.journeys.site import Site

NAME = "once"
RULES = """
[not_used]
any = { upset = [1, 2] }
[stop_rule]
share = 0.1
any = { upset = [1, 10] }
"""
WROTE = "A quiet street."
BEFORE = "You said that we should not use your answers. If you send, none of them is stored."
AFTER = "so none of them was stored"


@pytest.fixture
def once(open_app, tmp_path):
    """A study of a text and of a number; who says 1 or 2 does not want to be used."""
    folder = tmp_path / "shelf" / NAME
    shutil.copytree(folder_of(NAME), folder)
    release = folder / "release.toml"
    release.write_text(release.read_text().replace("[roles]", f"{RULES}\n[roles]"))
    return Site(open_app(NAME, studies=(folder,)), NAME)


def at_check(once, upset):
    return once.client().begin().answer(first=WROTE).answer(upset=upset)


def totals(once):
    once.services.counters.flush(once.services.stores.pilot, pilot=True)
    return counters.totals(once.services.stores.pilot, NAME)


@pytest.mark.parametrize("upset", [1, 2])
def test_the_page_says_so_before_and_after_and_nothing_is_stored(once, upset):
    client = at_check(once, upset)
    assert BEFORE in client.text
    client.press("go", "send")
    assert (client.screen, AFTER in client.text, client.code) == ("done", True, "")
    assert (once.rows, once.texts) == ([], [])


def test_no_byte_of_it_is_in_any_file_afterwards(once):
    at_check(once, 1).press("go", "send")
    once.services.maintenance.stop()
    folder = once.services.stores.folder
    assert not any(WROTE.encode() in file.read_bytes() for file in folder.glob("*.db*"))


def test_it_is_in_no_total(once):
    before = totals(once)
    at_check(once, 1).press("go", "send")
    after = totals(once)
    sent = ("completed", "stopped_sent", COUNTED, SIGN)
    assert [after.get(e, 0) for e in sent] == [before.get(e, 0) for e in sent] == [0, 0, 0, 0]
    assert answer_tables.answer_counts(once.services.stores.pilot, NAME).sent == 0


def test_who_stops_and_sends_is_told_and_not_stored_either(once):
    client = at_check(once, 2).open("stop")
    assert BEFORE in client.text
    assert AFTER in client.press("go", "send").text
    assert once.rows == []


def test_pressed_twice_it_is_still_not_stored(once):
    client = at_check(once, 1)
    again = client.another_tab()
    client.press("go", "send")
    again.press("go", "send")
    assert once.rows == []


def test_who_changes_that_answer_is_asked_for_a_code_and_stored(once):
    client = at_check(once, 1).change("How upset are you?").answer(upset=5)
    assert BEFORE not in client.text
    assert client.send(code=True).code
    assert [row["upset"] for row in once.rows] == [5]


def test_everybody_else_is_told_nothing_of_it(once):
    assert "should not use" not in at_check(once, 5).send().text
    assert len(once.rows) == 1


def test_an_invitation_is_spent_all_the_same(once):
    stores = once.services.stores
    stores.pilot.conn.execute("INSERT INTO invitations VALUES (?, ?)", (b"c" * 32, NAME))
    assert answers.discard(stores.pilot, b"t" * 32, b"c" * 32)
    assert not answers.discard(stores.pilot, b"t" * 32, b"c" * 32)
    found = stores.pilot.conn.execute("SELECT count(*) FROM invitations").fetchone()
    assert found == (0,)


def test_synthetic_clients_never_say_so_since_nothing_of_them_would_be_there(once):
    clients = list(simulate(once.version.study, count=200, seed=1))
    assert len(clients) == 200
    assert not any(client.values["upset"] in (1, 2) for client in clients)
