"""No stranger's tries keep anybody out, and guessing stays as hard as it was."""

import time
from functools import lru_cache

import pyotp
import pytest

from survey.accounts import passwords, two_factor
from survey.accounts.passwords import fits
from survey.log_lines import MINUTE_SECONDS, once_a_minute
from survey.respondents import invitations
from survey.storage import accounts
from survey.storage.accounts import Role
from survey.throttle import (
    BY_ACCOUNT,
    BY_CODE,
    BY_DEVICE,
    BY_STRANGERS,
    MOST_COUNTED,
    WINDOW_SECONDS,
    Throttle,
)
from tests.journeys.staff import GOOD, Worker, later, services_of

STEP = two_factor.TOTP_STEP_SECONDS


@lru_cache(maxsize=1)
def kept_password():
    return passwords.hashed(GOOD)


@pytest.fixture
def staff(app):
    """Anna and Bea, a researcher and a member of a board, each with an app: name → its secret."""
    here, secrets = services_of(app), {}
    people: dict[str, Role] = {"Anna": "researcher", "Bea": "board"}
    for name, role in people.items():
        account = accounts.add(here.stores.office, name=name, role=role, at="2025-01-01T00:00:00")
        accounts.set_password(here.stores.office, name, kept_password())
        secrets[name] = two_factor.new_secret()
        sealed = two_factor.seal(here, account, secrets[name]).encode()
        accounts.set_totp(here.stores.office, name, sealed)
    return secrets


def room(app, name):
    return Worker(app, "ethics" if name == "Bea" else "research")


def codes_of(app, secret):
    """The code that the app shows, and the one after it."""
    now = int(services_of(app).clock())
    return pyotp.TOTP(secret).at(now), pyotp.TOTP(secret).at(now + STEP)


def sign_in(worker, name, secret, password=GOOD):
    """As the pages ask for it: the password, then a code, or all at once."""
    worker.sign_in(name, password)
    if worker.status == 429:
        code, after = codes_of(worker.browser.application, secret)
        return worker.press(name=name, password=password, code=code, later=after)
    return worker.press(code=codes_of(worker.browser.application, secret)[0])


def nonsense(app, names):
    """Posts to the sign-in page, each with its name, from one browser; gives their status."""
    stranger = Worker(app).open("sign-in")
    form = {"csrf_token": stranger.page.named("csrf_token")[0].value, "password": "wrong"}
    post = stranger.browser.post
    return [post("/research/sign-in", data={**form, "name": name}).status_code for name in names]


@pytest.fixture
def flooded(app, staff):
    """The common count is used up but for two; then 430 sign-ins for names that do not exist."""
    for _ in range(BY_STRANGERS.most - 2):
        services_of(app).throttle.take(BY_STRANGERS)
    assert nonsense(app, (f"nobody-{n}" for n in range(430))) == [200] * 2 + [429] * 428
    return staff


def test_after_430_nonsense_sign_ins_board_and_researcher_get_in(app, flooded):
    assert [sign_in(room(app, name), name, flooded[name]).inside for name in flooded] == [True] * 2


@pytest.fixture
def tried(app, staff):
    """A stranger tried Anna's name sixteen times."""
    for _ in range(BY_ACCOUNT.most - 1):
        services_of(app).throttle.take(BY_ACCOUNT, "anna")
    assert nonsense(app, ["Anna"] * 9) == [200] + [429] * 8
    return staff["Anna"]


def test_after_sixteen_tries_for_a_known_name_its_owner_gets_in(app, tried):
    assert sign_in(Worker(app), "Anna", tried).inside


def test_a_browser_that_signed_in_before_is_asked_for_no_more_than_ever(app, staff):
    anna = sign_in(Worker(app), "Anna", staff["Anna"]).sign_out()
    for _ in range(BY_ACCOUNT.most):
        services_of(app).throttle.take(BY_ACCOUNT, "anna")
    later(app, 2 * STEP)
    assert (anna.sign_in("Anna").status, anna.page.title) == (200, "Your code – Lacrima")


def test_a_browser_known_to_one_account_is_a_stranger_to_the_others(app, tried, staff):
    bea = sign_in(room(app, "Bea"), "Bea", staff["Bea"]).sign_out()
    assert bea.sign_in("Anna", "wrong").status == 429


def test_a_made_up_cookie_of_a_device_makes_nobody_known(app, tried):
    for spoilt in ("0" * 22 + "." + "a" * 64, "x", "", "é.é", "." * 3000):
        stranger = Worker(app)
        stranger.browser.set_cookie("staff-device", spoilt, path="/research")
        assert stranger.sign_in("Anna").status == 429


def test_a_known_browser_has_so_many_tries_of_its_own_and_then_brings_codes_too(app, staff):
    anna = sign_in(Worker(app), "Anna", staff["Anna"]).sign_out()
    device = anna.browser.get_cookie("staff-device", path="/research").value.split(".")[0]
    for _ in range(BY_DEVICE.most):
        assert services_of(app).throttle.take(BY_DEVICE, device + "anna")
    later(app, 2 * STEP)
    assert anna.sign_in("Anna").status == 429
    assert sign_in(Worker(app), "Anna", staff["Anna"]).inside


def all_at_once(app, **typed):
    return Worker(app).sign_in("Anna", "wrong").press(**{"name": "Anna", "password": GOOD, **typed})


def test_beyond_the_limit_a_right_password_is_not_even_looked_at_without_the_codes(
    app, tried, monkeypatch
):
    looked = []

    def watched(*given):
        looked.append(given)
        return fits(*given)

    monkeypatch.setattr(passwords, "fits", watched)
    code, after = codes_of(app, tried)
    wrong = "000000" if "000000" not in (code, after) else "111111"
    pages = [
        all_at_once(app, code=first, later=second).text
        for first, second in ((code, wrong), (wrong, after), (after, code), (code, code), ("", ""))
    ]
    assert (looked, len(set(pages))) == ([], 1)


def test_two_codes_allow_one_guess_of_the_password(app, tried):
    code, after = codes_of(app, tried)
    assert not all_at_once(app, code=code, later=after, password="wrong").inside
    assert not all_at_once(app, code=code, later=after).inside


def test_a_recovery_code_does_instead_and_is_spent(app, tried):
    here = services_of(app)
    anna = accounts.find(here.stores.office, "Anna")
    assert anna is not None
    first, *_ = two_factor.new_recovery(here, anna)
    assert all_at_once(app, code=first).inside
    assert not all_at_once(app, code=first).inside


def test_a_name_that_does_not_exist_gets_the_very_same_page(app, tried):
    for _ in range(BY_ACCOUNT.most):
        services_of(app).throttle.take(BY_ACCOUNT, "anne")
    pages = {Worker(app).sign_in(n).text.replace("Anne", "Anna") for n in ("Anna", "Anne")}
    assert len(pages) == 1


def test_without_a_second_step_a_strange_browser_waits_a_known_one_does_not(app, staff):
    accounts.set_totp(services_of(app).stores.office, "Anna", None)
    anna = Worker(app).sign_in("Anna").sign_out()
    for _ in range(BY_ACCOUNT.most):
        services_of(app).throttle.take(BY_ACCOUNT, "anna")
    assert Worker(app).sign_in("Anna").status == 429
    assert anna.sign_in("Anna").inside
    later(app, WINDOW_SECONDS)
    assert Worker(app).sign_in("Anna").inside


def test_a_strangers_tries_keep_nobody_who_is_inside_from_confirming(app, staff):
    accounts.set_totp(services_of(app).stores.office, "Anna", None)
    anna = Worker(app).sign_in("Anna")
    for limit in (BY_ACCOUNT, BY_CODE):
        for _ in range(limit.most):
            services_of(app).throttle.take(limit, "anna")
    anna.open("account/password").press(now="wrong", password=GOOD, again=GOOD)
    assert "not your password" in anna.text


def test_guessing_stays_as_hard_as_it_was():
    """Passwords a day for a name: eight a quarter of an hour, two processes begun anew hourly."""
    windows_an_hour = 4 + 1  # one more: a process that is begun anew counts anew
    a_day = BY_ACCOUNT.most * windows_an_hour * 24 * 2
    assert a_day <= 1920
    pairs = 10**12 / (2 * two_factor.LATE_STEPS + 1)
    assert a_day + 1000 * 86_400 / pairs < a_day + 0.001  # codes at 1,000 tries a second


def test_counts_take_no_more_memory_however_many_names_are_tried():
    throttle = Throttle(lambda: 0.0)
    for n in range(MOST_COUNTED + 1000):
        throttle.take(BY_ACCOUNT, f"nobody-{n}")
    assert len(throttle._tries) <= MOST_COUNTED + 1
    assert not throttle.take(BY_ACCOUNT, "somebody else")


MANY = "Many wrong sign-ins: browsers that are not known are asked for two codes at once."


def test_the_host_reads_of_it_once_a_minute_without_a_name_or_an_address(
    app, tried, caplog, monkeypatch
):
    once_a_minute.forget()
    nonsense(app, ["Anna"] * 20)
    monkeypatch.setattr(once_a_minute, "clock", lambda: time.monotonic() + MINUTE_SECONDS)
    services_of(app).maintenance.tick()
    said = [r.getMessage() for r in caplog.records if r.getMessage().startswith("Many")]
    assert said == [MANY, f"{MANY} (19 more like it within a minute)"]


def test_after_1360_wrong_codes_an_invited_client_gets_in(app, caplog):
    """And the host reads once a minute that many are being tried."""
    here = services_of(app)
    (code,) = invitations.draw(1)
    invitations.keep(here.stores, here.keys, "minimal", [code], pilot=True)
    stranger = Worker(app).open("/i/")
    token = stranger.page.named("csrf_token")[0].value
    wrong = {"invitation": "0000-0000-0000", "csrf_token": token}
    for _ in range(1360):
        answer = stranger.browser.post("/i/", data=wrong)
        assert answer.headers["Location"] == "/i/?unknown"
    answer = stranger.browser.post("/i/", data={**wrong, "invitation": code})
    assert answer.headers["Location"].startswith("/s/")
    told = [r.getMessage() for r in caplog.records]
    assert told == ["Many invitation codes that open nothing are being entered."]
