"""A real server that people answered at in a known order, and everything that it left behind."""

from __future__ import annotations

import json
import random
import sys
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from survey.cli.main import main
from survey.crypto import KeyRing, make_key, read_keys
from survey.respondents.browser import SECRET, entry_of
from survey.storage import answer_tables
from survey.storage.stores import Stores
from tests.attacks.spelling import files_in
from tests.conftest import folder_of
from tests.journeys.client import Journey
from tests.journeys.wire import WireBrowser
from tests.serving import Server, free_port, running

STUDY, OTHER = "once", "minimal"
ONCE, MOOD = "once", "mood"  # their addresses
# What nobody may find again, wherever a request can carry it.
ADDRESS, FORWARDED, AGENT = "127.0.0.77", "203.0.113.77", "Canary/5.0 (agent-7781)"
LANGUAGE, REFERRER = "canary-language-2210", "canary-referrer-5501"
QUERY, HALF = "canary-query-4410", "canary begun and never sent 3303"
HEADERS = {
    "User-Agent": AGENT, "X-Forwarded-For": FORWARDED, "Accept-Language": f"en, {LANGUAGE}",
    "Referer": f"http://{REFERRER}.example/topic",
    "Sec-Fetch-Site": "same-origin",  # or a form with such a Referer would be refused
}  # fmt: skip


@dataclass
class Person:
    """Somebody who answered: the words, the code for deletion, the invitation, the browser's half
    of the draft's key."""

    words: str
    code: str = ""
    other_code: str = ""  # of the other study
    invitation: str = ""
    secret: bytes = b""
    cookie: str = ""


@dataclass
class Installation:
    """An installation; ``people`` are in the order in which they sent."""

    server: Server
    site: str
    data: Path
    sound: bool
    people: list[Person] = field(default_factory=list)
    both: list[Person] = field(default_factory=list)  # answered the other study as well
    unspent: list[str] = field(default_factory=list)
    copies: list[dict[str, bytes]] = field(default_factory=list)  # of the file, between people
    snapshots: list[dict[str, bytes]] = field(default_factory=list)  # after each of the last ones
    rng: random.Random = field(default_factory=lambda: random.Random(5))

    @cached_property
    def keys(self) -> KeyRing:
        """The server's keys, which whoever holds every file holds too."""
        return KeyRing(read_keys(self.data / "server.key"))

    @property
    def files(self) -> dict[str, bytes]:
        """Every file, and what was printed."""
        return {**files_in(self.data), "(printed)": self.server.said.encode()}

    def browser(self) -> WireBrowser:
        """A device that can be told from any other."""
        return WireBrowser(self.site, HEADERS, ADDRESS)

    def client(self, address: str = ONCE, browser: Any = None) -> Journey:
        """Somebody at a study."""
        return Journey(None, address, browser=browser or self.browser())

    def at_rest(self) -> bool:
        """Whether what arrived was laid down with the rest and every log is empty."""
        logs = (self.data / f"{name}.db-wal" for name in ("pilot", "drafts"))
        return not self.sound or not any(p.exists() and p.stat().st_size for p in logs)

    def values(self, person: Person) -> dict[str, bytes]:
        """What stands in the files for this person: row, text, draft, token of sending."""
        name = self.keys.name(person.secret)
        return {
            "row": self.keys.deletion_value(person.code, "answers"),
            "text": self.keys.deletion_value(person.code, "text:first"),
            "draft": name,
            "token": self.keys.accepted(name),
        }

    @contextmanager
    def stores(self) -> Iterator[Stores]:
        """The files as a program opens them that does not wait for the server to end."""
        stores = Stores(self.data)
        yield stores
        stores.close()


def secret_of(browser: Any, study: str) -> bytes:
    """The browser's half of the key, out of its cookie."""
    body = browser.cookies["s"].removeprefix(".").split(".")[0]
    held = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return urlsafe_b64decode(held[entry_of(study)][SECRET])


def invited(data: Path, count: int) -> list[str]:
    """Codes as ``lacrima invite`` hands them out beside a running server."""
    env = {"LACRIMA_DATA": str(data), "LACRIMA_PILOTS": f"{STUDY},{OTHER}"}
    studies = {"LACRIMA_STUDIES": f"{folder_of(STUDY)}:{folder_of(OTHER)}"}
    out = data.parent / f"codes-{data.name}.txt"
    words = ["invite", STUDY, "--count", str(count), "--out", str(out)]
    done = CliRunner(env=env | studies).invoke(main, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return out.read_text().split()


def begin(attacked: Installation, invitation: str = "") -> Journey:
    """Somebody new as far as the first question, by a code where one was handed out."""
    client = attacked.client()
    if invitation:
        client.open("/i/").press(invitation=invitation)
    else:
        client.start()
    assert not invitation or not any(invitation in address for address in client.visited)
    return client.inform().be_eligible().agree()


def send(attacked: Installation, number: int, invitation: str = "", *, other: bool = False) -> None:
    """Person ``number`` answers, and the other study too where asked."""
    words = f"the words of somebody {attacked.rng.getrandbits(48):012x}"
    person = Person(words, invitation=invitation)
    client = begin(attacked, invitation).answer(first=person.words).answer(upset=3)
    browser: Any = client.browser
    person.secret = secret_of(browser, STUDY)
    person.cookie = browser.cookies["s"]
    person.code = client.send(code=True).code
    assert client.screen == "done"
    attacked.people.append(person)
    if other:
        again = attacked.client(MOOD, client.browser).begin().answer(mood=1 + number % 3)
        person.other_code = again.send(code=True).code
        assert again.screen == "done"
        attacked.both.append(person)


GROUP = 5  # people between two copies of the file
MOST_COPIED = 1000  # people: each copy is kept in memory
ALONE = 12  # people after each of whom the file is copied: a copy a second, and nobody else in it
COPIED = ("pilot.db", "pilot.db-wal")


def fill(attacked: Installation, people: int, codes: int, both: int) -> None:
    """So many people answer, the first of them by invitation, some of them both studies."""
    handed = invited(attacked.data, 2 * codes) if codes else []
    attacked.rng.shuffle(handed)
    attacked.unspent = handed[codes:]
    for number in range(people):
        code = handed[number] if number < codes else ""
        send(attacked, number, code, other=number < both)
        if (number + 1) % GROUP == 0 and number < MOST_COPIED:
            attacked.copies.append(_copy(attacked))
        if number >= people - ALONE - 1:
            attacked.snapshots.append(_copy(attacked))
    attacked.server.wait(attacked.at_rest)


def _copy(attacked: Installation) -> dict[str, bytes]:
    held = {name: attacked.data / name for name in COPIED}
    return {name: path.read_bytes() for name, path in held.items() if path.exists()}


@contextmanager
def attacked(folder: Path, *, sound: bool, limit: int = 0) -> Iterator[Installation]:
    """Two studies served from ``folder`` as pilots; the other one is full at ``limit`` answers."""
    port, data = free_port(), folder / ("sound" if sound else "weakened")
    site = f"http://127.0.0.1:{port}"
    settings = {
        "LACRIMA_DATA": str(data), "LACRIMA_PORT": str(port), "LACRIMA_HTTPS": "off",
        "LACRIMA_STUDIES": f"{folder_of(STUDY)}:{folder_of(OTHER)}",
        "LACRIMA_PILOTS": f"{STUDY},{OTHER}", "LACRIMA_PROXIES": "0",
    }  # fmt: skip
    make_key(data / "server.key")
    if limit:
        (data / "site.toml").write_text(f'[study."{OTHER}"]\nlimit = {limit}\n', "utf-8")
    command = [sys.executable, "-m", "tests.attacks.served", "sound" if sound else "weakened"]
    with running(command, settings, f"{site}/healthz") as server:
        yield Installation(server, site, data, sound)


def rows_of(attacked: Installation, study: str = STUDY) -> list[dict[str, Any]]:
    """Stored rows in the order in which the file gives them."""
    with attacked.stores() as stores:
        return list(answer_tables.rows(stores.pilot, study))
