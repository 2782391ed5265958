"""The rules for headers that MDN's HTTP Observatory publishes, as far as one answer shows them.

Source: mdn/mdn-http-observatory, src/grader/charts.js, read in December 2026, in our words. A site
begins with 100 points; 100 and more is its best grade. Rules about other sites' scripts, preloading
lists and redirections from port 80 are left out: there are none, or the proxy's file is the rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message

BEGIN, BEST, BONUS_FROM = 100, 100, 90
HALF_A_YEAR = 15_768_000  # seconds
PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
SELF = {"'self'", "'none'"}
Points = tuple[str, int]


def points(headers: Message) -> list[Points]:
    """What each rule gives or takes for these headers of an answer over TLS."""
    csp = _policy(headers.get("Content-Security-Policy", ""))
    return [
        ("content-security-policy", _csp(csp)),
        *_cookies(headers.get_all("Set-Cookie") or []),
        ("cross-origin-resource-sharing", _cors(headers)),
        ("referrer-policy", _referrer(headers.get("Referrer-Policy", ""))),
        ("strict-transport-security", _hsts(headers.get("Strict-Transport-Security", ""))),
        ("x-content-type-options", 0 if headers["X-Content-Type-Options"] == "nosniff" else -5),
        ("x-frame-options", _framing(headers.get("X-Frame-Options", ""), csp)),
        ("cross-origin-resource-policy", _resources(headers)),
    ]


def score(headers: Message) -> int:
    """The points of a page; what is given counts only for a site that loses little."""
    found = [value for _, value in points(headers)]
    lost = BEGIN + sum(value for value in found if value < 0)
    return lost + sum(value for value in found if value > 0) if lost >= BONUS_FROM else lost


def _policy(text: str) -> dict[str, set[str]]:
    parts = (part.split() for part in text.split(";") if part.strip())
    return {name.lower(): set(values) for name, *values in parts}


def _csp(policy: dict[str, set[str]]) -> int:
    if not policy:
        return -25
    scripts = policy.get("script-src", policy.get("default-src", {"*"}))
    styles = policy.get("style-src", policy.get("default-src", {"*"}))
    broad = {"'unsafe-inline'", "data:", "https:", "http:", "*"}
    if scripts & broad or policy.get("object-src", policy.get("default-src", {"*"})) & broad:
        return -20
    if any(value.startswith("http:") for values in policy.values() for value in values):
        return -20
    if "'unsafe-eval'" in scripts:
        return -10
    if styles & broad:
        return 0
    closed = policy.get("default-src") == {"'none'"} and policy.get("form-action", {"*"}) <= SELF
    return 10 if closed else 5


def _cookies(cookies: list[str]) -> Iterator[Points]:
    for cookie in cookies:
        flags = {part.strip().lower() for part in cookie.split(";")[1:]}
        if "secure" not in flags:
            yield "cookies", -40
        elif "httponly" not in flags:
            yield "cookies", -30
        else:
            strict = flags & {"samesite=lax", "samesite=strict"}
            yield "cookies", 5 if strict else 0


def _cors(headers: Message) -> int:
    return -50 if headers.get("Access-Control-Allow-Credentials") else 0


def _referrer(text: str) -> int:
    return 0 if not text else 5 if text in PRIVATE else -5


def _hsts(text: str) -> int:
    found = re.search(r"max-age=(\d+)", text)
    if not found:
        return -20
    return 0 if int(found[1]) >= HALF_A_YEAR else -10


def _framing(text: str, policy: dict[str, set[str]]) -> int:
    if policy.get("frame-ancestors", {"*"}) <= SELF:
        return 5
    return 0 if text.upper() in {"DENY", "SAMEORIGIN"} else -20


def _resources(headers: Message) -> int:
    text = headers.get("Cross-Origin-Resource-Policy", "")
    return 0 if not text else 10 if text in {"same-origin", "same-site"} else -5
