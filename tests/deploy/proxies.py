"""The shipped proxy configurations, started as they are but for names, ports and folders."""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.certificates import HOST, certificate
from tests.journeys.wire import any_certificate
from tests.serving import LACRIMA, PATIENCE_SECONDS, ROOT, Server, free_port

DEPLOY = ROOT / "deploy"
CADDY = LACRIMA.with_name("caddy")
NGINX_FOLDER = Path("/etc/nginx")
NAME, UPSTREAM, SHARED = "survey.example.org", "/run/lacrima/lacrima.sock", "/usr/share/lacrima"


def changed(text: str, changes: dict[str, str]) -> str:
    """``text`` with each key replaced; every one must be there."""
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


@dataclass(frozen=True)
class Proxy:
    """A proxy that runs; ``folder`` holds whatever it writes."""

    name: str
    port: int
    folder: Path

    @property
    def site(self) -> str:
        return f"https://{HOST}:{self.port}"

    def connect(self, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
        """A connection in which nothing has been sent."""
        plain = socket.create_connection((HOST, self.port), PATIENCE_SECONDS)
        return (context or any_certificate()).wrap_socket(plain)

    def ask(self, path: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
        """One request without a body, answered with its body in ``headers``' place."""
        asking = http.client.HTTPSConnection(
            HOST, self.port, timeout=PATIENCE_SECONDS, context=any_certificate()
        )
        with closing(asking):
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            asking.request(method, path, headers=sent)
            answer = asking.getresponse()
            answer.text = answer.read().decode()  # type: ignore[attr-defined]
            return answer

    def written(self) -> str:
        """Everything that it has written anywhere: messages, logs, temporary files."""
        ours = ("certificate.pem", "Caddyfile", "nginx.conf", "lacrima.conf", "autosave.json")
        files = (f for f in self.folder.rglob("*") if f.is_file() and f.name not in ours)
        return "".join(f.read_text("utf-8", "replace") for f in files)


def _nginx(folder: Path, upstream: Path, port: int) -> list[str]:
    """Debian's own nginx.conf with our file in its conf.d."""
    if not (program := shutil.which("nginx", path="/usr/sbin:/usr/bin")):
        pytest.skip("no nginx: apt-get install nginx")
    (folder / "conf.d").mkdir()
    pem = str(certificate(folder))
    site = changed((DEPLOY / "nginx/lacrima.conf").read_text(), {
        UPSTREAM: str(upstream), SHARED: str(DEPLOY), NAME: HOST,
        "/etc/ssl/survey.pem": pem, "/etc/ssl/survey.key": pem,
        "listen      80": f"listen {HOST}:{free_port()}", "listen 443": f"listen {HOST}:{port}",
    })  # fmt: skip
    (folder / "conf.d/lacrima.conf").write_text(site)
    main = changed((NGINX_FOLDER / "nginx.conf").read_text(), {
        "user www-data": "user root", "/run/nginx.pid": f"{folder}/nginx.pid",
        "/var/log/nginx": str(folder), f"{NGINX_FOLDER}/conf.d": f"{folder}/conf.d",
        f"include {NGINX_FOLDER}/sites-enabled/*;": "",
    })  # fmt: skip
    (folder / "nginx.conf").write_text(main)
    return [program, "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]


def _caddy(folder: Path, upstream: Path, port: int) -> list[str]:
    pem = certificate(folder)
    alone = f"admin off\n\tauto_https disable_redirects\n\tdefault_sni {HOST}"
    site = changed((DEPLOY / "caddy/Caddyfile").read_text(), {
        UPSTREAM: str(upstream), SHARED: str(DEPLOY), "{\n\tlog {": f"{{\n\t{alone}\n\tlog {{",
        f"{NAME} {{": f"https://{HOST}:{port} {{\n\tbind {HOST}\n\ttls {pem} {pem}",
    })  # fmt: skip
    (folder / "Caddyfile").write_text(site)
    return [str(CADDY), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


COMMANDS = {"nginx": _nginx, "caddy": _caddy}


@contextmanager
def proxy(name: str, folder: Path, upstream: Path) -> Iterator[Proxy]:
    """The proxy of this name in front of a Unix socket, which need not be there yet."""
    folder.mkdir()
    started = Proxy(name, free_port(), folder)
    command = COMMANDS[name](folder, upstream, started.port)
    home = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(folder))
    with (folder / "said.log").open("wb") as said:
        server = Server(command, home, said)
        try:
            server.wait(lambda: _speaks(started))
            yield started
        finally:
            if server.process.poll() is None:
                server.stop()


def _speaks(started: Proxy) -> bool:
    try:
        started.connect().close()
    except OSError:
        return False
    return True


# What is wrong → what Caddy does of it; the name of the check that must say so.
CROOKED = {
    "bodies": "import upstream",
    "X-Forwarded-Proto": "import good\n\t\theader_up X-Forwarded-Proto http",
    "Host": "import good\n\t\theader_up Host inner:8000\n\t\theader_up X-Forwarded-Host inner:8000",
    "X-Forwarded-Host": "import good\n\t\ttrusted_proxies private_ranges",
    "compression": "import good\n\t}\n\tencode {\n\t\tgzip\n\t\tmatch status 2xx",
}


@contextmanager
def crooked(folder: Path, upstream: Path) -> Iterator[dict[str, str]]:
    """Caddy with a site for each thing that can be wrong; gives check → the site's address."""
    folder.mkdir()
    pem, ports = certificate(folder), {name: free_port() for name in (*CROOKED, "HTTP/2")}
    sites = "".join(
        f"https://{HOST}:{port} {{\n\tbind {HOST}\n\ttls {pem} {pem}\n"
        f"\treverse_proxy unix/{upstream} {{\n\t\t{CROOKED.get(name, 'import good')}\n\t}}\n}}\n"
        for name, port in ports.items()
    )
    h1 = "".join(
        f"\tservers {HOST}:{port} {{\n\t\tprotocols h1\n\t}}\n" for port in ports.values()
    ).replace(f"{ports['HTTP/2']} {{\n\t\tprotocols h1\n", f"{ports['HTTP/2']} {{\n")
    (folder / "Caddyfile").write_text(
        f"{{\n\tadmin off\n\tauto_https disable_redirects\n\tdefault_sni {HOST}\n{h1}}}\n"
        "(upstream) {\n\theader_up -X_Forwarded_Host\n\theader_up -X_Forwarded_Proto\n}\n"
        f"(good) {{\n\timport upstream\n\trequest_buffers 512KiB\n}}\n{sites}"
    )
    command = [str(CADDY), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    home = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(folder))
    with (folder / "said.log").open("wb") as said:
        server = Server(command, home, said)
        try:
            for name, port in ports.items():
                server.wait(partial(_speaks, Proxy(name, port, folder)))
            yield {name: f"https://{HOST}:{port}" for name, port in ports.items()}
        finally:
            if server.process.poll() is None:
                server.stop()
