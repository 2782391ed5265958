"""Signing in and out, setting up an account and changing it: alike in both staff rooms."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, redirect, render_template, request, session

from survey.accounts import passwords, two_factor
from survey.accounts import sign_in as signing_in
from survey.accounts.access import (
    SIGN_IN,
    current_account,
    here,
    room_url,
    session_id_hash,
    signed_in,
    staff_only,
    start_session,
    way_back,
)
from survey.accounts.audit import note, one_act
from survey.accounts.devices import remember_device
from survey.errors import Refusal
from survey.mail import set_address
from survey.services import services
from survey.storage import accounts, mail_queue
from survey.storage.accounts import Account
from survey.storage.server_keys import lost_until

bp = Blueprint("account", __name__)
for _asked_by_templates in (signed_in, room_url, here):
    bp.add_app_template_global(_asked_by_templates)

Answer = str | tuple[str, int] | tuple[str, int, dict[str, str]] | Response

SENTENCES = {
    "wrong": "Name or password is not right. Please try again.",
    "disabled": "This account is switched off. Whoever runs the server can switch it on again.",
    "code": "That code is not right, or was used already. Codes change every 30 seconds.",
    "codes": "That did not sign you in. Please give all of it at once.",
    "lost": (
        "Codes from the app cannot be checked any more: the server key that this account's second "
        "step was sealed with is not here. Only a recovery code made with another key signs in; "
        "else ask whoever runs the server for a new set-up link (lacrima account reset)."
    ),
    "spent_out": "That did not sign you in: only a recovery code does now, and each works once.",
}


TITLES = {
    "sign_in": "Sign in",
    "code": "Your code",
    "set_up": "Set up your account",
    "dead_link": "This link is over",
    "account": "Your account",
    "password": "Change your password",
    "second_step": "Your second step",
    "second_step_off": "Sign in without a second step",
    "codes": "Your recovery codes",
    "new_codes": "New recovery codes",
    "mail": "Notices by mail",
}


def page_of(template: str, *, error: str = "", status: int = 200, **more: Any) -> Answer:
    """Return a page of this blueprint; an ``error`` stands in its title and first on the page."""
    title = TITLES[template]
    page = render_template(
        f"staff/{template}.html",
        title=f"Error: {title}" if error else title,
        heading=title,
        error=error,
        next=way_back(),
        **more,
    )
    return page, status


def too_many() -> Answer:
    """Return the page for too many tries, whatever was tried."""
    seconds = services().throttle.wait()
    page = render_template("staff/wait.html", title="Too many tries", minutes=-(-seconds // 60))
    return page, 429, {"Retry-After": str(seconds)}


def on_to(address: str) -> Response:
    """Redirect after a POST, so that a reload sends nothing twice."""
    return cast("Response", redirect(address, code=303))


# Coming in.


@bp.get("/sign-in")
def sign_in() -> Answer:
    """Ask for name and password."""
    if signed_in():
        return on_to(way_back())
    return page_of("sign_in", name="", minutes=0)


@bp.post("/sign-in")
def try_sign_in() -> Answer:
    """Sign in, or ask for the code; a wrong name and a wrong password are answered alike."""
    name, password, *codes = (
        request.form.get(field, "") for field in ("name", "password", "code", "later")
    )
    outcome = signing_in.check_password(name, password, (codes[0], codes[1]))
    if outcome == "code":
        return on_to(room_url("code", next=way_back()))
    if outcome == "in":
        return on_to(way_back())
    asked = outcome == "codes"
    minutes = -(-services().throttle.wait() // 60) if asked else 0
    return page_of(
        "sign_in", error=SENTENCES[outcome], status=429 if asked else 200,
        name=name, minutes=minutes,
    )  # fmt: skip


@bp.get("/code")
def code() -> Answer:
    """Ask for the second step: a code from the app, or a recovery code."""
    account = signing_in.pending_second_factor()
    if account is None:
        return on_to(room_url("sign_in", next=way_back()))
    return _code_page(account)


def _code_page(account: Account, *, tried: bool = False) -> Answer:
    """Return the page that asks for the code, alike whatever was typed."""
    spent_out = two_factor.spent_out(services(), account)
    key = "lost" if two_factor.sealed_with_lost_key(services(), account) else "code"
    error = SENTENCES["spent_out" if spent_out else key] if tried else ""
    return page_of("code", error=error, most=accounts.MOST_MISSED if spent_out else 0)


@bp.post("/code")
def try_code() -> Answer:
    """Sign in with the code, or ask again."""
    account = signing_in.pending_second_factor()
    if account is None:
        return on_to(room_url("sign_in", next=way_back()))
    outcome = signing_in.check_code(account, request.form.get("code", ""))
    if outcome == "wait":
        return too_many()
    if outcome == "wrong":
        return _code_page(account, tried=True)
    return on_to(way_back())


@bp.post("/sign-out")
def sign_out() -> Answer:
    """Sign this browser out; a copy of its cookie is worth nothing then."""
    if signed_in():
        with one_act():
            note("signed out")
            accounts.end(services().stores.office, session_id_hash(session[SIGN_IN]))
    session.clear()
    return on_to(room_url("sign_in"))


# Setting up.


@bp.get("/set-up/<token>")
def set_up(token: str) -> Answer:
    """Ask for a first password. Looking at a link spends nothing: mail programs open links."""
    state, account = accounts.setup(services().stores.office, _filed(token), services().clock())
    if account is None:
        return _dead_link(state)
    return page_of("set_up", account=account)


@bp.post("/set-up/<token>")
def try_set_up(token: str) -> Answer:
    """Set the first password; the link is spent once it is good enough."""
    office, filed, now = services().stores.office, _filed(token), services().clock()
    state, account = accounts.setup(office, filed, now)
    if account is None:
        return _dead_link(state)
    password, again = request.form.get("password", ""), request.form.get("again", "")
    if error := passwords.fault(password, again, name=account.name):
        return page_of("set_up", error=error, account=account)
    hashed = passwords.hashed(password)
    with one_act():
        # Once more: somebody may have used the link while this password was hashed.
        taken = accounts.take_setup(office, filed, now=now, password=hashed)
        if taken is not None:
            start_session(account)
            note("set up the account")
    if taken is None:
        return _dead_link(accounts.setup(office, filed, now)[0])
    remember_device(account)
    return on_to(room_url("index"))


def _filed(token: str) -> bytes:
    """Return the value that a link is kept under, with an older key where it is of that time."""
    office, now = services().stores.office, services().clock()
    values = services().keys.staff_values(token, "setup")
    known = (value for value in values if accounts.setup(office, value, now)[0] != "unknown")
    return next(known, values[0])


def _dead_link(state: str) -> Answer:
    """Say what happened to a link that is over, and how to get another."""
    lost = lost_until(services().stores)
    return page_of("dead_link", status=410, state=state, lost=lost)


# In the cookie, encrypted: what is shown until the person says that they have it.
SECRET, CODES = "secret", "codes"

NOT_CONFIRMED = "That is not your password. Nothing was changed."


def _page(template: str, *, error: str = "") -> Answer:
    """Return a page about the signed-in account, with all that such a page may say."""
    office, me = services().stores.office, current_account()
    return page_of(
        template,
        error=error,
        me=me,
        browsers=accounts.count(office, me.name),
        left=accounts.recovery_left(office, me.name),
        required=two_factor.second_step_required(services().config, me),
        mailed=bool(mail_queue.addresses(office, [me.name])),
        mail_server=bool(services().config.smtp_host),
    )


def _unless_confirmed(template: str) -> Answer | None:
    """Return the page again unless the form brought the present password."""
    outcome = signing_in.confirm_password(current_account(), request.form.get("now", ""))
    if outcome == "wait":
        return too_many()
    return None if outcome == "in" else _page(template, error=NOT_CONFIRMED)


@bp.get("/account")
@staff_only("researcher", "board")
def index() -> Answer:
    """Show the account, and what can be changed."""
    return _page("account")


@bp.get("/account/password")
@staff_only("researcher", "board")
def password() -> Answer:
    """Ask for another password."""
    return _page("password")


@bp.post("/account/password")
@staff_only("researcher", "board")
def change_password() -> Answer:
    """Change the password; every other browser is signed out."""
    refused = _unless_confirmed("password")
    if refused is not None:
        return refused
    new, again = request.form.get("password", ""), request.form.get("again", "")
    if error := passwords.fault(new, again, name=current_account().name):
        return _page("password", error=error)
    office, hashed = services().stores.office, passwords.hashed(new)
    with one_act():
        accounts.set_password(office, current_account().name, hashed)
        accounts.end_all(office, current_account().name, but=session_id_hash(session[SIGN_IN]))
        note("changed the password")
    return on_to(room_url("index"))


@bp.get("/account/mail")
@staff_only("researcher", "board")
def mail() -> Answer:
    """Ask where notices to this account go. The address that is there is not shown."""
    return _page("mail")


@bp.post("/account/mail")
@staff_only("researcher", "board")
def set_mail() -> Answer:
    """Send notices to another address, or to nowhere; the record says that, without the address."""
    refused = _unless_confirmed("mail")
    if refused is not None:
        return refused
    office, me = services().stores.office, current_account()
    try:
        with one_act():
            note(set_address(office, me.name, request.form.get("address", "").strip()))
    except Refusal as refusal:
        return _page("mail", error=str(refusal))
    return on_to(room_url("index"))


@bp.post("/account/everywhere")
@staff_only("researcher", "board")
def everywhere() -> Answer:
    """Sign every browser of this account out, this one too."""
    with one_act():
        note("signed out everywhere")
        accounts.end_all(services().stores.office, current_account().name)
    session.clear()
    return on_to(room_url("sign_in"))


# The second step. Accounts that owe one are sent to its page, so it checks the sign-in itself.


@bp.get("/account/second-step")
def set_second_step() -> Answer:
    """Show a QR code to scan, its secret in letters, and a field for the first code."""
    me = signed_in()
    if me is None:
        return on_to(room_url("sign_in", next=request.path))
    if SECRET not in session:
        session[SECRET] = two_factor.seal(services(), me, two_factor.new_secret())
    return _show_secret(me)


@bp.post("/account/second-step")
def try_second_step() -> Answer:
    """Switch the second step on; the app's first code shows that it has the secret."""
    me = signed_in()
    if me is None:
        return on_to(room_url("sign_in", next=request.path))
    if SECRET not in session:
        return on_to(room_url("set_second_step", next=way_back()))
    if me.second_step:  # another app instead of the one there is
        outcome = signing_in.confirm_password(me, request.form.get("now", ""))
        if outcome != "in":
            return too_many() if outcome == "wait" else _show_secret(me, NOT_CONFIRMED)
    secret = two_factor.unseal(services(), me, session[SECRET])
    with one_act():
        switched = two_factor.switch_on(services(), me, secret, request.form.get("code", ""))
        if switched:
            note("set up the second step")
    if not switched:
        return _show_secret(me, SENTENCES["code"])
    session.pop(SECRET)
    return _fresh_codes(me)


def _show_secret(me: Account, error: str = "") -> Answer:
    secret = two_factor.unseal(services(), me, session[SECRET])
    return page_of(
        "second_step",
        error=error,
        me=me,
        picture=two_factor.picture(secret, me.name),
        address=two_factor.address(secret, me.name),
        letters=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
    )


@bp.get("/account/second-step/off")
@staff_only("researcher", "board")
def without_second_step() -> Answer:
    """Say what it means to do without, and whether this account may."""
    return _page("second_step_off")


@bp.post("/account/second-step/off")
@staff_only("researcher", "board")
def switch_off() -> Answer:
    """Switch the second step off, where the role does not need one."""
    refused = _unless_confirmed("second_step_off")
    if refused is not None or two_factor.second_step_required(services().config, current_account()):
        return refused or _page("second_step_off")
    with one_act():
        accounts.set_totp(services().stores.office, current_account().name, None)
        note("took the second step away")
    return on_to(room_url("index"))


# Recovery codes: each signs in once instead of a code from the app.


def _fresh_codes(me: Account) -> Answer:
    codes = two_factor.new_recovery(services(), me)
    session[CODES] = two_factor.seal(services(), me, " ".join(codes))
    return on_to(room_url("codes", next=way_back()))


@bp.get("/account/codes")
@staff_only("researcher", "board")
def codes() -> Answer:
    """Show the codes while they are new, until they are said to be written down."""
    sealed = session.get(CODES)
    if not sealed:
        return _page("new_codes")
    fresh = two_factor.unseal(services(), current_account(), sealed).split()
    return page_of("codes", fresh=fresh)


@bp.post("/account/codes")
@staff_only("researcher", "board")
def have_codes() -> Answer:
    """Stop showing the codes: they are written down."""
    session.pop(CODES, None)
    return on_to(way_back())


@bp.post("/account/codes/new")
@staff_only("researcher", "board")
def make_codes() -> Answer:
    """Make ten other codes; the old ones end."""
    refused = _unless_confirmed("new_codes")
    if refused is not None or not current_account().second_step:
        return refused or on_to(room_url("set_second_step"))
    with one_act():
        note("made new recovery codes")
        return _fresh_codes(current_account())
