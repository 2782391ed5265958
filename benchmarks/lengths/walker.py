"""A client that posts over TLS what Chromium posts, and what each page was when it came.

``tests/browser/test_lengths.py`` holds what it posts against a real Chromium.
"""

from __future__ import annotations

import random
import socket
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin, urlsplit

from benchmarks.lengths.relay import Relay
from benchmarks.lengths.site import browser_context
from benchmarks.page import WORDS, WalkFailed
from forms.form_fields import as_code, fixed_width
from forms.kinds import MISSING_SUFFIX
from forms.post_length import post_length
from forms.routing import branch_of
from forms.study import Question, Study
from survey.page_text import PageForm, read_form

Fields = list[tuple[str, str]]

# As Chromium sends them over HTTP/1.1 where a form is sent or a link followed.
BROWSER = (
    "Connection: keep-alive\r\nCache-Control: max-age=0\r\n"
    'sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24"\r\nsec-ch-ua-mobile: ?0\r\n'
    'sec-ch-ua-platform: "Linux"\r\nUpgrade-Insecure-Requests: 1\r\n'
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36\r\nAccept: text/html,application/xhtml+xml,"
    "application/xml;q=0.9,*/*;q=0.8\r\nSec-Fetch-Site: same-origin\r\n"
    "Sec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\nSec-Fetch-Dest: document\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9\r\n"
)
LEFT_OUT, TICKED, TYPED = 0.1, 0.4, 0.6  # how often a question is left out, a box ticked, …
GO_ON = ("go", "on")  # of the four ways on a help page
OK, SEE_OTHER = 200, 303
DISTRESS, TEARS = "distress_now", "saw_tears"
ENDS = ("done", "thanks", "later")


@dataclass
class Visit:
    """One page as somebody met it: lengths of its own exchange, and of the post that left it."""

    page: str  # its first question, or its screen
    shown: tuple[int, int]
    left: tuple[int, int] = (0, 0)

    @property
    def lengths(self) -> tuple[int, ...]:
        """All four: request and response of the page, of the post."""
        return (*self.shown, *self.left)


@dataclass
class Walk:
    """One client's walk: its pages in order, and what nobody was to learn from their lengths."""

    visits: list[Visit] = field(default_factory=list)
    tears: bool = False
    helped: bool = False
    exchanges: int = 0
    size: int = 0  # bytes down


class Browser:
    """One connection through the relay, with cookies and the page before."""

    def __init__(self, relay: Relay, proxy: int, start: str) -> None:
        plain = socket.create_connection(("127.0.0.1", relay.port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = browser_context().wrap_socket(plain)
        self._relay, self._origin = relay, f"https://127.0.0.1:{proxy}"
        self._cookies: dict[str, str] = {}
        self._before = ""
        self.here = urljoin(self._origin, start)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def ask(self, address: str, body: str | None = None) -> tuple[int, str, str, tuple[int, int]]:
        """Return status, address to go to, page, and the lengths that the relay saw."""
        url = urlsplit(urljoin(self.here, address))
        target = url.path + (f"?{url.query}" if url.query else "")
        lines = f"{'GET' if body is None else 'POST'} {target} HTTP/1.1\r\nHost: {url.netloc}\r\n"
        lines += BROWSER
        if self._before:
            lines += f"Referer: {self._before}\r\n"
        if self._cookies:
            lines += "Cookie: " + "; ".join(f"{n}={v}" for n, v in self._cookies.items()) + "\r\n"
        if body is not None:
            lines += f"Origin: {self._origin}\r\nContent-Length: {len(body)}\r\n"
            lines += "Content-Type: application/x-www-form-urlencoded\r\n"
        self._relay.taken()
        self._socket.sendall((lines + "\r\n" + (body or "")).encode())
        status, headers, page = self._response()
        if body is None:
            self.here = self._before = url._replace(fragment="").geturl()  # no browser sends it
        (lengths,) = self._relay.taken()
        return status, headers.get("location", ""), page, lengths

    def _response(self) -> tuple[int, dict[str, str], str]:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers: dict[str, str] = {}
        for name, _, value in (line.partition(": ") for line in lines):
            if name.lower() == "set-cookie":
                self._keep(value)
            headers[name.lower()] = value
        while len(body) < int(headers["content-length"]):
            body += self._more()
        return int(first.split()[1]), headers, body.decode()

    def _more(self) -> bytes:
        data = self._socket.recv(1 << 16)
        if not data:
            raise ConnectionError("The proxy hung up.")
        return data

    def _keep(self, cookie: str) -> None:
        name, _, rest = cookie.partition("=")
        value = rest.partition(";")[0]
        self._cookies.pop(name, None)
        if value:
            self._cookies[name] = value


def filled(fields: Fields, length: int) -> Fields:
    """Return the fields as script sends them: the hidden one makes the form so long."""
    bare = [(name, "" if name == "pad" else value) for name, value in fields]
    over = len(urlencode(bare)) % length
    pad = "0" * (length - over if over else 0)
    return [(name, pad if name == "pad" else value) for name, value in bare]


class Client:
    """Somebody whose answers are drawn by lot."""

    def __init__(self, study: Study, draw: random.Random, *, script: bool) -> None:
        self._study, self._draw, self._script = study, draw, script

    def answers(self, form: PageForm) -> Fields:
        """Return what this client chooses and types on a page."""
        fields: Fields = []
        for name, offered in form.choices.items():
            fields += [(name, fixed_width(v)) for v in self._chosen(name, offered)]
        return fields + [(name, self._words(name)) for name in form.typed]

    def post(self, form: PageForm, answers: Fields) -> str:
        """Return what this client sends from a page."""
        fields = [*form.hidden.items(), *answers]
        if "shown" not in form.hidden:
            fields += [GO_ON] if GO_ON in form.buttons else form.buttons[:1]
        return urlencode(filled(fields, post_length(self._study)) if self._script else fields)

    def _question(self, name: str) -> Question | None:
        return self._study.questions.get(name.removesuffix(MISSING_SUFFIX))

    def _chosen(self, name: str, offered: list[str]) -> list[str]:
        question = self._question(name)
        if name == "support" or name.endswith(MISSING_SUFFIX):
            return []
        if name not in self._known_rows() and question is None:
            return [offered[0]]  # before the questions: yes
        if question is not None and question.kind == "multiple":
            return [v for v in offered if self._draw.random() < TICKED and not v.startswith("-")]
        required = question is not None and question.required
        if not required and self._draw.random() < LEFT_OUT:
            return []
        return [self._draw.choice(offered)]

    def _known_rows(self) -> set[str]:
        return {row.variable for q in self._study.questions.values() for row in q.rows}

    def _words(self, name: str) -> str:
        question = self._question(name)
        if question is None or self._draw.random() > TYPED:
            return ""
        if question.max_length:
            most = min(question.max_length, len(WORDS))
            return WORDS[: self._draw.randint(min(20, most), most)]
        return str(self._draw.randint(question.minimum, question.maximum))

    def walk(self, browser: Browser) -> Walk:
        """Walk from the landing page to an end."""
        walk = Walk()
        address, body = browser.here, None
        while True:
            page = self._turn(browser, address, body, walk)
            form = read_form(page)
            walk.helped |= walk.visits[-1].page == "support"
            if walk.visits[-1].page in ENDS:
                return walk
            if form.next_link:
                address, body = form.next_link, None
                continue
            answers = self.answers(form)
            address, body = form.action or browser.here, self.post(form, answers)
            if walk.visits[-1].page == TEARS:
                walk.tears = self.saw_tears(answers)

    def saw_tears(self, answers: Fields) -> bool:
        """Whether these answers lead to the first branch."""
        given = {name: as_code(value) for name, value in answers}
        codes = {name: code for name, code in given.items() if code is not None}
        return branch_of(self._study, codes) == self._study.branches[0].name

    def _turn(self, browser: Browser, address: str, body: str | None, walk: Walk) -> str:
        """Go on to the next page, note it and return it."""
        while True:
            status, there, html, lengths = browser.ask(address, body)
            walk.exchanges += 1
            walk.size += lengths[1]
            if status == SEE_OTHER:
                walk.visits[-1].left = lengths
                address, body = there, None
            elif status != OK or "<title>Error" in html:
                raise WalkFailed(f"{status} at {address}.")
            else:
                walk.visits.append(Visit(page_of(browser.here, html), lengths))
                return html


def page_of(url: str, html: str) -> str:
    """Return the first question of a page, or its screen."""
    screen = urlsplit(url).path.split("/")[3] or "landing"
    if screen != "questions":
        return screen
    return read_form(html).hidden["shown"].split()[0]
