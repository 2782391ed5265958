"""Metrics: what monitoring reads of a running server, and what nobody learns from them."""

import re
import socket
import urllib.error
import urllib.request
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from survey.cli.main import main
from survey.crypto import make_key
from survey.metrics import METRICS
from survey.storage.counters import ReportedFigures, replace_figures
from survey.storage.database import write_transaction
from survey.storage.stores import Stores
from tests.conftest import TOP, folder_of
from tests.faults.killing import STUDY, send
from tests.serving import LACRIMA, answers, free_port, running, started

LINE = re.compile(r'[a-z_]+(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\})? -?\d+')
COMMENT = re.compile(r"# (HELP [a-z_]+ \S.*|TYPE [a-z_]+ gauge)")


def settings(folder, port, metrics):
    return {
        "LACRIMA_DATA": str(folder), "LACRIMA_PORT": str(port),
        "LACRIMA_STUDIES": str(folder_of(STUDY)), "LACRIMA_PILOTS": STUDY,
        "LACRIMA_HTTPS": "off", "LACRIMA_PROXIES": "0",
        "LACRIMA_METRICS_PORT": str(metrics),
    }  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server: its site, its metrics' address, its folder."""
    folder, port, metrics = tmp_path_factory.mktemp("data"), free_port(), free_port()
    make_key(folder / "server.key")
    site = f"http://127.0.0.1:{port}"
    with running([str(LACRIMA), "serve"], settings(folder, port, metrics), f"{site}/healthz"):
        yield site, f"http://127.0.0.1:{metrics}/metrics", folder


def read(url):
    with urllib.request.urlopen(url, timeout=10) as page:
        assert page.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return page.read().decode().splitlines()


def values(lines):
    return {
        line.rpartition(" ")[0]: int(line.rpartition(" ")[2]) for line in lines if line[0] != "#"
    }


def test_every_line_is_of_the_published_format(served):
    lines = read(served[1])
    assert [x for x in lines if not (COMMENT.fullmatch(x) or LINE.fullmatch(x))] == []
    assert values(lines)["lacrima_healthy"] == 1
    assert values(lines)['lacrima_check{check="locks"}'] == 0


def test_nothing_moves_when_somebody_answers(served):
    site, metrics, _ = served
    before = read(metrics)
    for at in range(3):
        assert send(site, f"word {at}")
    assert read(metrics) == before


def test_the_page_for_hosts_lists_them_all(served):
    host = (TOP / "docs" / "host.md").read_text("utf-8")
    told = {line.split()[2] for line in read(served[1]) if line.startswith("# HELP")}
    assert told == {*METRICS} == {*re.findall(r"^\| `(lacrima_[a-z_]+)` \|", host, re.MULTILINE)}


def test_totals_are_those_that_staff_were_shown_last(served):
    _, metrics, folder = served
    told = ReportedFigures(43, 21, {"landing": 40, "completed": 20, "page_passed:x:y": 7})
    with closing(Stores(folder)) as stores, write_transaction(stores.office):
        replace_figures(stores.office, STUDY, lambda _: told, pilot=True)
    shown = {at: n for at, n in values(read(metrics)).items() if at.startswith("lacrima_shown")}
    assert {at: n for at, n in shown.items() if n} == {
        f'lacrima_shown_total{{study="{STUDY}",pilot="1",event="landing"}}': 40,
        f'lacrima_shown_total{{study="{STUDY}",pilot="1",event="completed"}}': 20,
    }
    assert "page_passed" not in "".join(shown)


def test_another_address_is_not_found_and_the_site_has_none_of_it(served):
    site, metrics, _ = served
    for url in (metrics.removesuffix("/metrics") + "/", f"{site}/metrics"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(url, timeout=10)


def test_it_listens_on_this_machine_alone(served):
    port = urlsplit(served[1]).port
    with socket.socket() as asking:
        asking.settimeout(5)
        assert asking.connect_ex(("127.0.0.2", port)) != 0


def test_a_server_behind_a_unix_socket_is_asked_there(tmp_path):
    metrics, path = free_port(), tmp_path / "lacrima.sock"
    make_key(tmp_path / "data" / "server.key")
    given = {**settings(tmp_path / "data", free_port(), metrics), "LACRIMA_SOCKET": str(path)}
    url = f"http://127.0.0.1:{metrics}/metrics"
    with started([str(LACRIMA), "serve"], given, lambda: path.exists() and answers(url)):
        assert values(read(url))["lacrima_healthy"] == 1


def test_a_server_that_lost_its_file_is_not_healthy(tmp_path):
    metrics, port = free_port(), free_port()
    make_key(tmp_path / "server.key")
    given, url = settings(tmp_path, port, metrics), f"http://127.0.0.1:{metrics}/metrics"
    with running([str(LACRIMA), "serve"], given, f"http://127.0.0.1:{port}/healthz"):
        (tmp_path / "pilot.db").rename(tmp_path / "elsewhere")
        assert values(read(url))["lacrima_healthy"] == 0


def test_a_second_server_takes_over_while_the_first_still_runs(served, tmp_path):
    make_key(tmp_path / "server.key")
    port = free_port()
    given = settings(tmp_path, port, urlsplit(served[1]).port)
    with running([str(LACRIMA), "serve"], given, f"http://127.0.0.1:{port}/healthz"):
        assert values(read(served[1]))["lacrima_healthy"] == 1


def test_a_taken_port_is_one_clear_line(runner, tmp_path):
    make_key(tmp_path / "data" / "server.key")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        given = settings(tmp_path / "data", free_port(), taken.getsockname()[1])
        done = runner.invoke(main, ["serve"], env=given)
    assert done.exit_code == 1
    assert "LACRIMA_METRICS_PORT: cannot listen on 127.0.0.1" in done.stderr
