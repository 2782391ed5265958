"""Whoever opens every page of the rooms before and after one client has answered sees no change."""

import io
import re
from zipfile import ZipFile

import pytest

from survey.storage import record
from tests.journeys.boardroom import Served
from tests.journeys.releasing import Room, freeze, real_answers
from tests.signing import approve_and_confirm

NAME = "kinds"
FROZEN, NEW = 60, 7  # answers: in a batch, and not frozen yet
# What differs from look to look by itself: tokens of forms, challenges of keys, and the head of
# the record, in which every look of the reader's own is a line.
ITSELF = re.compile(
    rb'value="[\w.-]{60,}"|name="(seen|position)" value="\w+"|challenge&#34;: &#34;[\w-]+'
    rb'|\b\d+:[0-9a-f]{16}\b|"(head|position)": ?"?\w+|[0-9a-f]{64} at position \d+|audit \d+'
)
LEAST = 25  # addresses: what is compared is there
# They tell of this very reading.
NOT_COMPARED = (
    "/ethics/audit", "/report", "record.json", "/chain.csv", "/record/audit.", "/SHA256SUMS",
)  # fmt: skip


@pytest.fixture
def site(open_app, tmp_path, study):
    """An open study with frozen answers that were released, and with some that came since."""
    served = Served(open_app, tmp_path / "shelf", NAME)
    real_answers(served.app, study(NAME), FROZEN)
    freeze(served.app, study(NAME))
    real_answers(served.app, study(NAME), NEW, seed=2)
    approve_and_confirm(served.services.stores, served.version)
    served.become("open")
    return served


@pytest.fixture
def ada(site, signed_in):
    room = Room(signed_in(site.app, name="Ada"))
    room.seen("C").make(name="Dr Ada", agreement="DUA 7", date="2026-01-02")
    return room


def one_more(site):
    """Somebody comes, answers with words of her own, wants a code, and sends."""
    client = site.client().begin()
    while client.screen == "questions":
        typed = {c.name: "Mine alone" for c in client.page.controls if c.tag == "textarea"}
        client.answer(**typed)
    assert client.send(code=True).screen == "done"
    site.services.stop()  # what was counted is written down


def pages(site, browser):
    """Every page of both rooms that opens for this browser: address → content."""
    found: dict[str, bytes] = {}
    for rule in site.app.url_map.iter_rules():
        room = rule.rule.split("/")[1]
        if "GET" not in rule.methods or room not in ("research", "ethics"):
            continue
        values = {n: NAME if n == "name" else 1 for n in rule.arguments}
        values |= {n: v for n, v in (("tier", "C"), ("kind", "svg"), ("paper", "a4"),
                                     ("step", "close"), ("key", "flow"), ("ending", "csv"),
                                     ("token", "T")) if n in values}  # fmt: skip
        address = site.app.url_map.bind("localhost").build(rule.endpoint, values)
        answer = browser.get(address)
        found |= files(answer.data) if address.endswith("bundle.zip") else {address: answer.data}
        answer.close()
    kept = {a: c for a, c in found.items() if not any(n in a for n in NOT_COMPARED)}
    return {a: ITSELF.sub(b"", c) for a, c in kept.items()}


def files(zipped):
    """What is in a zip, or the page that tells why there is none."""
    if not zipped.startswith(b"PK"):
        return {"no zip": zipped}
    archive = ZipFile(io.BytesIO(zipped))
    return {name: archive.read(name) for name in archive.namelist()}


def linked(site):
    """How many of the staff's acts are in the record."""
    return record.head(site.services.stores.office).position


@pytest.mark.parametrize("role", ["researcher", "board"])
def test_no_page_of_the_rooms_shows_that_one_more_has_answered(site, ada, signed_in, role):
    browser = signed_in(site.app, role)
    pages(site, browser)
    first = linked(site)
    before, own = pages(site, browser), linked(site) - first
    one_more(site)
    after = pages(site, browser)
    assert linked(site) == first + 2 * own
    assert (len(site.rows), len(before) > LEAST) == (FROZEN + NEW + 1, True)
    assert [a for a in before if before[a] != after[a]] == []


def test_no_preview_shows_that_one_more_has_answered(site, ada):
    before = ada.seen().text
    one_more(site)
    assert ada.seen().text == before


def test_no_refusal_shows_that_one_more_has_answered(site, ada):
    """Asked again and again, a batch that is too small says neither its size nor what it lacks."""
    before = ada.open("life/batch").press().wait().text
    one_more(site)
    after = ada.open("life/batch").press().wait().text
    assert "fewer than 50 new answers" in after
    assert at_no_time(after) == at_no_time(before)


def at_no_time(text):
    return re.sub(r"\d\d:\d\d", "", text)
