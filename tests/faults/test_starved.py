"""A disk that is full at any write, no descriptor left: the truth is told, nothing is lost."""

import os
import shutil
import socket
import subprocess
from contextlib import contextmanager

import pytest

from survey.checks.machine import LEAST_DESCRIPTORS
from survey.crypto import make_key
from tests.faults.killing import AFTERWARDS, STUDY, People, Served, found, send
from tests.journeys.site import Site
from tests.serving import answers
from tests.waiting import until

DISK_BYTES = 96 * 2**20  # more than the room without which stores count as not writable
PAGE = 4096
LEFT = [*range(12), 14, 17, 20, 24, 30, 40, 60]  # pages left on the disk when somebody sends
FEW = LEAST_DESCRIPTORS  # a server starts with no fewer; a process needs about 80 for itself


@contextmanager
def small_disk(folder):
    """A disk of its own in memory."""
    folder.mkdir(mode=0o700, parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "none", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder, left):
    """Fill the disk but for so many pages, whatever the server writes meanwhile."""
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        assert until(lambda: filled(folder, file.fileno(), left))
    return ballast


def filled(folder, handle, left):
    """Whether nobody took room between looking and filling."""
    free = os.statvfs(folder)
    try:
        os.posix_fallocate(handle, 0, max(PAGE, (free.f_bavail - left) * free.f_frsize))
    except OSError:
        return False
    return True


def thanked(client):
    """Send; whether the page said thank you, or else that nothing was sent."""
    fields = dict(client.filled(client.page.button("go", "send").form, {"code": "no"}))
    answer = client.browser.post(client.here, data={**fields, "go": "send"})
    assert answer.status_code in (303, 503)
    return answer.status_code == 303


def test_a_disk_that_is_full_at_any_write_confirms_nothing_that_it_does_not_keep(
    open_app, tmp_path
):
    with small_disk(tmp_path / "data"):
        site, refused = Site(open_app(STUDY), STUDY), 0  # its maintenance thread goes on as well
        for left in LEFT:
            client = site.client().begin().answer(first=f"left {left}").answer(upset=3)
            ballast = fill(tmp_path / "data", left)
            assert not site.services.stores.writable()
            refused += not thanked(client)
            ballast.unlink()
            if client.open("done").screen == "check":  # where it had not arrived all the same
                client.send()
            assert client.screen == "done"
        assert sorted(t["text"] for t in site.texts) == sorted(f"left {left}" for left in LEFT)
        assert len(site.rows) == len(LEFT)
        assert refused > 0
        assert site.services.stores.writable()


def test_out_of_descriptors_loses_nothing_and_comes_back_by_itself(tmp_path):
    make_key(tmp_path / "server.key")
    server = Served(tmp_path, descriptors=FEW)
    try:
        server.start()
        with People(server.site) as people:
            until(lambda: people.confirmed)
            idle = [socket.create_connection(server.address) for _ in range(2 * FEW)]
            before = len(people.sent)
            until(lambda: len(people.sent) > before + 20)  # tries that were cut or refused
            for one in idle:
                one.close()
            confirmed = len(people.confirmed)
            assert until(lambda: len(people.confirmed) > confirmed + 3, 120)
        # Of both processes: each answers some of them.
        assert until(lambda: all(answers(f"{server.site}/healthz") for _ in range(8)), 180)
        assert send(server.site, AFTERWARDS)
    finally:
        server.close()
    outcome = found(tmp_path, people, kills=0)
    assert (outcome.lost, outcome.doubled, outcome.half, outcome.sound) == (0, 0, 0, True)
