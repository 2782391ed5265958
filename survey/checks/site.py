"""What a browser gets of this site: asked from outside, through whatever stands in front.

Nothing is kept by any of it: each form is sent without the token that it would need.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from urllib.parse import urlsplit

from survey.checks.finding import Asked, Finding, safe, told, unsafe
from survey.config import LOOPBACK, Config

FORMS = ("/i/", "/research/sign-in", "/ethics/sign-in")  # one of them is in each room
NOT_OURS = "This did not come from our page"  # the page of a form from elsewhere, for staff
ELSEWHERE = "elsewhere.invalid"
PATIENCE_SECONDS = 20.0
BEGUN_FORMS = 40  # more than all processes together read at once
PART_BYTES = 32 * 1024  # of each of them: more than a proxy holds back before it passes on anything
TRIES = 4  # one process may be free where another is not
CERTIFICATE_DAYS = 14
_COMPRESSED = "gzip, deflate, br, zstd"
_DAY_SECONDS = 86_400
NONE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Outside:
    """The site as a browser sees it; ``form`` is the address of a page that holds one."""

    host: str
    port: int
    context: ssl.SSLContext
    form: str = "/"

    @property
    def origin(self) -> str:
        """Return the address of the site as a browser names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}" + (f":{self.port}" if self.port != http.client.HTTPS_PORT else "")

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] = NONE, body: bytes = b""
    ) -> tuple[http.client.HTTPResponse, str]:
        """Return what answers a request, and its page."""
        asking = http.client.HTTPSConnection(
            self.host, self.port, context=self.context, timeout=PATIENCE_SECONDS
        )
        with closing(asking):
            asking.request(method, path, body or None, dict(headers))
            answer = asking.getresponse()
            return answer, answer.read().decode("utf-8", "replace")

    def takes_form_of(self, origin: str, headers: Mapping[str, str] = NONE) -> bool:
        """Return whether a form from a page of ``origin`` is taken for one of the site's own."""
        answer, page = self.ask("POST", self.form, {"Origin": origin, **headers})
        return "foreign" not in (answer.headers["Location"] or "") and NOT_OURS not in page


def site(asked: Asked) -> Iterator[Finding]:
    """Look at the site from outside, where its address is given."""
    if not asked.site:
        return
    parts = urlsplit(asked.site)
    if parts.scheme != "https" or not parts.hostname:
        yield unsafe(
            "site",
            f"{asked.site} is no address of a site.",
            "Give one such as https://survey.example.org",
        )
        return
    context = ssl.create_default_context()
    outside = Outside(parts.hostname, parts.port or http.client.HTTPS_PORT, context)
    try:
        yield from _findings(outside, _known_inside(asked.config))
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "verify_message", "") or getattr(error, "strerror", "") or error
        yield unsafe("site", f"{asked.site} cannot be reached: {reason}.", "Mend that first.")


def _known_inside(config: Config) -> tuple[str, ...]:
    """Return names of this server on its own machine, one of which may arrive in place of its."""
    return (*(f"{host}:{config.port}" for host in (config.host, *LOOPBACK)), *LOOPBACK)


def _findings(outside: Outside, inside: tuple[str, ...]) -> Iterator[Finding]:
    yield from _certificate(outside)
    for form in FORMS:
        answer, _ = outside.ask("GET", form)
        if answer.status == http.client.OK:
            break
    if "frame-ancestors 'none'" not in (answer.headers["Content-Security-Policy"] or ""):
        yield unsafe(
            "site",
            f"What answers at {outside.origin} is not this server.",
            "Let the proxy pass on every address to it.",
        )
        return
    outside = Outside(outside.host, outside.port, outside.context, form)
    yield (tls := _tls_told(answer))
    yield _name_told(outside, inside)
    yield from _browsers_believed(outside, tls_told=tls.verdict == "safe")
    yield _whole_forms(outside)
    yield _one_length(outside)
    yield from _trifles(outside, answer)


def _certificate(outside: Outside) -> Iterator[Finding]:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    plain = socket.create_connection((outside.host, outside.port), PATIENCE_SECONDS)
    with context.wrap_socket(plain, server_hostname=outside.host) as spoken:
        certificate, protocol = spoken.getpeercert() or {}, spoken.selected_alpn_protocol()
    ends = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    days = int((ends - time.time()) / _DAY_SECONDS)
    lasts = f"It lasts {days} days more."
    if days >= CERTIFICATE_DAYS:
        yield safe("certificate", lasts)
    else:
        yield told("certificate", lasts, "See that it is renewed.")
    if protocol == "h2":
        yield unsafe(
            "HTTP/2",
            "The proxy speaks HTTP/2, whose compressed headers differ in length.",
            "Have it speak HTTP/1.1 alone with browsers.",
        )


def _tls_told(answer: http.client.HTTPResponse) -> Finding:
    if answer.headers["Strict-Transport-Security"]:
        return safe("X-Forwarded-Proto", "The server is told that TLS was spoken.")
    return unsafe(
        "X-Forwarded-Proto",
        "The server is not told that TLS was spoken: no form will be taken, no browser keeps a "
        "cookie.",
        "Set X-Forwarded-Proto to https in the outermost proxy, keep it in the others, and give "
        "their number in LACRIMA_PROXIES.",
    )


def _name_told(outside: Outside, inside: tuple[str, ...]) -> Finding:
    if outside.takes_form_of(outside.origin):
        return safe("Host", f"The server knows that it is {outside.origin}.")
    names = dict.fromkeys((outside.host, f"{outside.host}:{outside.port}", *inside))
    arrives = next((n for n in names if outside.takes_form_of(f"https://{n}")), "")
    arrives = arrives or next((n for n in names if outside.takes_form_of(f"http://{n}")), "")
    return unsafe(
        "Host",
        f"The server does not know that it is {outside.origin}"
        + (f": {arrives} arrives in place of that" if arrives else "")
        + ". No form will be taken.",
        "Pass on Host, with the port, or set X-Forwarded-Host to it, in every proxy.",
    )


def _browsers_believed(outside: Outside, *, tls_told: bool) -> Iterator[Finding]:
    """Tell of a proxy that lets a browser write what only a proxy may say."""
    for name in ("X-Forwarded-Host", "X_Forwarded_Host"):
        if outside.takes_form_of(f"https://{ELSEWHERE}", {name: ELSEWHERE}):
            yield unsafe(
                name,
                f"What a browser writes into {name} is believed.",
                f"Set X-Forwarded-Host in the outermost proxy, and remove {name}.",
            )
    for name in ("X-Forwarded-Proto", "X_Forwarded_Proto"):
        answer, _ = outside.ask("GET", outside.form, {name: "http"})
        if tls_told and not answer.headers["Strict-Transport-Security"]:
            yield unsafe(
                name,
                f"What a browser writes into {name} is believed.",
                f"Set X-Forwarded-Proto to https in the outermost proxy, and remove {name}.",
            )


def _whole_forms(outside: Outside) -> Finding:
    """Begin many forms and finish none: where they arrive, the next one is told to wait."""
    head = (
        f"POST {outside.form} HTTP/1.1\r\nHost: {urlsplit(outside.origin).netloc}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {2 * PART_BYTES}\r\n\r\n"
    ).encode()
    with ExitStack() as begun:
        for _ in range(BEGUN_FORMS):
            plain = socket.create_connection((outside.host, outside.port), PATIENCE_SECONDS)
            spoken = outside.context.wrap_socket(plain, server_hostname=outside.host)
            begun.enter_context(spoken).sendall(head.ljust(PART_BYTES))
        statuses = {
            outside.ask("POST", outside.form, {"Origin": outside.origin}, b"i")[0].status
            for _ in range(TRIES)
        }
    if http.client.SERVICE_UNAVAILABLE not in statuses:
        return safe("bodies", "The proxy passes on a form when it is whole.")
    return unsafe(
        "bodies",
        "The proxy passes on a form before it is whole: a few slow connections hold up everybody "
        "who sends one.",
        "Have the proxy gather bodies: request_buffers 512KiB in Caddy, proxy_request_buffering on "
        "in nginx.",
    )


def _one_length(outside: Outside) -> Finding:
    answer, _ = outside.ask("GET", outside.form, {"Accept-Encoding": _COMPRESSED})
    if how := answer.headers["Content-Encoding"]:
        return unsafe(
            "compression",
            f"The proxy compresses pages ({how}): their lengths tell what is on them.",
            "Switch compression off: gzip off in nginx, no encode in Caddy.",
        )
    return safe("compression", "Pages arrive at the length at which they were sent.")


def _trifles(outside: Outside, answer: http.client.HTTPResponse) -> Iterator[Finding]:
    server = answer.headers["Server"] or ""
    if any(sign.isdigit() for sign in server):
        yield told(
            "Server",
            f"The proxy names its version: {server}.",
            "Switch that off: server_tokens off in nginx.",
        )
    health, _ = outside.ask("GET", "/healthz")
    if health.status in (http.client.OK, http.client.SERVICE_UNAVAILABLE):
        yield told("healthz", "/healthz answers everybody.", "Answer it with 404 at the proxy.")
