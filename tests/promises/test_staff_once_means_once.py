"""What works once works once, however many try at the same moment."""

import re
import threading

import pyotp
import pytest

from tests.journeys.releasing import NAME, Room, ledger_of, pilot_answers
from tests.journeys.staff import GOOD, Worker, later, services_of
from tests.journeys.test_staff_signing_in import known, link  # noqa: F401 - fixtures
from tests.promises.test_rooms import value_of


def at_once(*acts):
    """Each in a thread of its own, all at the same moment; what they give, in order."""
    ready, given = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place, act):
        ready.wait()
        given[place] = act()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return given


def copy_of(app, browser):
    """A second browser with the same cookies: one cannot be used by two threads at once."""
    copy = app.test_client()
    for path in ("/research", "/ethics"):
        copy.set_cookie("staff", value_of(browser, "staff", path), path=path)
    return copy


def test_of_two_who_use_a_set_up_link_at_once_one_is_in_with_her_password(app, link):  # noqa: F811
    address, words = link("Anna"), (GOOD, "nine herons under glass")
    browsers = [Worker(app).open(address) for _ in words]
    presses = [
        lambda browser=browser, word=word: browser.press(password=word, again=word).inside
        for browser, word in zip(browsers, words, strict=True)
    ]
    inside = at_once(*presses)
    assert sorted(inside) == [False, True]
    assert [Worker(app).sign_in("Anna", word).inside for word in words] == inside


@pytest.fixture
def secret(app, known):  # noqa: F811
    """What Anna's app shares with us; an earlier code of it was used."""
    anna = known("Anna").sign_in("Anna").open("account/second-step")
    (letters,) = re.findall(r"Letters to type: <code>([A-Z2-7 ]+)<", anna.page.html)
    anna.press(code=code_of(app, letters.replace(" ", "")))
    later(app, 60)
    return letters.replace(" ", "")


def code_of(app, secret):
    return pyotp.TOTP(secret).at(int(services_of(app).clock()))


def test_one_code_typed_in_three_browsers_at_once_lets_one_in(app, secret):
    browsers = [Worker(app).sign_in("Anna") for _ in range(3)]
    code = code_of(app, secret)
    inside = at_once(*[lambda b=b: b.press(code=code).inside for b in browsers])
    assert sorted(inside) == [False, False, True]


def test_a_code_that_was_seen_over_a_shoulder_is_over_even_half_a_minute_later(app, secret):
    thief, code = Worker(app).sign_in("Anna"), code_of(app, secret)
    assert Worker(app).sign_in("Anna").press(code=code).inside
    later(app, 29)
    assert not thief.press(code=code).inside


def test_an_older_code_that_was_never_used_is_over_once_a_newer_one_was(app, secret):
    old, thief = code_of(app, secret), Worker(app).sign_in("Anna")
    later(app, 30)
    assert Worker(app).sign_in("Anna").press(code=code_of(app, secret)).inside
    assert not thief.press(code=old).inside


@pytest.mark.parametrize("zero", ["\N{ARABIC-INDIC DIGIT ZERO}", "\N{FULLWIDTH DIGIT ZERO}"])
def test_a_code_may_be_typed_in_the_digits_of_any_script(app, secret, zero):
    typed = "".join(chr(ord(zero) + int(digit)) for digit in code_of(app, secret))
    assert Worker(app).sign_in("Anna").press(code=typed).inside


@pytest.mark.parametrize("code", ["\u00b2" * 6, "\u2460" * 6, "7" * 100_000, "\x00", ""])
def test_what_is_no_code_is_told_kindly(app, secret, code):
    assert "That code is not right" in Worker(app).sign_in("Anna").press(code=code).text


def test_two_researchers_who_press_at_once_make_one_preview(app, study, signed_in):
    pilot_answers(app, study(NAME))
    rooms = [Room(signed_in(app, name=name)).open("releases/") for name in ("Ada", "Eve")]
    status = at_once(*[lambda room=room: room.press("tier", "C").status for room in rooms])
    assert sorted(status) == [200, 409]
    rooms[status.index(200)].wait()


def test_a_make_button_pressed_in_two_tabs_at_once_makes_one_release(app, study, signed_in):
    pilot_answers(app, study(NAME))
    first = Room(signed_in(app, name="Ada")).seen()
    tab = Room(copy_of(app, first.browser)).open(first.here)
    made = at_once(lambda: first.make().page.title, lambda: tab.make().page.title)
    assert (made, len(ledger_of(app))) == (["Release 1 – Lacrima"] * 2, 1)
