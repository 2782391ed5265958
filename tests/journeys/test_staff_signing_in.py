"""Staff set up an account by link, sign in and out, and change what is theirs."""

import re
from base64 import urlsafe_b64decode

import pyotp
import pytest
from argon2 import PasswordHasher

from survey.accounts import passwords
from survey.accounts.access import ABSOLUTE_SECONDS, STAFF_IDLE_SECONDS
from survey.cli.main import main
from survey.storage import accounts, mail_queue, studies
from survey.throttle import BY_CODE
from tests.journeys.staff import GOOD, Worker, later, services_of

LINK_SECONDS = 3 * 24 * 60 * 60


@pytest.fixture
def link(runner):
    """``link("Anna", "researcher")``: the address that the command prints."""

    def add(name, role="researcher"):
        done = runner.invoke(main, ["account", "add", name, "--role", role])
        assert done.exit_code == 0, done.stderr
        return done.stdout.splitlines()[0]

    return add


@pytest.fixture
def known(app):
    """``known("Anna")``: an account with a password, as if set up long ago."""

    def add(name="Anna", role="researcher", password=GOOD):
        office = services_of(app).stores.office
        accounts.add(office, name=name, role=role, at="2025-01-01T00:00:00+00:00")
        accounts.set_password(office, name, passwords.hashed(password))
        return Worker(app, "research" if role == "researcher" else "ethics")

    return add


def cookie_of(worker, path="/research"):
    return worker.browser.get_cookie("staff", path=path)


def with_cookie(app, value):
    """Somebody else, with a copy of a cookie."""
    thief = Worker(app)
    thief.browser.set_cookie("staff", value, path="/research")
    return thief


# Setting up.


def test_a_set_up_link_leads_to_a_password_and_into_the_room(app, link):
    anna = Worker(app).open(link("Anna")).press(password=GOOD, again=GOOD)
    assert (anna.page.title, anna.inside) == ("Your account – Lacrima", True)


def test_after_setting_up_one_signs_in_with_the_password(app, link):
    Worker(app).open(link("Anna")).press(password=GOOD, again=GOOD)
    assert Worker(app).sign_in("anna").here == "/research/"


def test_looking_at_a_set_up_link_does_not_spend_it(app, link):
    address = link("Anna")
    Worker(app).open(address)
    assert Worker(app).open(address).press(password=GOOD, again=GOOD).inside


def test_a_refused_password_does_not_spend_the_link(app, link):
    anna = Worker(app).open(link("Anna")).press(password="password1234", again="password1234")
    assert anna.page.title.startswith("Error: ")
    assert anna.press(password=GOOD, again=GOOD).inside


def test_a_used_set_up_link_says_so_and_changes_nothing(app, link):
    address = link("Anna")
    late = Worker(app).open(address)
    Worker(app).open(address).press(password=GOOD, again=GOOD)
    late.press(password="another one entirely", again="another one entirely")
    assert (late.status, "used already" in late.text) == (410, True)
    assert Worker(app).sign_in("Anna").inside


def test_an_expired_set_up_link_says_so_and_how_to_get_another(app, link):
    address = link("Anna")
    later(app, LINK_SECONDS + 60)
    anna = Worker(app).open(address)
    assert (anna.status, "has run out" in anna.text) == (410, True)
    assert "lacrima account reset" in anna.text


def test_a_link_that_was_replaced_or_mistyped_is_over(app, link, runner):
    old = link("Anna")
    runner.invoke(main, ["account", "reset", "Anna"])
    for address in (old, old[:-1]):
        assert Worker(app).open(address).status == 410


# Coming in.


def test_wrong_name_and_wrong_password_get_the_same_page(app, known):
    known("Anna")
    pages = [Worker(app).sign_in(n, p) for n, p in (("Anna", "wrong"), ("Anne", GOOD))]
    said = {re.sub('value="[^"]*"', "", p.page.html) for p in pages}
    assert ({p.status for p in pages}, len(said)) == ({200}, 1)


def test_wrong_name_and_wrong_password_do_the_same_work(app, known, monkeypatch):
    known("Anna")
    tried, real = [], PasswordHasher.verify

    def watched(self, kept, typed):
        tried.append(kept.rsplit("$", 2)[0])
        return real(self, kept, typed)

    monkeypatch.setattr(PasswordHasher, "verify", watched)
    Worker(app).sign_in("Anna", "wrong")
    Worker(app).sign_in("Anne", "wrong")
    first, second = tried  # the same parameters: memory, passes, lanes
    assert first == second


def test_one_comes_back_to_the_page_one_asked_for(app, known):
    known("Anna")
    anna = Worker(app).open("minimal/?x=1")
    assert "/sign-in" in anna.here
    assert anna.press(name="Anna", password=GOOD).here == "/research/minimal/?x=1"


@pytest.mark.parametrize("elsewhere", [
    "https://evil.example/", "//evil.example/", "/\\evil.example", "/research/\\evil", "/s/mood/",
    "javascript:alert(1)", "/researchers", "/research/\n/x",
])  # fmt: skip
def test_signing_in_leads_nowhere_else(app, known, elsewhere):
    known("Anna")
    anna = Worker(app)
    page = anna.browser.get("/research/sign-in", query_string={"next": elsewhere})
    assert "evil" not in page.get_data(as_text=True)
    anna.open("sign-in")
    token = anna.page.named("csrf_token")[0].value
    answer = anna.browser.post(
        "/research/sign-in", query_string={"next": elsewhere},
        data={"name": "Anna", "password": GOOD, "csrf_token": token},
    )  # fmt: skip
    assert (answer.status_code, answer.headers["Location"]) == (303, "/research/")


def test_one_sign_in_serves_both_rooms(app, known):
    bea = known("Bea", "board").sign_in("Bea")
    assert bea.open("/research/account").inside


def test_a_disabled_account_is_told_so_after_the_right_password_only(app, known):
    known("Anna")
    accounts.disable(services_of(app).stores.office, "Anna")
    assert "switched off" in Worker(app).sign_in("Anna").text
    assert "switched off" not in Worker(app).sign_in("Anna", "wrong").text


def test_disabling_puts_somebody_out_at_once(app, known, runner):
    anna = known("Anna").sign_in("Anna")
    assert anna.inside
    assert runner.invoke(main, ["account", "disable", "ANNA"]).exit_code == 0
    assert "sign-in" in anna.open("account").here


# Going out.


def test_a_cookie_stolen_before_signing_out_is_worth_nothing_after(app, known):
    anna = known("Anna").sign_in("Anna")
    thief = with_cookie(app, cookie_of(anna).value)
    assert thief.open("account").inside
    anna.sign_out()
    assert not thief.open("account").inside


def test_signing_out_expires_the_cookie_in_both_rooms(app, known):
    anna = known("Anna").sign_in("Anna")
    answer = anna.browser.post("/research/sign-out", data=dict(anna.page.fields("sign-out")))
    cookies = answer.headers.getlist("Set-Cookie")
    assert [("Max-Age=0" in c, c.split("Path=")[1].split(";")[0]) for c in cookies] == [
        (True, "/research"), (True, "/ethics"),
    ]  # fmt: skip


def test_signing_out_everywhere_reaches_every_browser(app, known):
    here, there = known("Anna").sign_in("Anna"), Worker(app).sign_in("Anna")
    here.open("account").press()
    assert not any(w.open("account").inside for w in (here, there))


@pytest.mark.parametrize("pause", [STAFF_IDLE_SECONDS, ABSOLUTE_SECONDS])
def test_a_browser_left_alone_is_signed_out(app, known, pause):
    anna = known("Anna").sign_in("Anna")
    later(app, pause + 1)
    assert not anna.open("account").inside


def test_whoever_works_on_stays_signed_in_but_not_for_ever(app, known):
    anna, pages = known("Anna").sign_in("Anna"), 0
    while anna.open("account").inside:
        later(app, STAFF_IDLE_SECONDS / 2)
        pages += 1
    assert pages == ABSOLUTE_SECONDS // (STAFF_IDLE_SECONDS / 2)


def test_everybody_sets_their_own_address_for_notices_and_the_record_does_not_have_it(app, known):
    office, anna = services_of(app).stores.office, known("Anna").sign_in("Anna")
    for typed, told in (({"now": "wrong"}, "not your password"), ({"address": "a@"}, "no mail")):
        anna.open("account/mail").press(**{"address": "anna@example.org", "now": GOOD, **typed})
        assert (told in anna.text, mail_queue.addresses(office, ["Anna"])) == (True, [])
    anna.open("account/mail").press(address="anna@example.org", now=GOOD)
    assert mail_queue.addresses(office, ["Anna"]) == ["anna@example.org"]
    assert "anna@example.org" not in anna.open("account").text + anna.open("account/mail").text
    assert "anna@example.org" not in str(studies.audit(office))
    anna.press(address="", now=GOOD)
    assert mail_queue.addresses(office, ["Anna"]) == []
    said = [line["what"] for line in studies.audit(office)][-2:]
    assert said == [f"account Anna: mail address {what}" for what in ("set", "taken away")]


def test_what_was_typed_comes_back_when_the_time_is_over(app, known):
    anna = known("Anna").sign_in("Anna").open("account/password")
    token = anna.page.named("csrf_token")[0].value
    later(app, STAFF_IDLE_SECONDS + 1)
    answer = anna.browser.post(
        "/research/account/password",
        data={"csrf_token": token, "comment": "A long <thought>", "password": GOOD},
    )
    page = answer.get_data(as_text=True)
    assert (answer.status_code, "A long &lt;thought&gt;" in page, GOOD in page) == (
        401,
        True,
        False,
    )


def test_what_was_typed_comes_back_after_signing_out_in_another_tab(app, known):
    anna = known("Anna").sign_in("Anna").open("account/password")
    fields = dict(anna.page.fields("sign-out"))
    anna.browser.post("/research/sign-out", data=fields)
    typed = {**fields, "comment": "A long thought"}
    pages = [
        anna.browser.post("/research/account/password", data=typed, headers=headers)
        for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "cross-site"}, {})
    ]
    assert [p.status_code for p in pages] == [401, 400, 401]
    assert ["A long thought" in p.get_data(as_text=True) for p in pages] == [True, False, False]


# The second step.


def secret_of(page):
    (letters,) = re.findall(r"Letters to type: <code>([A-Z2-7 ]+)<", page.html)
    return letters.replace(" ", "")


def code_at(app, secret):
    return pyotp.TOTP(secret).at(int(services_of(app).clock()))


def switch_on(app, worker):
    """The second step of this account; gives secret and recovery codes."""
    worker.open("account/second-step")
    secret = secret_of(worker.page)
    worker.press(code=code_at(app, secret))
    return secret, re.findall(r"<li><code>([0-9A-Z-]+)</code>", worker.page.html)


@pytest.fixture
def two_steps(app, known):
    """Anna with a second step, signed out: (somebody at the code page, secret, codes)."""
    anna = known("Anna").sign_in("Anna")
    secret, codes = switch_on(app, anna)
    anna.press()
    later(app, 60)
    return Worker(app).sign_in("Anna"), secret, codes


def test_the_code_of_the_app_signs_in(app, two_steps):
    anna, secret, _ = two_steps
    assert (anna.page.title, anna.inside) == ("Your code – Lacrima", False)
    assert anna.press(code=code_at(app, secret)).inside


def test_the_password_alone_opens_nothing(app, two_steps):
    anna, _, _ = two_steps
    assert "sign-in" in anna.open("account").here


def test_a_wrong_code_says_so_and_the_right_one_still_works(app, two_steps):
    anna, secret, _ = two_steps
    anna.press(code="000000")
    assert "not right" in anna.text
    assert anna.press(code=code_at(app, secret)).inside


def test_a_code_signs_in_once(app, two_steps):
    anna, secret, _ = two_steps
    code = code_at(app, secret)
    other = Worker(app).sign_in("Anna")
    assert anna.press(code=code).inside
    assert not other.press(code=code).inside


def test_a_recovery_code_signs_in_once(app, two_steps):
    anna, _, codes = two_steps
    assert len(codes) == 10
    other = Worker(app).sign_in("Anna")
    assert anna.press(code=codes[3].lower().replace("-", " ")).inside
    assert not other.press(code=codes[3]).inside


def test_too_many_wrong_codes_wait_even_with_the_right_password(app, two_steps):
    anna, secret, _ = two_steps
    for _ in range(BY_CODE.most):
        anna.press(code="000000")
    again = Worker(app).sign_in("Anna").press(code=code_at(app, secret))
    assert (again.status, again.inside) == (429, False)


def test_the_time_between_password_and_code_is_short(app, two_steps):
    anna, secret, _ = two_steps
    later(app, 11 * 60)
    anna.press(code=code_at(app, secret))
    assert "sign-in" in anna.here


def test_recovery_codes_are_shown_until_one_has_them_and_then_no_more(app, known):
    anna = known("Anna").sign_in("Anna")
    _, codes = switch_on(app, anna)
    assert codes[0] in anna.open("account/codes").text
    anna.press()
    assert codes[0] not in anna.open("account/codes").text


def readable(cookie):
    """Everything that base 64 hides in a cookie, and the cookie itself."""
    parts = re.findall(r"[A-Za-z0-9_-]{8,}", cookie)
    inside = [urlsafe_b64decode(p + "=" * (-len(p) % 4)) for p in parts if len(p) % 4 != 1]
    return cookie + repr(inside)


def test_neither_secret_nor_code_lies_readable_in_cookie_or_file(app, known):
    anna = known("Anna").sign_in("Anna").open("account/second-step")
    secret = secret_of(anna.page)
    cookies = cookie_of(anna).value
    _, codes = switch_on(app, anna)
    cookies += cookie_of(anna).value
    services_of(app).stores.office.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    files = b"".join(
        p.read_bytes() for p in services_of(app).stores.folder.iterdir() if p.is_file()
    )
    for word in (secret, codes[0], GOOD, cookie_of(anna).value):
        assert word.encode() not in files
    assert not any(word in readable(cookies) for word in (secret, codes[0]))


def test_a_researcher_must_have_a_second_step_outside_the_demo(open_app, link):
    app = open_app("minimal", demo=False)
    anna = Worker(app).open(link("Anna")).press(password=GOOD, again=GOOD)
    assert "account/second-step" in anna.here
    assert "account/second-step" in anna.open("minimal/").here
    _, codes = switch_on(app, anna)
    assert len(codes) == 10
    assert anna.press().open("minimal/").here == "/research/minimal/"


def test_a_changed_server_key_keeps_second_steps_and_recovery_codes(app, open_app, two_steps):
    _, secret, codes = two_steps
    key = services_of(app).config.key
    key.write_text("00" * 32 + "\n" + key.read_text())
    rekeyed = open_app("minimal")
    later(rekeyed, 60)
    worker = Worker(rekeyed).sign_in("Anna")
    assert worker.press(code=code_at(rekeyed, secret)).inside
    assert Worker(rekeyed).sign_in("Anna").press(code=codes[0]).inside


def test_where_a_second_step_is_required_it_cannot_be_taken_away(open_app, link):
    app = open_app("minimal", demo=False)
    anna = Worker(app).open(link("Anna")).press(password=GOOD, again=GOOD)
    switch_on(app, anna)
    anna.open("account/second-step/off")
    assert "cannot be switched off" in anna.text
    assert accounts.totp_of(services_of(app).stores.office, "Anna")


def test_a_board_member_always_needs_one(open_app, link):
    app = open_app("minimal", demo=False, second_step=frozenset({"none"}))
    bea = Worker(app, "ethics").open(link("Bea", "board")).press(password=GOOD, again=GOOD)
    assert "second step" in bea.open("/ethics/").text
    switch_on(app, bea)
    assert bea.open("/ethics/").inside
    assert bea.open("account/second-step/off").page.named("now") == []
    assert accounts.totp_of(services_of(app).stores.office, "Bea")


# Changing what is one's own.


def test_a_changed_password_puts_every_other_browser_out(app, known):
    here, there = known("Anna").sign_in("Anna"), Worker(app).sign_in("Anna")
    new = "nine lanterns & a goose"
    here.open("account/password").press(now=GOOD, password=new, again=new)
    assert (here.open("account").inside, there.open("account").inside) == (True, False)
    assert Worker(app).sign_in("Anna", new).inside


@pytest.mark.parametrize("address", ["password", "codes", "second-step/off"])
def test_nothing_grave_is_changed_without_the_present_password(app, known, address):
    anna = known("Anna").sign_in("Anna")
    switch_on(app, anna)
    anna.press().open(f"account/{address}")
    filled = {c.name: "wrong" for c in anna.page.controls if c.kind == "password"}
    anna.press(**filled)
    assert "not your password" in anna.text


# What is written down.


def test_every_step_is_in_the_audit_that_the_board_reads(app, known, link, signed_in):
    known("Anna").sign_in("Anna").sign_out()
    link("Carl")
    board = Worker(None, "ethics", browser=signed_in(app, "board")).open("audit")
    lines = [(who, what) for _, who, what in board.page.rows[1:]]
    assert lines[1:] == [("Anna", "signed out"), ("Anna", "signed in")]
    assert lines[0][1] == "account Carl (researcher): added"


def test_the_audit_is_read_a_hundred_lines_at_a_time(app, signed_in):
    from survey.storage import studies

    for n in range(150):
        studies.note(
            services_of(app).stores.office, at="2025-01-01", who="Anna", what=f"minimal: did {n}"
        )
    board = Worker(None, "ethics", browser=signed_in(app, "board")).open("audit")
    assert (len(board.page.rows), board.page.rows[1][2]) == (101, "minimal: did 149")
    assert board.open(board.page.link(rel="next")).page.rows[-1][2] == "minimal: did 0"


def test_no_page_of_the_audit_beyond_the_last(app, signed_in):
    board = Worker(None, "ethics", browser=signed_in(app, "board"))
    assert [board.open(f"audit?page={n}").status for n in ("0", "2", "999999999999")] == [404] * 3
