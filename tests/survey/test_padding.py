"""Responses and addresses that are filled up to one length."""

import pytest

from survey.cli.main import main
from survey.padding import FilledUp, filled_address, filled_up, page_length
from tests.conftest import folder_of

HEADERS = [("Content-Type", "text/html"), ("Vary", "Cookie")]


def whole(status, headers, body):
    lines = [f"HTTP/1.1 {status}", *(f"{n}: {v}" for n, v in headers), "", ""]
    return len("\r\n".join(lines)) + len(body)


@pytest.mark.parametrize("size", [0, 9, 99, 899, 900, 905, 910, 999, 1000, 3900, 4000, 9999, 10001])
def test_a_response_is_a_multiple_of_the_length_with_its_own_headers(size):
    body = filled_up("200 OK", HEADERS, b"x" * size, 1024)
    named = [*HEADERS, ("Content-Length", str(len(body)))]
    assert whole("200 OK", named, body) % 1024 == 0
    assert body.startswith(b"x" * size)
    assert body[size:].strip() == b""


def test_the_next_multiple_holds_what_is_too_large():
    small, large = (filled_up("200 OK", HEADERS, b"x" * n, 4096) for n in (10, 5000))
    assert len(large) - len(small) == 4096


def test_a_study_s_length_leaves_room_for_headers():
    assert [page_length(size) for size in (1, 2560, 2561)] == [4096, 4096, 8192]


def test_addresses_of_a_walk_are_equally_long():
    filled = [filled_address("stop"), filled_address("questions/AAAAAAAAAAAA", "change=1")]
    assert {len(address) for address in filled} == {48}
    assert filled[1].startswith("questions/AAAAAAAAAAAA?change=1&p=0")


@pytest.mark.parametrize(("method", "path", "length"), [
    ("HEAD", "/s/hour/", 4096), ("GET", "/ethics/hour/", 4096), ("GET", "/s/hour/", None),
])  # fmt: skip
def test_nothing_else_is_filled_up(method, path, length):
    def app(environ, start_response):
        environ["lacrima.page_length"] = length
        start_response("200 OK", HEADERS)
        return [b"page"]

    environ = {"REQUEST_METHOD": method, "PATH_INFO": path}
    assert [*FilledUp(app)(environ, lambda *_: bytes.strip)] == [b"page"]


def test_the_largest_screens_of_a_study_are_named_without_opening_a_store(runner):
    said = runner.invoke(main, ["study", "check", str(folder_of("kinds"))]).output
    assert "every page is sent as 16,384 bytes" in said
    assert "The largest screen is check, part 1" in said
