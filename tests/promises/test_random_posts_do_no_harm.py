"""Whatever is posted to whatever address: no page fails, and nothing is stored."""

from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from survey.storage import answer_tables
from tests.journeys.client import Journey

NAMES = st.sampled_from(
    [
        "go",
        "shown",
        "refuse",
        "delete",
        "support",
        "change",
        "code",
        "state",
        "csrf_token",
        "mood",
        "one",
        "some",
        "line",
        "count",
        "views",
        "view_1",
        "view_2",
        "rule_1",
        "word",
        "story",
        "line-missing",
        "word-missing",
        "first",
        "upset",
        "been",
        "again",
        "e_age",
        "c_read",
        "c_open",
        "country",
    ]
) | st.text(max_size=5)
WORTH = st.sampled_from(
    [
        "1",
        "2",
        "-99",
        "-95",
        "-94",
        "0",
        "100",
        "yes",
        "no",
        "send",
        "delete",
        "agree",
        "decline",
        "back",
        "stop",
        "support",
        "information",
        "check",
        "done",
        "break",
        "left",
        "on",
        "continue",
        "leave",
        "landing",
        "questions",
        "withdraw",
        "views",
        "first",
        "p1_coded",
        "one",
        "99999999999999999999",
    ]
) | st.text(max_size=8)
PAIRS = st.tuples(st.just("go"), WORTH) | st.tuples(NAMES, WORTH)
FORMS = st.lists(PAIRS, max_size=8)
BRIEF = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def app(open_app):
    return open_app("minimal", "kinds", "once")


def posts(app):
    """Every address that takes a post, on each study."""
    bound = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        for name in ("kinds", "once"):
            values = {"address": name, "name": name, "token": "AAAAAAAAAAAA"}
            if "POST" in rule.methods:
                yield bound.build(rule.endpoint, {n: values.get(n, "1") for n in rule.arguments})


def post(client, address, fields, *, token=""):
    body = urlencode([*fields, ("csrf_token", token)], errors="surrogatepass")
    kind = "application/x-www-form-urlencoded"
    return client.browser.post(address, data=body, content_type=kind).status_code


def stored(app):
    stores = app.extensions["lacrima"].stores
    return [
        row
        for db in (stores.pilot, stores.responses)
        for name in ("minimal", "kinds", "once")
        for row in (*answer_tables.rows(db, name), *answer_tables.texts(db, name))
    ]


@BRIEF
@given(data=st.data(), fields=FORMS)
def test_a_stranger_breaks_and_stores_nothing(app, data, fields):
    address = data.draw(st.sampled_from(sorted(set(posts(app)))))
    stranger = Journey(app, "kinds").open("eligibility")
    token = stranger.page.named("csrf_token")[0].value
    assert post(stranger, address, fields, token=token) < 500
    assert stored(app) == []


@BRIEF
@given(data=st.data(), steps=st.lists(FORMS, min_size=1, max_size=4))
def test_somebody_half_way_breaks_nothing(app, data, steps):
    client = Journey(app, "kinds").begin()
    token = client.page.named("csrf_token")[0].value
    addresses = sorted({*posts(app), client.here})
    for fields in steps:
        address = data.draw(st.sampled_from(addresses) | st.just(client.here))
        shown = [] if address != client.here else [("shown", "one some line count")]
        assert post(client, address, [*shown, *fields], token=token) < 500
    assert client.open("check").status < 500


@BRIEF
@given(steps=st.lists(st.tuples(st.booleans(), FORMS), min_size=1, max_size=6))
def test_the_boards_walk_survives_every_turn_and_stores_nothing(app, steps):
    board = Journey(app, "").open("/ethics/kinds/flow")
    for keep_state, fields in steps:
        states = board.page.named("state") if keep_state else []
        sent = [(n, v) for n, v in fields if n != "state"] if states else fields
        data = dict(sent) | ({"state": states[0].value} if states else {})
        board._ask("POST", "/ethics/kinds/flow", data=data)
    assert stored(app) == []


@BRIEF
@given(path=st.text(max_size=30), query=st.text(max_size=10))
def test_no_address_breaks_anything(app, path, query):
    browser = app.test_client()
    for start in ("/", "/s/", "/s/kinds/", "/s/kinds/questions/", "/ethics/", "/static/"):
        answer = browser.get(
            start + quote(path.lstrip("/")), query_string={"country": query, "change": query}
        )
        assert answer.status_code < 500


@pytest.mark.parametrize("body", [b"%ff=%00&%c0%80", b"=&=&==", b"\xff\xfe", b"a" * 300_000])
def test_no_body_breaks_anything(app, body):
    client = Journey(app, "kinds").begin()
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=a", "text/x"):
        for address in (client.here, "/s/kinds/withdraw", "/ethics/kinds/flow"):
            answer = client.browser.post(address, data=body, content_type=kind)
            assert answer.status_code < 500
