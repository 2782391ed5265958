"""The server key is lost, exchanged or changed: a wrong one is refused, a lost one is told."""

import pyotp
import pytest

from survey.accounts import passwords, two_factor
from survey.cli.main import main
from survey.clock import today_here
from survey.errors import BadKey
from survey.respondents import invitations
from survey.storage import accounts
from tests.journeys.client import Journey
from tests.journeys.site import Site
from tests.journeys.staff import GOOD, Worker, services_of

APP = pyotp.random_base32()


@pytest.fixture
def lacrima(runner):
    def run(*words):
        done = runner.invoke(main, list(words), catch_exceptions=False)
        return done.exit_code, done.output

    return run


@pytest.fixture
def given(open_app, lacrima):
    """What was handed out under the first key: (app, deletion code, invitation, set-up link)."""
    app = open_app("minimal", demo=False, pilots=frozenset(["minimal"]))
    site, here = Site(app, "minimal"), services_of(app)
    code = site.client().begin().answer(mood=2).send(code=True).code
    invited = invitations.draw(1)
    invitations.keep(here.stores, here.keys, "minimal", invited, pilot=True)
    accounts.add(here.stores.office, name="Anna", role="researcher", at="2025-01-01T00:00:00")
    accounts.set_password(here.stores.office, "Anna", passwords.hashed(GOOD))
    anna = accounts.find(here.stores.office, "Anna")
    assert anna is not None
    sealed = two_factor.seal(here, anna, APP).encode()
    accounts.set_totp(here.stores.office, "Anna", sealed)
    recovery = two_factor.new_recovery(here, anna)[0]
    link = lacrima("account", "add", "Rob", "--role", "researcher")[1].split()[0]
    here.stop()
    return app, code, invited[0], link, recovery


@pytest.fixture
def again(open_app, given):
    def start():
        return open_app("minimal", demo=False, pilots=frozenset(["minimal"]))

    return start


def test_another_key_is_refused_at_the_start_and_so_is_making_one(given, again, lacrima, tmp_path):
    key = tmp_path / "data" / "server.key"
    key.write_text("ab" * 32)
    with pytest.raises(BadKey, match="is not the one of the data"):
        again()
    key.unlink()
    status, said = lacrima("key", "new")
    assert (status, "`lacrima key lost`" in said, key.exists()) == (1, True, False)


def test_a_changed_key_keeps_every_code_link_and_second_step(given, again, lacrima):
    _, code, invited, link, _ = given
    assert lacrima("key", "rotate")[0] == 0
    assert lacrima("key", "list")[1].count("kept for codes already given") == 1
    app = again()
    assert Worker(app).open(link).status == 200
    worker = Worker(app).sign_in("Anna").press(code=pyotp.TOTP(APP).now())
    assert worker.inside
    site = Site(app, "minimal")
    site.client().open("withdraw").press("", code=code)
    site.services.maintenance.stop()
    assert site.rows == []
    assert invitations.find(site.services.stores, site.services.keys, invited)


@pytest.fixture
def lost(given, again, lacrima, tmp_path):
    """The site after its key was given up and another one made."""
    (tmp_path / "data" / "server.key").unlink()
    status, said = lacrima("key", "lost", "--yes")
    assert (status, "1 accounts with a second step" in said) == (0, True)
    assert lacrima("key", "new")[0] == 0
    return again(), *given[1:]


def test_a_client_reads_that_a_code_of_before_may_delete_nothing(lost):
    app, code, *_ = lost
    page = Site(app, "minimal").client().open("withdraw")
    assert "a key that this server needs for it was lost" in page.text
    assert "a key that this server needs for it was lost" in page.press("", code=code).text


def test_an_invitation_of_before_is_explained(lost):
    app, _, invited, *_ = lost
    page = Journey(app, "").open("/i/").press("", invitation=invited)
    assert "a key that this server needs for it was lost" in page.text


def test_staff_read_why_their_code_and_link_work_no_longer(lost):
    app, _, _, link, recovery = lost
    for typed in (pyotp.TOTP(APP).now(), recovery):
        page = Worker(app).sign_in("Anna").press(code=typed)
        assert (page.status, "step was sealed with is not here" in page.text) == (200, True)
    page = Worker(app).open(link)
    assert (page.status, "when a key of this server was lost" in page.text) == (410, True)


def test_what_was_given_up_stands_in_the_record_and_in_the_list(lost, lacrima):
    app, *_ = lost
    lines = [row["what"] for row in services_of(app).stores.office.table("audit").rows]
    assert "server key: 1 key given up as lost" in lines
    said = lacrima("key", "list")[1]
    assert f"given up as lost on {today_here().isoformat()}" in said
    assert lacrima("key", "lost", "--yes") == (
        1, "No key is missing: every one that the data were used with is there.\n",
    )  # fmt: skip
