"""Who is signed in, and who may come in. Every staff page says ``@staff_only(...)``."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, cast

from flask import Flask, Response, abort, g, redirect, render_template, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user

from survey.config import Config
from survey.security import STAFF_ROOMS, room_of
from survey.services import STAFF_NAME, Services, Staff, staff
from survey.storage import accounts
from survey.storage.accounts import Account, Role
from survey.studies.current import current_catalogue
from survey.studies.version import StudyVersion
from survey.throttle import Throttle

__all__ = ["Account", "Role", "room_url", "signed_in", "staff_only", "version_or_404"]

# A signed-in browser that was left alone, and one that was not: then they sign in again.
STAFF_IDLE_SECONDS = 60 * 60  # NIST SP 800-63B-4 section 2.2.3: at most an hour
ABSOLUTE_SECONDS = 12 * 60 * 60  # a working day
STAFF_CODE_SECONDS = 10 * 60  # between password and code
SEEN_EVERY_SECONDS = 60  # how exactly idling is measured: each page would be a write otherwise

Answer = Any
P = ParamSpec("P")


class Visitor(UserMixin):  # type: ignore[misc]  # flask-login ships no types
    """A signed-in browser as flask-login wants it: its id is the secret that the cookie holds."""

    def __init__(self, account: Account, secret: str) -> None:
        self.account, self.secret = account, secret

    def get_id(self) -> str:
        """What goes into the cookie: a random name that says nothing."""
        return self.secret


class _Manager(LoginManager):  # type: ignore[misc]  # flask-login ships no types
    """Without flask-login's second cookie ("remember me") and its digest of the address."""

    def __init__(self) -> None:
        super().__init__()
        self.session_protection = None
        self._session_identifier_generator = lambda: ""
        self.user_loader(_load)

    def init_app(self, app: Flask, *_: object) -> None:
        """Only what is needed: nothing here runs on a client's page."""
        app.login_manager = self  # type: ignore[attr-defined]


def init_app(app: Flask, config: Config, services: Services) -> None:
    """Everything that the staff's rooms share, onto the application."""
    app.extensions[STAFF_NAME] = Staff(
        config=config,
        stores=services.stores,
        seal=services.seal,
        throttle=Throttle(time.monotonic),
        clock=services.clock,
    )
    _Manager().init_app(app)
    app.jinja_env.globals.update(signed_in=signed_in, room_url=room_url, here=here)


# Browsers that are signed in.


def session_id_hash(secret: str) -> bytes:
    """Under which a browser's sign-in is stored: a keyed hash of what its cookie holds."""
    return staff().seal.staff_value(secret, "session")


def start_session(account: Account) -> None:
    """This browser is signed in from now on, under a fresh cookie."""
    _end_those_that_ran_out()
    session.clear()
    secret = secrets.token_urlsafe(32)
    now = staff().clock()
    accounts.begin(staff().stores.office, session_id_hash(secret), account.name, now=now, full=True)
    login_user(Visitor(account, secret))


def _end_those_that_ran_out() -> None:
    now = staff().clock()
    accounts.purge(
        staff().stores.office,
        began_before=now - ABSOLUTE_SECONDS,
        seen_before=now - STAFF_IDLE_SECONDS,
    )


def is_current(found: accounts.SignIn | None, now: float) -> bool:
    """Whether neither limit has passed."""
    if found is None:
        return False
    idle = STAFF_IDLE_SECONDS if found.full else STAFF_CODE_SECONDS
    return now - found.seen < idle and now - found.began < ABSOLUTE_SECONDS


def _load(secret: str) -> Visitor | None:
    """For flask-login: the browser whose cookie holds ``secret``, while it is signed in."""
    office, now, key = staff().stores.office, staff().clock(), session_id_hash(secret)
    found = accounts.load(office, key)
    if found is None or not found.full or not is_current(found, now):
        return None
    if now - found.seen >= SEEN_EVERY_SECONDS:
        accounts.seen(office, key, now)
    return Visitor(found.account, secret)


def signed_in() -> Account | None:
    """The account that this browser is signed in to, in a staff room; nobody anywhere else."""
    if here() not in STAFF_ROOMS or not current_user.is_authenticated:
        return None
    return cast("Account", current_user.account)


# Addresses.


def here() -> str:
    """The room that this request is in."""
    return room_of(request.path)


def room_url(endpoint: str, **values: Any) -> str:
    """Address of an account page (``sign_in``, ``account`` …) in the room one is in."""
    room = here() if here() in STAFF_ROOMS else STAFF_ROOMS[0]
    return url_for(f"{room}_account.{endpoint}", **values)


def way_back() -> str:
    """Where to go on after signing in: the page that was asked for, always one of ours."""
    wanted = request.args.get("next", "")
    inside = wanted.startswith(tuple(f"/{room}/" for room in STAFF_ROOMS))
    plain = wanted.isprintable() and "\\" not in wanted
    return wanted if inside and plain else f"/{here()}/"


def version_or_404(name: str) -> StudyVersion:
    """The study of this name, else a page saying that there is none."""
    version = current_catalogue().named(name)
    if version is None:
        abort(404)
    return version


# Doors.


def staff_only(*roles: Role) -> Callable[[Callable[P, Answer]], Callable[P, Answer]]:
    """A view for these roles alone: others sign in first, or are told whose room it is."""

    def door(view: Callable[P, Answer]) -> Callable[P, Answer]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Answer:
            turned_away = _turn_away(roles)
            return view(*args, **kwargs) if turned_away is None else turned_away

        guarded.roles = roles  # type: ignore[attr-defined]  # for the test that walks every address
        return guarded

    return door


def _turn_away(roles: tuple[Role, ...]) -> Answer | None:
    account = signed_in()
    if account is None:
        return _ask_who()
    if staff().second_step_owed(account):
        return redirect(room_url("set_second_step", next=_asked()), code=303)
    if account.role not in roles:
        return render_template("staff/other_room.html", title="Another room", roles=roles), 403
    return None


def _asked() -> str:
    """The address to come back to; what was posted is not posted again."""
    return request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else request.path


def _ask_who() -> Answer:
    """To the sign-in page; who sent something meanwhile gets it back to copy."""
    if request.method in ("GET", "HEAD"):
        return redirect(room_url("sign_in", next=_asked()), code=303)
    return signed_out()


def signed_out() -> Response:
    """The page for a form that came too late, with what was typed, if it came from our own page."""
    ours = g.get("csrf_valid") or request.headers.get("Sec-Fetch-Site") == "same-origin"
    typed = [(k, v) for k, v in request.form.items(multi=True) if ours and _worth_keeping(k, v)]
    page = render_template("staff/signed_out.html", title="Please sign in again", typed=typed)
    return Response(page, status=401, mimetype="text/html")


def _worth_keeping(field: str, value: str) -> bool:
    """``now`` and ``again`` are passwords: the present one, and a new one for the second time."""
    secret = any(word in field for word in ("token", "password", "code"))
    return bool(value.strip()) and not secret and field not in ("now", "again")
