"""Signing in and out, and setting up an account: the same pages in both staff rooms."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, redirect, render_template, request, session
from flask_login import current_user

from survey.staff import door, passwords, second_step
from survey.staff.access import filed_under, let_in, room_url, signed_in, way_back
from survey.staff.audit import note
from survey.staff.standing import staff
from survey.store import accounts, sessions
from survey.store.accounts import Account

bp = Blueprint("account", __name__)

Answer = str | tuple[str, int] | tuple[str, int, dict[str, str]] | Response

SENTENCES = {
    "wrong": "Name or password is not right. Please try again.",
    "disabled": "This account is switched off. Whoever runs the server can switch it on again.",
    "code": "That code is not right, or was used already. Codes change every 30 seconds.",
    "spent_out": "That did not sign you in: only a recovery code does now, and each works once.",
}


def page_of(
    template: str, title: str, *, error: str = "", status: int = 200, **more: Any
) -> Answer:
    """A page of this blueprint; with ``error`` it says so in its title and first thing."""
    heading = ("Error: " if error else "") + title
    page = render_template(
        f"staff/{template}.html", title=heading, heading=title, error=error, **more
    )
    return page, status


def too_many() -> Answer:
    """Too many tries; the same page whatever was tried."""
    seconds = staff().throttle.wait()
    page = render_template("staff/wait.html", title="Too many tries", minutes=-(-seconds // 60))
    return page, 429, {"Retry-After": str(seconds)}


def on_to(address: str) -> Response:
    """POST-redirect-GET, so that a reload sends nothing twice."""
    return cast("Response", redirect(address, code=303))


# Coming in.


@bp.get("/sign-in")
def sign_in() -> Answer:
    """Name and password."""
    if signed_in():
        return on_to(way_back())
    return page_of("sign_in", "Sign in", name="", next=way_back())


@bp.post("/sign-in")
def try_sign_in() -> Answer:
    """In, on to the code, or the same answer for a wrong name and a wrong password."""
    name = request.form.get("name", "")
    outcome = door.knock(name, request.form.get("password", ""))
    if outcome == "wait":
        return too_many()
    if outcome == "code":
        return on_to(room_url("code", next=way_back()))
    if outcome == "in":
        note("signed in")
        return on_to(way_back())
    return page_of("sign_in", "Sign in", error=SENTENCES[outcome], name=name, next=way_back())


@bp.get("/code")
def code() -> Answer:
    """The second step: a code from the app, or a recovery code."""
    account = door.half_in()
    if account is None:
        return on_to(room_url("sign_in", next=way_back()))
    return _code_page(account)


def _code_page(account: Account, *, tried: bool = False) -> Answer:
    """The same whatever was typed."""
    spent_out = second_step.spent_out(staff(), account)
    error = SENTENCES["spent_out" if spent_out else "code"] if tried else ""
    return page_of(
        "code",
        "Your code",
        error=error,
        most=accounts.MOST_MISSED if spent_out else 0,
        next=way_back(),
    )


@bp.post("/code")
def try_code() -> Answer:
    """In, or asked again."""
    account = door.half_in()
    if account is None:
        return on_to(room_url("sign_in", next=way_back()))
    outcome = door.show_code(account, request.form.get("code", ""))
    if outcome == "wait":
        return too_many()
    if outcome == "wrong":
        return _code_page(account, tried=True)
    note("signed in")
    return on_to(way_back())


@bp.post("/sign-out")
def sign_out() -> Answer:
    """This browser is signed out; a copy of its cookie is worth nothing."""
    if signed_in():
        note("signed out")
        sessions.end(staff().stores.office, filed_under(current_user.secret))
    session.clear()
    return on_to(room_url("sign_in"))


# Setting up.


@bp.get("/set-up/<token>")
def set_up(token: str) -> Answer:
    """What a set-up link leads to: a first password. Looking at it spends nothing."""
    state, account = accounts.setup(staff().stores.office, _filed(token), staff().clock())
    if account is None:
        return _dead_link(state)
    return page_of("set_up", "Set up your account", account=account)


@bp.post("/set-up/<token>")
def try_set_up(token: str) -> Answer:
    """The link is spent once a password is good enough."""
    office, filed, now = staff().stores.office, _filed(token), staff().clock()
    state, account = accounts.setup(office, filed, now)
    if account is None:
        return _dead_link(state)
    password, again = request.form.get("password", ""), request.form.get("again", "")
    if error := passwords.fault(password, again, name=account.name):
        return page_of("set_up", "Set up your account", error=error, account=account)
    if accounts.take_setup(office, filed, now=now, password=passwords.hashed(password)) is None:
        return _dead_link(accounts.setup(office, filed, now)[0])
    let_in(account)
    note("set up the account")
    return on_to(room_url("index"))


def _filed(token: str) -> bytes:
    return staff().seal.staff_value(token, "setup")


def _dead_link(state: str) -> Answer:
    """A link that is over: what happened, and how to get another."""
    return page_of("dead_link", "This link is over", status=410, state=state)
