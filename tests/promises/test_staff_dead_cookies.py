"""A cookie whose time is over opens nothing, at any address, asked in any way."""

import pytest

from survey.accounts.access import ABSOLUTE_SECONDS, STAFF_IDLE_SECONDS
from survey.storage import accounts
from tests.journeys.client import Journey
from tests.journeys.staff import Worker, later, services_of
from tests.promises.test_rooms import (
    address_of,
    asked_to_sign_in,
    public,
    staff_rules,
    token_of,
    value_of,
)

WHO = "Anna"


def switched_off(app, _):
    accounts.disable(services_of(app).stores.office, WHO)


def reset(app, _):
    accounts.reset(services_of(app).stores.office, WHO)


def removed_and_made_anew(app, _):
    accounts.remove(services_of(app).stores.office, WHO)
    accounts.add(
        services_of(app).stores.office, name=WHO, role="researcher", at="2025-01-01T00:00:00"
    )


def signed_out(_, worker):
    worker.open("account").sign_out()


def signed_out_everywhere(_, worker):
    worker.open("account").submit("account/everywhere")


def left_alone(app, _):
    later(app, STAFF_IDLE_SECONDS)


def open_for_too_long(app, worker):
    for _ in range(ABSOLUTE_SECONDS // (STAFF_IDLE_SECONDS // 2)):
        later(app, STAFF_IDLE_SECONDS // 2)
        worker.open("account")


ENDINGS = (
    switched_off, reset, removed_and_made_anew, signed_out, signed_out_everywhere, left_alone,
    open_for_too_long,
)  # fmt: skip


class Copied(Worker):
    """Somebody at work, whose cookie a thief has copied."""

    def submit(self, action):
        """Press the button of the form that goes to ``action``."""
        form = next(f for f in self.page.forms.values() if f.action.endswith(action))
        self._ask("POST", form.action, data=dict(self.page.fields(form.id)))


@pytest.fixture
def theft(app, signed_in):
    """Anna at work, her cookie in the thief's browser, and the token of a form that he saw."""
    browser = signed_in(app, name=WHO)
    thief, token = app.test_client(), token_of(browser, "/research/account")
    for room in ("/research", "/ethics"):
        thief.set_cookie("staff", value_of(browser, "staff", room), path=room)
    return Copied(None, browser=browser), thief, token


def opened(app, thief, token):
    """What is not public and opened all the same."""
    found = []
    for method, rule, room, inside in staff_rules(app):
        if not public(room, inside):
            data = {"csrf_token": token} if method == "POST" else None
            answer = thief.open(address_of(app, rule), method=method, data=data)
            found += [] if asked_to_sign_in(answer) else [(method, rule.rule, answer.status)]
    return found


def test_a_copied_cookie_is_as_good_as_the_real_one_until_it_ends(app, theft):
    _, thief, _ = theft
    assert thief.get("/research/account").status_code == 200


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.__name__)
def test_a_copied_cookie_opens_nothing_once_it_has_ended(app, theft, ending):
    worker, thief, token = theft
    ending(app, worker)
    assert opened(app, thief, token) == []


def test_half_a_sign_in_opens_nothing(app, theft):
    """The password was right, and the code is still owed."""
    _, thief, token = theft
    services_of(app).stores.office.conn.execute("UPDATE sessions SET full = 0")
    assert opened(app, thief, token) == []


def test_a_clients_cookie_opens_nothing_under_whatever_name(app):
    value = value_of(Journey(app, "mood").begin().browser, "s", "/")
    thief = app.test_client()
    for name in ("s", "staff", "__Secure-staff", "remember_token"):
        thief.set_cookie(name, value, path="/")
    assert opened(app, thief, "x") == []


def test_what_ran_out_is_forgotten_at_the_next_sign_in(app, theft, signed_in):
    later(app, STAFF_IDLE_SECONDS + 1)
    signed_in(app, name="Eve")
    assert accounts.count(services_of(app).stores.office, WHO) == 0
