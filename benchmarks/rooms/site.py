"""The product with a researcher and a board member signed in, as it is measured."""

from __future__ import annotations

import re
import secrets
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

import pyotp

from benchmarks.driver import Connection, Reply, Request
from benchmarks.process import free_port, serving
from benchmarks.product import BIN, FLAGSHIP, Server, settings, without_settings
from survey.accounts import passwords
from survey.crypto import KeyRing, make_key, read_keys
from survey.storage import accounts, members
from survey.storage.members import Member
from survey.storage.stores import Stores

Role = Literal["researcher", "board"]
ROOMS: Mapping[Role, str] = {"researcher": "research", "board": "ethics"}
# The largest that a site can set: whether a study is full has to be known for its pages.
LIMIT = 1_000_000
SITE = f"[study.{FLAGSHIP}]\nlimit = {LIMIT}\n"
_TOKEN = re.compile(rb'name="csrf_token" value="([^"]+)"')


SECRET = pyotp.random_base32()
MEMBER = Member(
    study=FLAGSHIP, at="2030-01-01T00:00:00+00:00", who="command line", what="appointed",
    account="board", name="A member", capacity="member", chair=True, conflict="",
    begins="2020-01-01", ends="2099-12-31",
)  # fmt: skip


class Unexpected(Exception):
    """A page that is not what was asked for; says which and where."""


def environ_of(data: Path, port: int) -> dict[str, str]:
    """Settings of the installation: two workers of four threads, sign-in by password alone."""
    return settings(data, port) | {"LACRIMA_SECOND_STEP": "none"}


def begin(data: Path) -> Mapping[Role, tuple[str, str]]:
    """A key, facts and two accounts: role → (name, password)."""
    data.mkdir(mode=0o700)
    make_key(data / "server.key")
    (data / "site.toml").write_text(SITE, "utf-8")
    stores, password = Stores(data), secrets.token_urlsafe(16)
    try:
        for role in ROOMS:
            accounts.add(stores.office, name=role, role=role, at="2030-01-01T00:00:00+00:00")
            accounts.set_password(stores.office, role, passwords.hashed(password))
        members.assign(stores.office, "researcher", [FLAGSHIP])
        members.appoint(stores.office, MEMBER)
        keys = KeyRing(read_keys(data / "server.key"))
        sealed = b64encode(keys.encrypt_for(SECRET.encode(), "board"))
        accounts.set_totp(stores.office, "board", sealed)
    finally:
        stores.close()
    return {role: (role, password) for role in ROOMS}


@contextmanager
def served(data: Path) -> Iterator[Server]:
    """``lacrima serve`` on ``data``."""
    port = free_port()
    environ = without_settings() | environ_of(data, port)
    with serving([str(BIN / "lacrima"), "serve"], port=port, environ=environ) as pid:
        yield Server(port, pid)


class Person:
    """Somebody at one kept connection, signed in or not."""

    def __init__(self, port: int) -> None:
        self._wire = Connection(port, 1)

    def get(self, address: str) -> tuple[Reply, float]:
        """The reply and the seconds that it took, which must be 200."""
        begun = time.perf_counter()
        reply = self._wire.fetch(Request(address))
        took = time.perf_counter() - begun
        if reply.status != 200:
            raise Unexpected(f"{reply.status} at {address}")
        return reply, took

    def post(self, page: Reply, address: str, **filled: str) -> tuple[Reply, float]:
        """Send the form of ``page``; the redirect that follows is not followed."""
        token = _TOKEN.search(page.body)
        fields = filled | ({"csrf_token": token[1].decode()} if token else {})
        begun = time.perf_counter()
        reply = self._wire.fetch(Request(address, urlencode(fields).encode()))
        took = time.perf_counter() - begun
        if reply.status != 303:
            raise Unexpected(f"{reply.status} after the form sent to {address}")
        return reply, took

    def sign_in(self, role: Role, name: str, password: str) -> Person:
        """Through the sign-in page of the role's room."""
        address = f"/{ROOMS[role]}/sign-in"
        self.post(self.get(address)[0], address, name=name, password=password)
        if role == "board":  # always with a second step
            address = f"/{ROOMS[role]}/code"
            self.post(self.get(address)[0], address, code=pyotp.TOTP(SECRET).now())
        return self

    def leave(self) -> None:
        """Hang up."""
        self._wire.hang_up()
