"""Stylesheet, script and icon: read once, addressed by content, sent compressed."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Response, abort, request

from survey.config import PACKAGE

bp = Blueprint("assets", __name__, url_prefix="/static")

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


COMMENT_LINES = re.compile(rb"^ *//.*\n", re.MULTILINE)  # of a script: a fifth of what is sent


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file: plain and compressed bytes, media type, and its address by content."""

    plain: bytes
    small: bytes
    media: str
    address: str


def load_assets(folder: Path = PACKAGE / "static") -> dict[str, Asset]:
    """Return file name → asset, for every file in ``folder``."""
    found = {}
    for path in sorted(p for p in folder.iterdir() if p.suffix in TYPES):
        plain = path.read_bytes()
        if path.suffix == ".js":
            plain = COMMENT_LINES.sub(b"", plain)
        digest = hashlib.sha256(plain).hexdigest()[:10]
        address = f"/static/{path.stem}.{digest}{path.suffix}"
        small = gzip.compress(plain, 9, mtime=0)  # no time: every process sends the same bytes
        found[path.name] = Asset(plain, small, TYPES[path.suffix], address)
    return found


ASSETS = load_assets()
BY_ADDRESS = {asset.address: asset for asset in ASSETS.values()}


def address_of(name: str) -> str:
    """Return the address at which the asset of this file name is served."""
    return ASSETS[name].address


def accepts_gzip() -> bool:
    """Return whether the browser that asks takes compressed answers."""
    return "gzip" in request.headers.get("Accept-Encoding", "")


@bp.get("/<name>")
def send(name: str) -> Response:
    """Return a static file for ever: another content has another address."""
    asset = BY_ADDRESS.get(f"/static/{name}")
    if asset is None:
        abort(404)
    response = Response(asset.small if accepts_gzip() else asset.plain, content_type=asset.media)
    if accepts_gzip():
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
