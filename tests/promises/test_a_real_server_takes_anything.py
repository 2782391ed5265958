"""Whatever comes over the wire, a real server answers kindly or hangs up, and goes on serving."""

import re
import socket
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.conftest import folder_of
from tests.faults.killing import children, send
from tests.serving import answers, demo

HALF_OPEN = 400
GROWTH_KB = 60_000  # that both processes may grow by, over all that is sent here
SECONDS = 20.0


def get(path, *headers, method="GET", version="HTTP/1.1", host="127.0.0.1"):
    lines = [f"{method} {path} {version}", f"Host: {host}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")


def post(path, body, kind="application/x-www-form-urlencoded", *headers):
    kept = [f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return get(path, *kept, method="POST") + body


FORM = "/s/once/eligibility"
ROOM = "/research/sign-in"
ENTRY = "/i/"
MULTIPART = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="n"'
PARTS = (PART + b"\r\n\r\n1\r\n") * 3000

REQUESTS = {
    "a field of a megabyte": post(FORM, b"word=" + b"x" * 2**20),
    "a field that just fits": post(FORM, b"word=" + b"x" * 250_000),
    "ten thousand fields": post(FORM, urlencode([(f"f{n}", "1") for n in range(10_000)]).encode()),
    "three thousand parts": post(FORM, PARTS + b"--b--\r\n", MULTIPART),
    "a part without an end": post(FORM, PART, MULTIPART),
    "NULs in a form": post(ENTRY, b"invitation=%00%00&\x00=\x00"),
    "NULs in an address": get("/s/once/%00/%00"),
    "no UTF-8 in a form": post(ENTRY, b"invitation=%ff%fe\xff\xfe&csrf_token=%c0%80"),
    "no UTF-8 in an address": get("/s/%ff%fe/questions/%c0%80"),
    "no UTF-8 in a header": get("/s/once/", "Cookie: s=\udcff\udcfe", "Referer: \udcff"),
    "letters that turn the text round": post(ENTRY, "invitation=\u202eabc\u2066".encode()),
    "a deep address": get("/s/once" + "/a" * 2000),
    "an address that climbs": get("/static/../../../../etc/passwd"),
    "one that climbs in code": get("/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd"),
    "one that climbs with backslashes": get("/static/..%5c..%5c..%5cserver.key"),
    "a long address": get("/s/once/?" + "a" * 60_000),
    "a foreign host": get(FORM, host="evil.example"),
    "a host that is none": get("/", host="<script>@:x"),
    "two hosts": get("/", "Host: evil.example"),
    "an unknown method": get("/", method="BREW"),
    "a method in the wrong place": get("/s/once/check", method="DELETE"),
    "TRACE": get("/", method="TRACE"),
    "CONNECT": get("example.org:443", method="CONNECT"),
    "an oversized cookie": get(FORM, "Cookie: s=" + "a" * 70_000),
    "three thousand cookies": get(FORM, "Cookie: " + "; ".join(f"c{n}=1" for n in range(3000))),
    "three hundred headers": get("/", *(f"X-{n}: 1" for n in range(300))),
    "two lengths": get(FORM, "Content-Length: 5", "Content-Length: 6", method="POST") + b"a=1&b",
    "a length and chunks": get(
        FORM, "Content-Length: 5", "Transfer-Encoding: chunked", method="POST"
    ) + b"0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n",
    "a length below nothing": get(FORM, "Content-Length: -1", method="POST"),
    "a chunk larger than anything": get(
        FORM, "Transfer-Encoding: chunked", method="POST"
    ) + b"fffffffff\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,
    "an old version": get("/", version="HTTP/0.9"),
    "an injection into a name": post(ROOM, b"name=%27+OR+1%3D1--&password=%7B%7B7*7%7D%7D"),
    "a type that is none": post(FORM, b"<?xml version='1.0'?><!DOCTYPE a>", "text/xml"),
    "JSON": post(FORM, b"[" * 100_000, "application/json"),
}  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with demo(tmp_path_factory.mktemp("wire"), folder_of("once")) as (server, site):
        send(site, "before")
        yield server, site


def address_of(site):
    return "127.0.0.1", int(site.rpartition(":")[2])


def ask(site, request):
    """What came back: everything until the server hung up, or nothing more came."""
    with socket.create_connection(address_of(site), SECONDS) as connection:
        said = b""
        try:
            connection.sendall(request)
            while got := connection.recv(65_536):
                said += got
        except (ConnectionError, TimeoutError):
            pass
        return said


def memory_kb(server):
    """What the processes hold, in kB."""
    pids = [server.process.pid, *children(server.process.pid)]
    status = "".join(Path(f"/proc/{pid}/status").read_text() for pid in pids)
    return sum(map(int, re.findall(r"VmRSS:\s+(\d+)", status)))


def test_no_request_makes_a_fault_or_shows_a_file_and_memory_stays_flat(served):
    server, site = served
    before, faults = memory_kb(server), {}
    for _ in range(3):
        for name, request in REQUESTS.items():
            said = ask(site, request)
            states = re.findall(rb"^HTTP/1\.[01] (\d\d\d)", said, re.MULTILINE)
            told = [mark for mark in (b"root:", b"Traceback") if mark in said]
            if len(states) != 1 or states[0] >= b"500" or told:
                faults[name] = states, told
        assert answers(f"{site}/s/once/")
    assert faults == {}
    assert memory_kb(server) - before < GROWTH_KB
    assert "Traceback" not in server.said


def test_connections_that_say_nothing_keep_nobody_from_answering(served):
    _, site = served
    with ExitStack() as held:
        for _ in range(HALF_OPEN):
            held.enter_context(socket.create_connection(address_of(site), SECONDS))
        for _ in range(HALF_OPEN):
            half = held.enter_context(socket.create_connection(address_of(site), SECONDS))
            half.sendall(b"GET /s/once/ HTTP/1.1\r\nHost: a\r\nX-Slow: ")
        assert send(site, "meanwhile")
    assert send(site, "afterwards")
