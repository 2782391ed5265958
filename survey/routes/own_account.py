"""Looking after one's own account. Importing this puts its routes on the account's blueprint."""

from __future__ import annotations

from flask import request, session
from flask_login import current_user

from survey.routes.account import SENTENCES, Answer, bp, on_to, page_of, too_many
from survey.staff import door, passwords, second_step
from survey.staff.access import filed_under, room_url, signed_in, staff_only, way_back
from survey.staff.audit import note
from survey.staff.standing import staff
from survey.store import accounts, sessions
from survey.store.accounts import Account

# In the cookie, sealed: what a person is shown until they say that they have it.
SECRET, CODES = "secret", "codes"

NOT_PROVED = "That is not your password. Nothing was changed."


def _me() -> Account:
    account = signed_in()
    assert account is not None  # behind staff_only
    return account


def _page(template: str, title: str, *, error: str = "") -> Answer:
    """A page about one's own account, with all that such a page may say."""
    office, me = staff().stores.office, _me()
    return page_of(
        template,
        title,
        error=error,
        me=me,
        browsers=sessions.count(office, me.name),
        left=accounts.recovery_left(office, me.name),
        required=staff().second_step_required(me),
        next=way_back(),
    )


def _unproved(template: str, title: str) -> Answer | None:
    """The page again unless the form brought the present password."""
    outcome = door.proves(_me(), request.form.get("now", ""))
    if outcome == "wait":
        return too_many()
    return None if outcome == "in" else _page(template, title, error=NOT_PROVED)


@bp.get("/account")
@staff_only("researcher", "board")
def index() -> Answer:
    """Who one is here, and what one can change."""
    return _page("account", "Your account")


@bp.get("/account/password")
@staff_only("researcher", "board")
def password() -> Answer:
    """A form for another password."""
    return _page("password", "Change your password")


@bp.post("/account/password")
@staff_only("researcher", "board")
def change_password() -> Answer:
    """Another password; every other browser is signed out."""
    refused = _unproved("password", "Change your password")
    if refused is not None:
        return refused
    new, again = request.form.get("password", ""), request.form.get("again", "")
    if error := passwords.fault(new, again, name=_me().name):
        return _page("password", "Change your password", error=error)
    office = staff().stores.office
    accounts.set_password(office, _me().name, passwords.hashed(new))
    sessions.end_all(office, _me().name, but=filed_under(current_user.secret))
    note("changed the password")
    return on_to(room_url("index"))


@bp.post("/account/everywhere")
@staff_only("researcher", "board")
def everywhere() -> Answer:
    """Every browser of this account is signed out, this one too."""
    note("signed out everywhere")
    sessions.end_all(staff().stores.office, _me().name)
    session.clear()
    return on_to(room_url("sign_in"))


# The second step. Its page is where people are sent who owe one, so it asks itself who is there.


@bp.get("/account/second-step")
def set_second_step() -> Answer:
    """A QR code to scan, the same in letters, and a place for the first code."""
    me = signed_in()
    if me is None:
        return on_to(room_url("sign_in", next=request.path))
    if SECRET not in session:
        session[SECRET] = second_step.seal(staff(), me, second_step.new_secret())
    return _show_secret(me)


@bp.post("/account/second-step")
def try_second_step() -> Answer:
    """The app's first code shows that both sides have the secret."""
    me = signed_in()
    if me is None:
        return on_to(room_url("sign_in", next=request.path))
    if SECRET not in session:
        return on_to(room_url("set_second_step", next=way_back()))
    if me.second_step:  # another app instead of the one there is
        outcome = door.proves(me, request.form.get("now", ""))
        if outcome != "in":
            return too_many() if outcome == "wait" else _show_secret(me, NOT_PROVED)
    secret = second_step.unseal(staff(), me, session[SECRET])
    if not second_step.switch_on(staff(), me, secret, request.form.get("code", "")):
        return _show_secret(me, SENTENCES["code"])
    session.pop(SECRET)
    note("set up the second step")
    return _fresh_codes(me)


def _show_secret(me: Account, error: str = "") -> Answer:
    secret = second_step.unseal(staff(), me, session[SECRET])
    return page_of(
        "second_step",
        "Your second step",
        error=error,
        me=me,
        picture=second_step.picture(secret, me.name),
        address=second_step.address(secret, me.name),
        letters=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        next=way_back(),
    )


@bp.get("/account/second-step/off")
@staff_only("researcher", "board")
def without_second_step() -> Answer:
    """What it means to do without, and whether one may."""
    return _page("second_step_off", "Sign in without a second step")


@bp.post("/account/second-step/off")
@staff_only("researcher", "board")
def switch_off() -> Answer:
    """Without a second step, where the role does not need one."""
    refused = _unproved("second_step_off", "Sign in without a second step")
    if refused is not None or staff().second_step_required(_me()):
        return refused or _page("second_step_off", "Sign in without a second step")
    accounts.set_totp(staff().stores.office, _me().name, None)
    note("took the second step away")
    return on_to(room_url("index"))


# Recovery codes: each signs in once instead of a code from the app.


def _fresh_codes(me: Account) -> Answer:
    codes = second_step.new_recovery(staff(), me)
    session[CODES] = second_step.seal(staff(), me, " ".join(codes))
    return on_to(room_url("codes", next=way_back()))


@bp.get("/account/codes")
@staff_only("researcher", "board")
def codes() -> Answer:
    """The codes while they are new, until one says that one has them."""
    sealed = session.get(CODES)
    if not sealed:
        return _page("new_codes", "New recovery codes")
    fresh = second_step.unseal(staff(), _me(), sealed).split()
    return page_of("codes", "Your recovery codes", fresh=fresh, next=way_back())


@bp.post("/account/codes")
@staff_only("researcher", "board")
def have_codes() -> Answer:
    """They are written down: not shown again."""
    session.pop(CODES, None)
    return on_to(way_back())


@bp.post("/account/codes/new")
@staff_only("researcher", "board")
def make_codes() -> Answer:
    """Ten others; the old ones end."""
    refused = _unproved("new_codes", "New recovery codes")
    if refused is not None or not _me().second_step:
        return refused or on_to(room_url("set_second_step"))
    note("made new recovery codes")
    return _fresh_codes(_me())
