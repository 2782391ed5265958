"""Deleting by code: whether a code was right, and what is left of what it deleted."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from survey.crypto import new_code
from survey.studies.availability import FRESH_SECONDS
from tests.attacks.attacked import MOOD, OTHER, Installation, rows_of
from tests.attacks.outcome import Outcome, Told
from tests.attacks.program import DRAWN
from tests.attacks.spelling import holding
from tests.journeys.page import Page
from tests.waiting import until


@dataclass(frozen=True)
class Reply:
    """What a browser can see of one try: the answer, and how long it took."""

    right: bool
    said: tuple[int, str, int, int, str]
    seconds: float


def rows(sound: Installation, weak: Installation, *, hits: int) -> list[Outcome]:
    """Right and wrong codes told apart; then deleted words searched for."""
    at_most = min(hits, len(weak.people))
    replies = tried(sound, hits), tried(weak, at_most)
    for attacked in (sound, weak):
        attacked.server.wait(lambda attacked=attacked: gone(attacked) and attacked.at_rest())  # type: ignore[misc]
    return [
        Outcome(
            "partner who saw a code",
            "whether a code was right: by the reply, its size and how long it took, learnt from "
            "half of the tries",
            told_apart(replies[0]),
            told_apart(replies[1]),
            "a deletion done while one waits",
            0.5,
            "board.md",
        ),
        Outcome(
            "thief of the disk",
            "words deleted by code, in any file",
            left(sound, hits),
            left(weak, at_most),
            "a file in which nothing is overwritten",
            0,
            "board.md",
        ),
    ]


def full_rows(sound: Installation, weak: Installation) -> list[Outcome]:
    """Deletions in a study that is full, seen on public pages."""
    return [
        Outcome(
            "partner who saw a code",
            "public addresses of a full study that read otherwise after right codes were typed",
            opened(sound),
            opened(weak),
            "a study that is full while so many answers are there",
            0,
            "board.md",
        )
    ]


def opened(attacked: Installation) -> Told:
    """Delete every answer of the full study and look until everything known was asked anew."""
    before = _public(attacked)
    for person in attacked.both:
        client = attacked.client(MOOD).open("withdraw")
        client.press(code=person.other_code)
    attacked.server.wait(lambda: gone(attacked) and not rows_of(attacked, OTHER))
    until(lambda: _public(attacked) != before, 2 * FRESH_SECONDS)
    after = _public(attacked)
    return Told(sum(before[page] != after[page] for page in before), len(before), 0)


PUBLIC = ("/", f"/s/{MOOD}/", f"/s/{MOOD}/eligibility", f"/s/{MOOD}/information", "/healthz")
FOR_BOARDS = ("", "data", "certificate", "certificate.json")


def _public(attacked: Installation) -> dict[str, str]:
    """What anybody reads there now, without what is drawn for each page."""
    pages = (*PUBLIC, *(f"/ethics/{OTHER}/{page}" for page in FOR_BOARDS))
    asked = {page: attacked.browser().open(page) for page in pages}
    return {
        page: DRAWN.sub("", f"{said.status} {said.headers.get('Location')} {said.body!r}")
        for page, said in asked.items()
    }


def tried(attacked: Installation, hits: int) -> list[Reply]:
    """As many right codes as wrong ones, in an order by lot, each from a browser of its own."""
    codes = [(p.code, True) for p in attacked.people[:hits]]
    codes += [(new_code(), False) for _ in codes]
    attacked.rng.shuffle(codes)
    return [_typed(attacked, code, right=right) for code, right in codes]


def _typed(attacked: Installation, code: str, *, right: bool) -> Reply:
    client = attacked.client().open("withdraw")
    fields = dict(client.page.fields(client.page.button().form)) | {"code": code}
    data = {name: [value] for name, value in fields.items()}
    browser: Any = client.browser
    begun = time.perf_counter()
    answer = browser.open("/s/once/withdraw", method="POST", data=data)
    seconds = time.perf_counter() - begun
    address = answer.headers.get("Location", "")
    page = browser.open(f"/s/once/{address.rpartition('/')[2]}" if address else "/")
    text = Page(page.get_data(as_text=True)).text
    size, after = len(answer.body), len(page.body)
    return Reply(right, (answer.status_code, address, size, after, text), seconds)


def told_apart(replies: list[Reply]) -> Told:
    """Use what is said where it differs, else the time that parted the first half best."""
    learnt, tested = replies[::2], replies[1::2]
    words = {reply.said: reply.right for reply in learnt}
    if len(words) > 1 and len({*words.values()}) > 1:
        return _counted(tested, lambda reply: words.get(reply.said, False))
    ways = [(at.seconds, longer) for at in learnt for longer in (True, False)]

    def guess(way: tuple[float, bool], reply: Reply) -> bool:
        return (reply.seconds >= way[0]) is way[1]

    best = max(ways, key=lambda way: sum(guess(way, r) is r.right for r in learnt))
    return _counted(tested, lambda reply: guess(best, reply))


def _counted(replies: list[Reply], guess: Callable[[Reply], bool]) -> Told:
    right = sum(guess(reply) is reply.right for reply in replies)
    return Told(right, len(replies), len(replies) / 2)


def gone(attacked: Installation) -> bool:
    """Whether every queued deletion was carried out."""
    with attacked.stores() as stores:
        waiting = stores.pilot.conn.execute("SELECT count(*) FROM withdrawals").fetchone()
    return bool(waiting == (0,))


def left(attacked: Installation, hits: int) -> Told:
    """Deleted words that any file still holds."""
    words, files = [p.words for p in attacked.people[:hits]], attacked.files
    rows = {row["deletion"] for row in rows_of(attacked)}
    assert not any(attacked.values(p)["row"] in rows for p in attacked.people[:hits])
    files = {name: held for name, held in files.items() if name.startswith("pilot")}
    return Told(sum(bool(holding(w, files)) for w in words), len(words), 0)
