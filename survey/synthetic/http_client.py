"""A visitor over HTTP as a plain browser without script would be, and synthetic clients by it.

Cookies, redirects within one site, the one POST form of a page, and no more.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit

from forms.kinds import MISSING_SUFFIX, kind_of
from forms.simulation import load_recipe
from forms.study import LEFT_BLANK, NOT_REACHED, Study
from survey.errors import Refusal
from survey.page_text import PageForm, read_form
from survey.respondents.invitations import read_code
from survey.synthetic.simulate import SimulatedResponse, simulate

TIMEOUT_SECONDS = 30
MOST_REDIRECTS = 10
MOST_BYTES = 5 * 2**20
MOST_PAGES = 200  # more than any study has: a walk that goes on is going in circles
PILOT_MARK = "Pilot:"
PREFER_NOT_CODE = -99
INVITATION = "invitation"  # the one field of the page that asks for a code
NO_CODE = (
    "{url} asks for an invitation that opens it: make as many with `lacrima invite` as clients are "
    "to walk, none of them used yet, and name the file with --invitations."
)

Fields = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class PageResponse:
    """A page as it came back, with its status and the path it was found at.

    ``away`` is an address outside of the site that the visitor is sent to; it is not followed.
    """

    status: int
    html: str
    path: str
    away: str = ""


def origin_of(url: str) -> str:
    """Return scheme and host of ``url``. Raises Refusal where it names no site."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise Refusal(f"{url} is no address of a site: give https://… or http://….")
    return f"{parts.scheme}://{parts.netloc}"


class HttpVisitor:
    """One visitor to the site at ``url``. Raises Refusal when it cannot be reached."""

    def __init__(self, url: str) -> None:
        self.origin = origin_of(url)
        self._cookies: dict[str, str] = {}
        parts = urlsplit(self.origin)
        secure = parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        self._connection = kind(parts.netloc, timeout=TIMEOUT_SECONDS)
        self._before = self.origin + "/"

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def ask(self, path: str, fields: Fields | None = None) -> PageResponse:
        """Open ``path``, or post ``fields`` to it, and follow where the site leads."""
        url = urljoin(self._before, path)
        body = None if fields is None else urlencode(fields)
        for _ in range(MOST_REDIRECTS):
            status, location, html = self._once(url, body)
            if status not in (301, 302, 303, 307, 308) or not location:
                return PageResponse(status, html, urlsplit(url).path)
            url, body = urljoin(url, location), None
            if not url.startswith(self.origin + "/"):
                return PageResponse(status, "", "", away=url)
        raise Refusal(f"{url} redirects without end.")

    def _once(self, url: str, body: str | None) -> tuple[int, str | None, str]:
        # Over TLS a form says whose page it was on (docs/decisions/0001-cookies.md).
        headers = {"Referer": self._before}
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{n}={v}" for n, v in self._cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            self._connection.request("POST" if body is not None else "GET", target, body, headers)
            response = self._connection.getresponse()
            page = response.read(MOST_BYTES + 1)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise Refusal(f"{url} cannot be reached: {error or type(error).__name__}.") from None
        if len(page) > MOST_BYTES:
            raise Refusal(f"{url} gives a page of more than {MOST_BYTES // 2**20} MB.")
        for header in response.headers.get_all("Set-Cookie") or ():
            self._keep(header)
        self._before = url
        return response.status, response.headers["Location"], page.decode("utf-8", "replace")

    def _keep(self, header: str) -> None:
        try:
            found = SimpleCookie(header)
        except CookieError:
            return
        for name, morsel in found.items():
            if morsel.value and morsel["max-age"] != "0":
                self._cookies[name] = morsel.value
            else:
                self._cookies.pop(name, None)


def _fill(study: Study, client: SimulatedResponse, form: PageForm, refused: set[str]) -> Fields:
    """Return the fields this client posts: only what the page offers, as a browser would."""
    fields: Fields = list(form.hidden.items())
    consents = {"c_open": client.c_open, "c_quote": client.c_quote}
    for name, offered in form.choices.items():
        if question := study.questions.get(name.removesuffix(MISSING_SUFFIX)):
            filled = kind_of(question).prefill(question, client.values).get(name, ())
            fields += [(name, value) for value in filled if value in offered]
        elif name in client.values:
            ticked = str(client.values[name])
            fields += [(name, ticked)] if ticked in offered else []
        elif name in consents:
            fields.append((name, "1" if consents[name] else "2"))
        elif name != "support":  # yes to eligibility and required statements; no code is wanted
            fields.append((name, "no" if name == "code" else offered[0]))
    for name in form.typed:
        value = client.texts.get(name, client.values.get(name, LEFT_BLANK))
        if not (isinstance(value, int) and value < 0):
            fields.append((name, str(value)))
    return [*fields, _button(study, client, form, refused)]


def _rows(study: Study, name: str) -> list[str]:
    """Return the columns of a question by its name: its rows, or itself where it is a column."""
    question = study.questions.get(name)
    return [row.variable for row in question.rows] or [name] if question else []


def _button(
    study: Study, client: SimulatedResponse, form: PageForm, refused: set[str]
) -> tuple[str, str]:
    """Return the button this client presses: refuse a grid (once), stop, or the first one."""
    asked = form.hidden.get("shown", "").split()
    columns = [c for name in asked for c in _rows(study, name) if c in client.values]
    if columns and all(client.values[c] == NOT_REACHED for c in columns):
        return "go", "stop"
    for name in asked:
        values = {client.values.get(c) for c in _rows(study, name)}
        if ("refuse", name) in form.buttons and values == {PREFER_NOT_CODE} and name not in refused:
            refused.add(name)
            return "refuse", name
    return form.buttons[0] if form.buttons and not asked else ("", "")


def codes_in(text: str) -> list[str]:
    """Return the invitations in a file that ``lacrima invite`` wrote. Raises Refusal."""
    cells = [line.partition(",")[0].strip() for line in text.splitlines()]
    codes = [cell for cell in cells if cell and cell != "code"]
    for code in codes:
        if not read_code(code):
            raise Refusal(f"{code!r} is no invitation: give the file as `lacrima invite` wrote it.")
    return codes


def walk(url: str, study: Study, client: SimulatedResponse, code: str = "") -> None:
    """Walk one synthetic client from the landing page to the thank-you page. Raises Refusal.

    ``code`` is the invitation that is spent, where the study asks for one.
    """
    visitor, refused = HttpVisitor(url), set[str]()

    def opened(path: str, fields: Fields | None = None) -> PageResponse:
        found = visitor.ask(path, fields)
        if found.status != 200:
            at = found.away or visitor.origin + found.path
            raise Refusal(f"{at} answered {found.status}: the walk stops here.")
        return found

    try:
        page = opened(url)
        if PILOT_MARK not in page.html:
            raise Refusal(f"{url} is no pilot: synthetic clients never answer a real study.")
        for _ in range(MOST_PAGES):
            form = read_form(page.html)
            if form.typed == [INVITATION]:
                if not code:
                    raise Refusal(NO_CODE.format(url=url))
                page = opened(form.action, [*form.hidden.items(), (INVITATION, code)])
                code = ""
            elif form.found:
                page = opened(form.action or page.path, _fill(study, client, form, refused))
            elif form.next_link:
                page = opened(form.next_link)
            else:
                return
    finally:
        visitor.close()
    raise Refusal(f"The walk at {url} did not come to an end.")


def walk_many(
    url: str, study: Study, folder: Path, *, count: int, seed: int, progress: Callable[[int], None],
    codes: Sequence[str] = (),
) -> None:  # fmt: skip
    """Walk ``count`` synthetic clients one after the other; ``progress`` hears how many are done.

    Each spends one of ``codes``. Raises Refusal where there are some and too few.
    """
    if 0 < len(codes) < count:
        raise Refusal(f"{len(codes)} invitations are too few for {count} clients: one each.")
    recipe = load_recipe(study, folder)
    clients = simulate(study, count=count, seed=seed, recipe=recipe)
    for done, client in enumerate(clients, 1):
        walk(url, study, client, codes[done - 1] if codes else "")
        progress(done)
