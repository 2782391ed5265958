"""Marked addresses, names, codes and words, searched for in all that a server wrote."""

from __future__ import annotations

from functools import lru_cache

from survey.app import page_app
from survey.errors import Unsealable
from survey.storage.drafts import SHOWN_FOR
from tests.attacks.attacked import (
    ADDRESS,
    AGENT,
    FORWARDED,
    HALF,
    LANGUAGE,
    ONCE,
    QUERY,
    REFERRER,
    STUDY,
    Installation,
    Person,
    begin,
    secret_of,
)
from tests.attacks.outcome import Outcome, Told
from tests.attacks.served import FAIL
from tests.attacks.spelling import holding

READER = "host, reader of logs"
REQUESTS = ("GET /", "POST /", "BREW")
PERSONAL = (ADDRESS, FORWARDED, AGENT, LANGUAGE, REFERRER, QUERY, HALF, *REQUESTS)
MOST = 50  # people whose marks are searched for
AT_THE_WEAKENED = 12  # routes: it logs the first request
FAILED = 500
WRITTEN = ("pilot.db", "pilot.db-wal")  # where words that were sent belong


def rows(sound: Installation, weak: Installation) -> list[Outcome]:
    """Everything personal of requests, codes and words; forced exceptions among the requests."""
    marks = "address, forwarded address, agent, language, referrer, query, words begun and not sent"
    failed = f"; all {len(routes())} routes failed on purpose with that in the error"
    kinds = (
        (f"{marks}, request lines{failed}", personal),
        ("cookies, codes for deletion and invitations of people who answered", secrets),
        ("words that were sent, anywhere but in their table", words),
    )
    for attacked in (sound, weak):
        provoke(attacked)
    how, without = "in any spelling, in every file and all that was printed", "a log of requests"
    return [
        Outcome(READER, f"{what}; {how}", measure(sound), measure(weak), without, 0, "board.md")
        for what, measure in kinds
    ]


@lru_cache(maxsize=1)
def routes() -> list[tuple[str, str]]:
    """Method and address of every route of the program, for the study that people answer."""
    app, found = page_app(), []
    values = {"address": ONCE, "name": STUDY}
    for rule in app.url_map.iter_rules():
        plain = {name: 1 if f"int:{name}" in rule.rule else "x" for name in rule.arguments}
        filled = {name: values.get(name, value) for name, value in plain.items()}
        address = app.url_map.bind("localhost").build(rule.endpoint, filled, force_external=False)
        found += [(method, address) for method in ("GET", "POST") if method in (rule.methods or ())]
    return sorted({*found})


def provoke(attacked: Installation) -> None:
    """Somebody stops half-way, somebody is still under way, and all sorts of requests fail."""
    begin(attacked).stop(first=HALF)
    begin(attacked).answer(first=HALF)
    browser = attacked.browser()
    for method, address in routes()[: None if attacked.sound else AT_THE_WEAKENED]:
        data = {"first": [HALF], "code": [QUERY]} if method == "POST" else None
        said = browser.open(f"{address}?{QUERY}", method=method, data=data, headers={FAIL: "yes"})
        assert said.status_code == FAILED, (method, address, said.status)
    for path in (f"/nowhere?{QUERY}", "/s/%ff%00", f"/s/once/check?{QUERY}"):
        browser.open(path)
    for data in ({"code": [HALF]}, {"csrf_token": [QUERY]}, {"first": ["x" * 300_000]}):
        browser.open("/s/once/withdraw", method="POST", data=data)
    browser.open("/", method="BREW")
    attacked.client().open("/i/").press(invitation=QUERY)
    attacked.server.wait(attacked.at_rest)


def personal(attacked: Installation) -> Told:
    """Marks of the request."""
    files = attacked.files
    return Told(sum(bool(holding(mark, files)) for mark in PERSONAL), len(PERSONAL), 0)


def secrets(attacked: Installation) -> Told:
    """Cookies and codes; a draft that lies open holds the code that was shown."""
    files = attacked.files
    held = [mark for person in attacked.people[:MOST] for mark in _secrets(person)]
    return Told(sum(bool(holding(mark, files)) for mark in held), len(held), 0)


def _secrets(person: Person) -> list[str | bytes]:
    codes = [code for code in (person.code, person.invitation) if code]
    return [*codes, *(code.replace("-", "") for code in codes), person.secret, person.cookie]


def words(attacked: Installation) -> Told:
    """Words outside the file of answers."""
    files = attacked.files
    sent = [p.words for p in attacked.people[:MOST]]
    return Told(sum(bool(holding(w, files, WRITTEN)) for w in sent), len(sent), 0)


# Drafts.

UNDER_WAY = f"SELECT id, sealed FROM drafts WHERE expires > {max(SHOWN_FOR)}"


def draft_rows(sound: Installation, weak: Installation) -> list[Outcome]:
    """Drafts of people who are answering, read by whoever holds every file, the key included."""
    people = 12
    for attacked in (sound, weak):
        for _ in range(people):
            under_way(attacked)
    return [
        Outcome(
            "thief of the disk",
            "answers of people under way: drafts opened with the server's key and whatever lies in "
            "any file in place of the browser's half",
            opened(sound),
            opened(weak),
            "drafts that are not sealed",
            0,
            "board.md",
        )
    ]


def under_way(attacked: Installation) -> None:
    """Somebody has written something and went away."""
    client = begin(attacked).answer(first=HALF)
    assert secret_of(client.browser, STUDY)


def opened(attacked: Installation) -> Told:
    """Try to read every draft: in clear, and with each 32 bytes that could be the other half."""
    with attacked.stores() as stores:
        drafts = stores.drafts.conn.execute(UNDER_WAY).fetchall()
    key = bytes.fromhex((attacked.data / "server.key").read_text().split()[0])
    right = 0
    for name, sealed in drafts:
        halves = (b"", bytes(32), key, name, sealed[:32], sealed[-32:])
        right += any(HALF.encode() in plain for plain in _tries(attacked, sealed, halves))
    return Told(right, len(drafts), 0)


def _tries(attacked: Installation, sealed: bytes, halves: tuple[bytes, ...]) -> list[bytes]:
    found = [sealed]
    for half in halves:
        try:
            found.append(attacked.keys.lock(half).open(sealed))
        except Unsealable:
            continue
    return found
