"""What staff type, and where from, is written nowhere; the demo's accounts are the demo's."""

import re

import pytest

from forms.platform_texts import EXAMPLE_MARK
from survey.storage import accounts
from survey.storage.stores import Stores
from tests.conftest import FLAGSHIP, folder_of
from tests.journeys.client import Journey
from tests.journeys.staff import Worker
from tests.journeys.wire import WireBrowser
from tests.serving import ROOT, demo

AGENT, FORWARDED = "Canary/5.0 (agent-8812)", "203.0.113.88"
WRONG, CODE, TOKEN = "canary-password-4410", "canary-code-9902", "canary-token-3303"
SENT = {"User-Agent": AGENT, "X-Forwarded-For": FORWARDED}


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """A demo in which somebody signed in, and failed in every way; what it left behind.

    It is started in a folder that holds a module of the name of one that every process needs.
    """
    there = tmp_path_factory.mktemp("staff")
    data = there / "data"
    (there / "flask.py").write_text("raise SystemExit", "utf-8")
    with demo(data, folder_of("minimal"), FLAGSHIP, folder=there) as (server, site):
        (room, name, password), board = re.findall(
            r"sign in at http\S+/(\w+)/ as (\S+) with (\S+)", server.said
        )
        browser = WireBrowser(site, SENT)
        worker = Worker(None, room, browser=browser)
        worker.sign_in(name, WRONG).sign_in(name, password)
        inside = worker.inside
        worker.open("account/second-step").press(code=CODE)
        worker.open(f"set-up/{TOKEN}")
        other = Worker(None, board[0], browser=WireBrowser(site, SENT)).sign_in(*board[1:])
        inside_other = other.inside
        pages = [other.open(f"/ethics/minimal/{page}").status for page in ("approve", "verdicts")]
        here = other.here
        signing = other.open("/ethics/therapist-tears/approve").page.text
        client = Journey(None, "hour", browser=WireBrowser(site)).open("information").page.text
        held = {p.name: p.read_bytes() for p in data.rglob("*") if p.is_file()}
        cookie = browser.cookies["staff"]
        said = server.said
    return {"in": (inside, inside_other), "files": held, "said": said, "cookie": cookie,
            "password": password, "data": data, "pages": (pages, here),
            "signing": signing, "client": client}  # fmt: skip


def test_no_code_is_taken_from_the_folder_that_a_server_is_started_in(used):
    assert "Unexpected exit" not in used["said"]


def test_the_demo_prints_what_the_readme_shows(used):
    readme = (ROOT / "README.md").read_text("utf-8")
    shown = re.findall(r"^ +((?:client:|researcher:|board:|sign in at) .*)$", readme, re.MULTILINE)
    told = [re.escape(line).replace("8000", r"\d+").replace("…", r"\S+") for line in shown]
    assert len(told) == 5
    said = [line.strip() for line in used["said"].splitlines()]
    assert [line for line in told if not any(re.fullmatch(line, one) for one in said)] == []


def test_the_printed_names_and_passwords_sign_in_without_a_second_step(used):
    assert used["in"] == (True, True)


def test_the_demos_board_account_opens_every_page_of_a_study(used):
    assert used["pages"] == ([200, 200], "/ethics/minimal/verdicts")


def test_the_demo_s_member_of_the_board_reads_what_would_be_signed(used):
    assert "Facts of the site are those of an example." in used["signing"]


def test_the_demo_shows_a_client_s_page_without_a_gap_and_says_what_is_made_up(used):
    assert "A research study by Example University." in used["client"]
    assert (EXAMPLE_MARK in used["client"], re.findall(r"\[[a-z_]+", used["client"])) == (True, [])


@pytest.mark.parametrize("canary", ["agent-8812", FORWARDED, WRONG, CODE, TOKEN, "127.0.0.1 "])
def test_nothing_that_was_typed_or_sent_is_written_anywhere(used, canary):
    held = [name for name, content in used["files"].items() if canary.encode() in content]
    assert (held, canary in used["said"]) == ([], False)


@pytest.mark.parametrize("secret", ["password", "cookie"])
def test_neither_password_nor_cookie_lies_in_a_file(used, secret):
    assert [n for n, content in used["files"].items() if used[secret].encode() in content] == []


def test_the_demos_accounts_end_with_it(used):
    stores = Stores(used["data"])
    left = accounts.listed(stores.office)
    stores.close()
    assert left == []
