"""Sign-ins and the door of each staff page: every one says ``@staff_only(...)``."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, cast

from flask import (
    Response,
    abort,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)

from survey.accounts.two_factor import second_step_owed
from survey.csrf import came_from_us
from survey.security import STAFF_ROOMS, room_of
from survey.services import services
from survey.storage import accounts, members
from survey.storage.accounts import Account, Role

# A browser that was left alone has to sign in again, and so has one that was not.
STAFF_IDLE_SECONDS = 60 * 60  # NIST SP 800-63B-4 section 2.2.3: at most an hour
ABSOLUTE_SECONDS = 12 * 60 * 60  # a working day
STAFF_CODE_SECONDS = 10 * 60  # between password and code
SEEN_EVERY_SECONDS = 60  # how exactly idling is measured: each page would be a write otherwise

# Views that take a form from somebody who is not signed in yet.
SIGNING_IN = ("try_sign_in", "try_code", "try_set_up")

# In the cookie: the random name of the sign-in, or of one that still owes its code.
SIGN_IN, HALF_WAY = "_user_id", "half"

Answer = Any
P = ParamSpec("P")


# Browsers that are signed in.


def session_id_hash(secret: str) -> bytes:
    """Return the keyed hash under which the sign-in of this cookie is stored."""
    return services().keys.staff_value(secret, "session")


def start_session(account: Account, *, full: bool = True) -> None:
    """Sign this browser in under a fresh cookie; not ``full`` while it owes the code."""
    office, now = services().stores.office, services().clock()
    accounts.purge(
        office, began_before=now - ABSOLUTE_SECONDS, seen_before=now - STAFF_IDLE_SECONDS
    )
    # A cookie from before the sign-in, perhaps planted, is worth nothing after it.
    session.clear()
    session[SIGN_IN if full else HALF_WAY] = secret = secrets.token_urlsafe(32)
    accounts.begin(office, session_id_hash(secret), account.name, now=now, full=full)
    g.account = account if full else None


def is_current(found: accounts.SignIn | None, now: float) -> bool:
    """Return whether neither limit has passed."""
    if found is None:
        return False
    idle = STAFF_IDLE_SECONDS if found.full else STAFF_CODE_SECONDS
    return now - found.seen < idle and now - found.began < ABSOLUTE_SECONDS


def signed_in() -> Account | None:
    """Return the account that this browser is signed in to, in a staff room."""
    if here() not in STAFF_ROOMS:
        return None
    if "account" not in g:
        g.account = None
        if secret := session.get(SIGN_IN):
            office, now, key = services().stores.office, services().clock(), session_id_hash(secret)
            found = accounts.load(office, key)
            if found and found.full and is_current(found, now):
                g.account = found.account
                # Far off both ways: after the clock was set back, both limits count from here.
                if abs(now - found.seen) >= SEEN_EVERY_SECONDS:
                    accounts.seen(office, key, now)
    return cast("Account | None", g.account)


def current_account() -> Account:
    """Return the account that is signed in, on a page behind ``staff_only``."""
    return cast("Account", signed_in())


def may_open(study: str) -> bool:
    """Return whether the account that is signed in has a right to the pages of this study.

    In a demo, where nothing is real, every account has.
    """
    here = services()
    return here.config.demo or study in members.studies_of(here.stores.office, current_account())


# Addresses.


def here() -> str:
    """Return the room that this request is in."""
    return room_of(request.path)


def room_url(endpoint: str, **values: Any) -> str:
    """Return the address of an account page (``sign_in``, ``index`` …) in this room."""
    room = here() if here() in STAFF_ROOMS else STAFF_ROOMS[0]
    return url_for(f"{room}_account.{endpoint}", **values)


def way_back() -> str:
    """Return where to go after signing in: the page that was asked for, always one of ours."""
    wanted = request.args.get("next", "")
    inside = wanted.startswith(tuple(f"/{room}/" for room in STAFF_ROOMS))
    plain = wanted.isprintable() and "\\" not in wanted
    return wanted if inside and plain else f"/{here()}/"


def staff_only(*roles: Role) -> Callable[[Callable[P, Answer]], Callable[P, Answer]]:
    """Open a view to these roles alone: others sign in first, or read whose room it is."""

    def door(view: Callable[P, Answer]) -> Callable[P, Answer]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Answer:
            account, reading = signed_in(), request.method in ("GET", "HEAD")
            # What was posted is not posted again: the way back is to the page of its form.
            asked = request.full_path.rstrip("?") if reading else request.path
            if account is None:
                if not reading:  # a form that was sent meanwhile is shown to be copied
                    return signed_out()
                return redirect(room_url("sign_in", next=asked), code=303)
            if second_step_owed(services().config, account):
                return redirect(room_url("set_second_step", next=asked), code=303)
            if account.role not in roles:
                title = "Another room"
                return render_template("staff/other_room.html", title=title, roles=roles), 403
            if g.get("version", True) is None:  # no such study, for those who may know
                abort(404)
            if "version" in g and not may_open(g.version.study.name):
                title = "Not one of your studies"
                return render_template("staff/not_yours.html", title=title), 403
            return view(*args, **kwargs)

        guarded.roles = roles  # type: ignore[attr-defined]  # for the test that walks every address
        return guarded

    return door


def behind_sign_in(endpoint: str | None) -> bool:
    """Return whether a form to this endpoint, in a staff room, is for somebody who is signed in."""
    return (endpoint or "").rpartition(".")[2] not in SIGNING_IN


def signed_out() -> Response:
    """Return the page for a form that came too late, with its text if it came from our own page."""
    # No secret is shown again: the fields ``now`` and ``again`` hold passwords too.
    secret = re.compile("token|password|code|^now$|^again$")
    sent = request.form.items(multi=True) if came_from_us() else ()
    typed = [(field, text) for field, text in sent if text.strip() and not secret.search(field)]
    page = render_template("staff/signed_out.html", title="Please sign in again", typed=typed)
    return Response(page, status=401, mimetype="text/html")
