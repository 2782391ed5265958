"""The server's clock is set back, by seconds or hours: nobody starts again, nothing lives on."""

from dataclasses import replace

import pyotp
import pytest
from itsdangerous import TimestampSigner

from survey.accounts import passwords, two_factor
from survey.accounts.access import ABSOLUTE_SECONDS, STAFF_IDLE_SECONDS
from survey.security import SignedCookie
from survey.storage import accounts, drafts
from survey.storage.drafts import CODE_SECONDS, EXPIRY_STEP_SECONDS, IDLE_SECONDS
from survey.studies.current import NAME
from survey.throttle import BY_ACCOUNT
from tests.journeys.site import Site
from tests.journeys.staff import GOOD, Worker, later, services_of

HOUR = 3600
BACK = [-3, -90, -HOUR, -26 * HOUR]


@pytest.fixture
def mood(open_app):
    """A study whose files nothing purges by this machine's own clock meanwhile."""
    served = Site(open_app("minimal"), "minimal")
    served.services.stop()
    return served


def signed_ahead(app, key, seconds):
    """What signs cookies at a server whose clock is so much ahead of ours."""

    class Ahead(TimestampSigner):
        def get_timestamp(self):
            return super().get_timestamp() + seconds

    signer = SignedCookie(key).get_signing_serializer(app)
    signer.signer = Ahead
    return signer


def sign_again(app, browser, key, name, seconds, path="/"):
    """The browser's cookie as a clock so much ahead would have signed it."""
    signer = signed_ahead(app, key, seconds)
    value = browser.get_cookie(name, path=path).value
    browser.set_cookie(name, signer.dumps(signer.loads(value)), path=path)


@pytest.mark.parametrize("ahead", [3, HOUR, 3 * 365 * 24 * HOUR])
def test_a_clients_cookie_signed_ahead_of_the_clock_is_read(mood, ahead):
    client = mood.client().begin()
    sign_again(mood.app, client.browser, mood.services.keys.session_key, "s", ahead)
    assert client.answer(mood=2).send().screen == "done"


@pytest.mark.parametrize("ahead", [3, HOUR])
def test_a_staff_cookie_signed_ahead_of_the_clock_is_read(app, signed_in, ahead):
    browser = signed_in(app)
    for path in ("/research", "/ethics"):
        key = services_of(app).keys.staff_session_key
        sign_again(app, browser, key, "staff", ahead, path)
    assert Worker(None, browser=browser).open("account").inside


@pytest.mark.parametrize("step", BACK)
def test_a_client_goes_on_and_sends_after_the_clock_was_set_back(mood, step):
    client = mood.client().begin()
    mood.later(step)
    drafts.purge(mood.services.stores.drafts, mood.services.drafts.clock())
    client.answer(mood=2).send(code=True)
    assert (client.screen, [row["mood"] for row in mood.rows]) == ("done", [2])
    assert client.code


@pytest.mark.parametrize("step", BACK)
def test_the_thank_you_page_is_shown_again_after_the_clock_was_set_back(mood, step):
    client = mood.client().begin().answer(mood=2).send(code=True)
    mood.later(step)
    assert client.open("done").code
    mood.later(-step + CODE_SECONDS)
    assert client.open("done").status == 410


@pytest.mark.parametrize("ahead", [HOUR, 3 * 365 * 24 * HOUR])
def test_a_draft_begun_while_the_clock_was_ahead_ends_as_soon_as_any(mood, ahead):
    mood.later(ahead)
    client = mood.client().begin()
    mood.later(-ahead)
    clock, store = mood.services.drafts.clock, mood.services.stores.drafts
    assert drafts.purge(store, clock()) == 0
    assert client.open("check").asked == ["mood"]
    assert drafts.purge(store, clock() + IDLE_SECONDS + EXPIRY_STEP_SECONDS) == 1


@pytest.mark.parametrize("step", BACK)
def test_staff_stay_signed_in_after_the_clock_was_set_back(app, signed_in, step):
    worker = Worker(None, browser=signed_in(app))
    later(app, step)
    assert worker.open("account").inside


@pytest.mark.parametrize("pause", [STAFF_IDLE_SECONDS, ABSOLUTE_SECONDS])
def test_a_sign_in_of_a_time_to_come_ends_like_any_other_from_its_next_page(app, signed_in, pause):
    later(app, 365 * 24 * HOUR)
    worker = Worker(None, browser=signed_in(app))
    later(app, -365 * 24 * HOUR)
    assert worker.open("account").inside
    for _ in range(int(pause // (STAFF_IDLE_SECONDS - 1))):
        later(app, STAFF_IDLE_SECONDS - 1)
        worker.open("account")
    later(app, STAFF_IDLE_SECONDS)
    assert not worker.open("account").inside


@pytest.fixture
def anna(app):
    office = services_of(app).stores.office
    accounts.add(office, name="Anna", role="researcher", at="2025-01-01T00:00:00+00:00")
    accounts.set_password(office, "Anna", passwords.hashed(GOOD))
    return Worker(app)


@pytest.mark.parametrize("step", BACK)
def test_the_code_of_the_second_step_can_be_typed_after_the_clock_was_set_back(app, anna, step):
    """At once where no later code was used; else as soon as the phone shows the next one."""
    here, secret = services_of(app), pyotp.random_base32()
    account = accounts.find(here.stores.office, "Anna")
    assert account is not None
    used = pyotp.TOTP(secret).at(int(here.clock()))
    assert two_factor.switch_on(here, account, secret, used)
    anna.sign_in("Anna")
    later(app, step)
    later(app, -step + 30)
    code = pyotp.TOTP(secret).at(int(services_of(app).clock()))
    assert anna.press(code=code).inside


def test_a_set_up_link_works_after_the_clock_was_set_back(app, anna):
    here = services_of(app)
    token, ends = "a" * 43, int(here.clock()) + 60
    filed = here.keys.staff_value(token, "setup")
    accounts.issue_setup_link(here.stores.office, "Anna", token=filed, ends=ends)
    later(app, -26 * HOUR)
    assert anna.open(f"set-up/{token}").press(password=GOOD, again=GOOD).inside


@pytest.mark.parametrize("step", [*BACK, 365 * 24 * HOUR])
def test_tries_are_counted_by_a_clock_that_nobody_sets(app, anna, step):
    for _ in range(BY_ACCOUNT.most):
        anna.sign_in("Anna", "wrong")
    here = services_of(app)
    app.extensions[NAME] = replace(here, clock=lambda: here.clock() + step)
    assert anna.sign_in("Anna").status == 429


def test_an_invitation_has_no_time_that_a_clock_could_end(app):
    columns = services_of(app).stores.pilot.conn.execute(
        "SELECT name FROM pragma_table_info('invitations')"
    )
    assert {name for (name,) in columns} == {"code", "study"}


def test_how_long_a_walk_took_is_short_where_the_clock_went_back(mood):
    client = mood.client().begin()
    mood.later(-HOUR)
    client.answer(mood=2).send()
    assert [row["dur_band"] for row in mood.rows] == [1]
