"""From the length of an encrypted response or form nobody can tell which page it was."""

from urllib.parse import quote_plus, urlsplit

import pytest

from forms.answers import check_parts
from forms.kinds import MISSING_SUFFIX
from forms.page_view import LONGEST_CHARACTER
from survey.padding import REDIRECT_LENGTH
from survey.respondents.page_sizes import length_of_pages
from tests.journeys.client import Journey
from tests.journeys.site import Site
from tests.journeys.walking import walk

UPSET, CALM = {"distress_now": 9}, {"distress_now": 1}
SEEN, NOT_SEEN = {"saw_tears": 1}, {"saw_tears": 3}


class Wire:
    """What the application puts on the wire and takes from it, request by request."""

    def __init__(self, app):
        self.inner, self.pages, self.redirects = app.wsgi_app, [], []
        self.addresses, self.cookies, self.encodings = [], [], []
        app.wsgi_app = self

    def __call__(self, environ, start_response):
        def start(status, headers, *rest):
            self.head = status, headers
            return start_response(status, headers, *rest)

        environ["HTTP_ACCEPT_ENCODING"] = "gzip"
        body = b"".join(self.inner(environ, start))
        status, headers = self.head
        size = len(f"HTTP/1.1 {status}\r\n\r\n") + len(body)
        size += sum(len(f"{name}: {value}\r\n") for name, value in headers)
        (self.redirects if status.startswith("303") else self.pages).append(size)
        query = environ["QUERY_STRING"]
        self.addresses.append(environ["PATH_INFO"] + (f"?{query}" if query else ""))
        self.cookies.append(environ.get("HTTP_COOKIE", ""))
        self.encodings += [value for name, value in headers if name == "Content-Encoding"]
        return [body]


@pytest.fixture
def site(open_app):
    return lambda name: Site(open_app(name), name)


@pytest.fixture
def flagship(site):
    return site("therapist-tears")


def answered(name, values):
    """The first choice of every question."""
    return values[0] if values and not name.endswith(MISSING_SUFFIX) else None


def to_the_end(site, answers):
    """Walk with the longest texts, look at every part of the check page, send with a code."""
    asked = site.version.study.questions.values()
    texts = {q.name: LONGEST_CHARACTER * q.max_length for q in asked if q.max_length}
    client = walk(site.client().begin(), answered, **answers, **texts)
    assert len(list(client.check_parts())) == len(check_parts(site.version.study))
    assert client.send(code=True).screen == "done"
    return client


def length_of(site):
    with site.app.test_request_context():
        return length_of_pages(site.version)


@pytest.mark.parametrize("answers", [SEEN | UPSET, NOT_SEEN | CALM], ids=["seen", "not"])
def test_every_page_of_every_way_has_one_length(flagship, answers):
    wire = Wire(flagship.app)
    to_the_end(flagship, answers)
    assert set(wire.pages) == {length_of(flagship)}
    assert set(wire.redirects) == {REDIRECT_LENGTH}


def test_ways_out_refusals_and_pages_that_are_not_there_have_it_too(flagship):
    wire, client = Wire(flagship.app), flagship.client().begin()
    for screen in ("support", "information", "stop", "withdraw", "nothing", "questions/x", "done"):
        client.open(screen)
    client.open("support?country=Ireland").open("stop").press("go", "delete")
    flagship.client().open("questions/x")
    client.browser.post("/s/hour/consent", data={"go": "agree"})
    client.browser.post("/s/hour/leave")
    assert len(wire.pages) > 10
    assert set(wire.pages) == {length_of(flagship)}


def test_addresses_and_cookies_of_a_walk_have_one_length_as_well(flagship):
    wire = Wire(flagship.app)
    to_the_end(flagship, SEEN | UPSET)
    assert {len(a) for a in wire.addresses if a != "/s/hour/"} == {len("/s/hour/") + 48}
    assert len({len(cookie) for cookie in wire.cookies if cookie}) == 1


def test_nothing_of_a_walk_is_compressed_nor_may_be_by_a_proxy(flagship):
    wire, client = Wire(flagship.app), flagship.client().start()
    assert client.headers["Cache-Control"] == "no-store, no-transform"
    client.inform().be_eligible()
    assert wire.encodings == []


def test_a_choice_sends_as_much_as_any_other_of_its_question(site):
    client = site("kinds").client().begin()
    while client.screen == "questions":
        offered = [c for c in client.page.controls if c.kind in ("radio", "checkbox")]
        widths = {len(quote_plus(c.value)) for c in offered if c.name != "support"}
        assert widths <= {4}
        client.next()
    assert {len(c.value) for c in client.page.named("code")} == {4}


def sent(client, form, *button, **filled):
    """Bytes that a browser without script sends with this form."""
    fields = [*client.filled(form, filled), *button]
    return sum(len(quote_plus(name)) + len(quote_plus(value)) + 2 for name, value in fields)


def test_without_script_forms_send_as_much_where_every_question_is_answered_by_a_choice(site):
    client, lengths = site("scores").client().begin(), set()
    while client.screen == "questions":
        first = {c.name: c.chosen for c in reversed(client.page.controls) if c.kind == "radio"}
        lengths.add(sent(client, "walk", **first))
        client.answer(**first)
    lengths.add(sent(client, "walk", ("go", "send"), code="no"))
    form = client.open("support").page.button("go", "continue").form
    assert {*lengths, sent(client, form, ("go", "continue"))} == lengths
    assert len(lengths) == 1


def test_a_page_without_script_says_what_the_network_sees_of_it(site):
    client = site("once").client()
    assert "Every page is sent at one length" in client.start().text
    client.begin()
    assert "how much you type, tick and leave out" in client.text


def test_the_board_reads_the_lengths_that_are_sent(flagship):
    page = Journey(flagship.app, "hour").open("/ethics/therapist-tears/data").text
    assert f"every page of this study is sent as {length_of(flagship):,} bytes" in page
    assert urlsplit(flagship.client().start().page.link(rel="next")).query.startswith("p=0")


def test_what_only_fills_up_a_form_makes_no_draft_at_rest_longer(site):
    kinds = site("kinds")
    client = kinds.client().begin()
    sealed = "SELECT length(sealed) FROM drafts"
    before = kinds.services.stores.drafts.conn.execute(sealed).fetchone()
    client.answer(line="1000", pad="0" * 7000)
    assert "Enter a whole number" in client.text
    assert kinds.services.stores.drafts.conn.execute(sealed).fetchone() == before
