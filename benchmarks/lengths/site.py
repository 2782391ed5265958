"""The product behind Caddy as docs/host.md has it, with its walks at one length or as they are."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.process import ROOT, START_SECONDS, free_port, serving
from benchmarks.product import BIN, settings, without_settings

if TYPE_CHECKING:
    from flask import Flask

PAUSE_SECONDS = 0.05
CADDY = BIN / "caddy"
# Certificates of its own, nothing fetched or installed, HTTP/1.1 alone as docs/host.md says.
CADDYFILE = """
{{
	admin off
	auto_https disable_redirects
	local_certs
	skip_install_trust
	storage file_system {folder}/certificates
	default_sni 127.0.0.1
	servers {{
		protocols h1
	}}
}}
https://127.0.0.1:{port} {{
	bind 127.0.0.1
	reverse_proxy 127.0.0.1:{inner} {{
		header_up -X-Forwarded-For
		header_up -User-Agent
	}}
}}
http://127.0.0.1:{plain} {{
	respond "here"
}}
"""


def build_as_it_is() -> Flask:
    """The application without what makes its responses, addresses and cookies equally long."""
    from survey import app, security
    from survey.respondents import screens

    def as_it_is(path: str, query: str = "") -> str:
        return f"{path}{query and '?'}{query}"

    vars(app)["FilledUp"] = lambda inner: inner
    vars(security)["COOKIE_STEP"] = 1
    vars(screens)["filled_address"] = as_it_is
    return app.create_app()


def _serve(port: int) -> None:
    from granian import Granian
    from granian.constants import Interfaces

    Granian(
        "benchmarks.lengths.site:build_as_it_is",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        websockets=False,
        factory=True,
        log_access=False,
    ).serve()


def _await_certificate(port: int) -> None:
    """Wait until Caddy has made its certificate and TLS can be spoken."""
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            browser_context().wrap_socket(socket.create_connection(("127.0.0.1", port))).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return


def browser_context() -> ssl.SSLContext:
    """TLS of a client that takes Caddy's own certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@contextmanager
def caddy(folder: Path, inner: int) -> Iterator[int]:
    """Caddy in front of the port ``inner``; gives the port at which it speaks TLS."""
    port, plain = free_port(), free_port()
    written = folder / "Caddyfile"
    written.write_text(CADDYFILE.format(folder=folder, port=port, inner=inner, plain=plain))
    command = [str(CADDY), "run", "--adapter", "caddyfile", "--config", str(written)]
    home = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(folder))
    with serving(command, port=plain, environ={**without_settings(), **home}, health="/"):
        _await_certificate(port)
        yield port


@contextmanager
def site(data: Path, *, filled_up: bool) -> Iterator[int]:
    """The product behind Caddy; gives the port at which TLS is spoken."""
    inner = free_port()
    environ = {
        **without_settings(),
        **settings(data, inner),
        "LACRIMA_HTTPS": "on",
        "LACRIMA_PROXIES": "1",
        "LACRIMA_WORKERS": "1",
    }
    key = [str(BIN / "lacrima"), "key", "new"]
    subprocess.run(key, cwd=ROOT, env=environ, check=True, stdout=subprocess.DEVNULL)
    ours = [str(BIN / "lacrima"), "serve"]
    bare = [sys.executable, "-m", "benchmarks.lengths.site", str(inner)]
    with (
        serving(ours if filled_up else bare, port=inner, environ=environ),
        caddy(data, inner) as port,
    ):
        yield port


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
