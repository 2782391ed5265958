"""A browser for a journey that talks to a real server over HTTP."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

TIMEOUT_SECONDS = 30.0


@dataclass
class Answered:
    """What Flask's test client would give."""

    status_code: int
    headers: Any  # names in whatever case
    body: bytes

    @property
    def status(self) -> str:
        """For messages."""
        return str(self.status_code)

    @property
    def mimetype(self) -> str:
        """Media type without its charset."""
        return str(self.headers.get("Content-Type", "")).split(";")[0]

    def get_data(self, *, as_text: bool = False) -> Any:
        """The body."""
        return self.body.decode() if as_text else self.body


def any_certificate() -> ssl.SSLContext:
    """TLS of a client that takes a certificate which nobody signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # without the roots, which take long to read
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class WireBrowser:
    """Cookies and ``headers`` of its own, and where ``source`` is named its own address."""

    def __init__(
        self, site: str, headers: Mapping[str, str] | None = None, source: str | None = None
    ) -> None:
        self.site, self.headers = site, dict(headers or {})
        self.source = (source, 0) if source else None
        self.cookies: dict[str, str] = {}

    def open(
        self,
        path: str,
        *,
        method: str = "GET",
        data: Mapping[str, Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        """Ask once, without following redirects."""
        sent = {**self.headers, **(headers or {})}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{n}={v}" for n, v in self.cookies.items())
        if data is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection = self._connection()
        try:
            body = urlencode(data, doseq=True) if data is not None else None
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            found = Answered(answer.status, answer.headers, answer.read())
            self._keep(answer.headers.get_all("Set-Cookie") or [])
        finally:
            connection.close()
        return found

    def _connection(self) -> http.client.HTTPConnection:
        scheme, place, *_ = urlsplit(self.site)
        asked: dict[str, Any] = {"timeout": TIMEOUT_SECONDS, "source_address": self.source}
        if scheme == "http":
            return http.client.HTTPConnection(place, **asked)
        return http.client.HTTPSConnection(place, context=any_certificate(), **asked)

    def _keep(self, cookies: Sequence[str]) -> None:
        for cookie in cookies:
            for name, morsel in SimpleCookie(cookie).items():
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0" or morsel["expires"].endswith("1970 00:00:00 GMT"):
                    del self.cookies[name]
