"""A visitor without script: cookies, redirects within one site, and no more."""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

from survey.errors import Refusal

TIMEOUT_SECONDS = 30
MOST_REDIRECTS = 10
MOST_BYTES = 5 * 2**20

Fields = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back: the status, the page, and the path it was found at.

    ``away`` is where the site sends the visitor when that is outside of it; it is not followed.
    """

    status: int
    html: str
    path: str
    away: str = ""


def origin_of(url: str) -> str:
    """Scheme and host of ``url``. Raises Refusal where it names no site."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise Refusal(f"{url} is no address of a site: give https://… or http://….")
    return f"{parts.scheme}://{parts.netloc}"


class Visitor:
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

    def ask(self, path: str, fields: Fields | None = None) -> Answered:
        """Open ``path``, or post ``fields`` to it, and follow where the site leads."""
        url = urljoin(self._before, path)
        body = None if fields is None else urlencode(fields)
        for _ in range(MOST_REDIRECTS):
            status, location, html = self._once(url, body)
            if status not in (301, 302, 303, 307, 308) or not location:
                return Answered(status, html, urlsplit(url).path)
            url, body = urljoin(url, location), None
            if not url.startswith(self.origin + "/"):
                return Answered(status, "", "", away=url)
        raise Refusal(f"{url} redirects without end.")

    def _once(self, url: str, body: str | None) -> tuple[int, str | None, str]:
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
