"""Who holds every file of the server, the key included, still cannot open a draft."""

from base64 import urlsafe_b64decode

import pytest

from survey.crypto import KeyRing, new_secret, read_keys
from survey.errors import Unsealable
from survey.respondents.browser import SECRET, entry_of
from tests.journeys.client import Journey

WROTE = "A private thought, canary 5517."


@pytest.fixture
def half_way(open_app):
    """Somebody in the middle of answering."""
    app = open_app("once")
    client = Journey(app, "once").begin().answer(first=WROTE)
    return app.extensions["lacrima"], client


def sealed(services):
    (row,) = services.stores.drafts.conn.execute("SELECT sealed FROM drafts").fetchall()
    return row[0]


def secret_of(client):
    with client.browser.session_transaction() as session:
        return urlsafe_b64decode(session[entry_of("once")][SECRET])


def test_no_file_shows_what_was_written_or_asked(half_way):
    services, _ = half_way
    files = [path for path in services.config.data.rglob("*") if path.is_file()]
    held = b"".join(path.read_bytes() for path in files if "drafts" in path.name)
    assert len(held) > 4096
    assert not any(word in held for word in (b"canary", b'"first"', b'"answers"', b"once"))


def test_the_server_key_alone_opens_nothing(half_way):
    services, _ = half_way
    seal = KeyRing(read_keys(services.config.key))
    for secret in (b"", bytes(32), new_secret()):
        with pytest.raises(Unsealable):
            seal.lock(secret).open(sealed(services))


def test_the_browsers_half_with_another_key_opens_nothing(half_way):
    services, client = half_way
    with pytest.raises(Unsealable):
        KeyRing([new_secret()]).lock(secret_of(client)).open(sealed(services))


def test_both_halves_open_it(half_way):
    services, client = half_way
    plain = services.keys.lock(secret_of(client)).open(sealed(services))
    assert WROTE.encode() in plain


@pytest.mark.parametrize("place", [0, 11, 12, 2000, -1])
def test_a_draft_with_one_bit_changed_opens_no_more(half_way, place):
    services, client = half_way
    bent = bytearray(sealed(services))
    bent[place] ^= 1
    with pytest.raises(Unsealable):
        services.keys.lock(secret_of(client)).open(bytes(bent))


def test_a_draft_filed_under_another_name_opens_no_more(half_way):
    services, _ = half_way
    with pytest.raises(Unsealable):
        services.keys.lock(new_secret()).open(sealed(services))


def test_a_long_answer_and_a_short_one_give_drafts_of_the_same_size(open_app):
    sizes = []
    for words in ("x", "x" * 500):
        app = open_app("once")
        services = app.extensions["lacrima"]
        services.stores.drafts.conn.execute("DELETE FROM drafts")
        Journey(app, "once").begin().answer(first=words)
        sizes.append(len(sealed(services)))
    assert sizes[0] == sizes[1]
