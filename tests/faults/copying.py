"""Files copied by ``cp`` while people answer, and a disk on which nothing can be written."""

from __future__ import annotations

import random
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from survey.crypto import make_key
from survey.storage import answer_tables
from survey.storage.stores import Stores
from tests.attacks.outcome import Trial
from tests.faults.killing import (
    AFTERWARDS,
    STUDY,
    People,
    Served,
    found,
    kill_at_random,
    send,
    sends,
)
from tests.serving import answers
from tests.waiting import until

DISK = "size=96m,mode=700"
KEY = "server.key"


def kills(folder: Path, count: int) -> list[Trial]:
    """Kill the server's processes at random moments while people answer."""
    data = folder / "killed"
    make_key(data / KEY)
    seen = kill_at_random(data, count, Served(data))
    harm = seen.lost + seen.doubled + seen.half + seen.strangers + (not seen.sound)
    return [
        Trial(
            "kill -9 of one process or all at a random moment while people answer",
            count,
            f"of {seen.confirmed:,} answers confirmed {seen.lost} lost, {seen.doubled} doubled, "
            f"{seen.half} half; {seen.ghosts} stored whose page was cut",
            harm,
            0,
            "none lost, doubled or half",
        )
    ]


def copied(folder: Path, count: int) -> list[Trial]:
    """Copy the data folder by ``cp`` again and again under load; start a server on each copy."""
    data, harm, refused = folder / "running", [], 0
    make_key(data / KEY)
    server = Served(data)
    server.start()
    confirmed = []
    with People(server.site) as people:
        for number in range(count):
            more = len(people.confirmed) + random.Random(number).randrange(1, 5)
            until(lambda more=more: len(people.confirmed) >= more)  # type: ignore[misc]
            confirmed.append({*people.confirmed})
            subprocess.run(["cp", "-r", data, folder / f"copy-{number}"], check=True)
    server.close()
    for number, before in enumerate(confirmed):
        if _starts(folder / f"copy-{number}"):
            harm += _wrong(folder / f"copy-{number}", before, people.sent)
        else:
            refused += 1
    return [
        Trial(
            "the files of a running server copied by cp while people answer, and served from there",
            count,
            f"{refused} copies refused in a sentence, {count - refused} taken; of those "
            f"{len(harm)} lacked, doubled or halved an answer confirmed before",
            len(harm),
            0,
            "none",
        )
    ]


def _starts(copy: Path) -> bool:
    """Whether a server takes the copy; else it says why, in a line and without a trace."""
    server = Served(copy)
    try:
        server.start()
    except AssertionError as ended:
        if "Traceback" in str(ended):
            raise
        return False
    else:
        return send(server.site, AFTERWARDS)
    finally:
        server.close()


def _wrong(copy: Path, confirmed: set[str], sent: set[str]) -> list[str]:
    """What is not as it was when the copy was taken."""
    stores = Stores(copy)
    try:
        words = Counter(str(t["text"]) for t in answer_tables.texts(stores.pilot, STUDY))
        rows = sum(1 for _ in answer_tables.rows(stores.pilot, STUDY))
        sound = stores.pilot.conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        stores.close()
    assert words.pop(AFTERWARDS) == 1
    return [
        *(confirmed - words.keys()),
        *(word for word, often in words.items() if often > 1 or word not in sent),
        *(["half an answer"] * abs(rows - 1 - words.total())),
        *([] if sound else ["a damaged file"]),
    ]


@contextmanager
def disk(folder: Path) -> Iterator[bool]:
    """A disk of its own in memory; False where this machine lets nobody mount one."""
    folder.mkdir(mode=0o700, parents=True)
    with suppress(FileNotFoundError):
        mount = ["mount", "-t", "tmpfs", "-o", DISK, "none", str(folder)]
        if not subprocess.run(mount, capture_output=True, check=False).returncode:
            try:
                yield True
            finally:
                subprocess.run(["umount", "--lazy", str(folder)], check=True)
            return
    yield False


def unwritable(folder: Path, times: int) -> list[Trial]:
    """Let no write of the server succeed while people answer, then let them again, and so on.

    The system makes no disk read-only while files on it are open for writing; a limit of size
    refuses the server's writes as such a disk does.
    """
    data, thanked = folder / "unwritable", 0
    make_key(data / KEY)
    server = Served(data)
    server.start()
    try:
        with People(server.site) as people:
            for _ in range(times):
                before = len(people.confirmed)
                until(lambda before=before: len(people.confirmed) > before)  # type: ignore[misc]
                _limit(server.pids, "0:")
                thanked += sends(server.site, "never stored")
                _limit(server.pids, "unlimited:")
                assert until(lambda: answers(f"{server.site}/healthz"), 60)
        assert send(server.site, AFTERWARDS)
    finally:
        server.close()
    seen = found(data, people, kills=0)
    harm = seen.lost + seen.doubled + seen.half + (not seen.sound) + thanked
    return [
        Trial(
            "every write of the running server refused while people answer, then let again",
            times,
            f"of {seen.confirmed:,} answers confirmed {seen.lost} lost, {seen.doubled} doubled, "
            f"{seen.half} half; {thanked} people thanked meanwhile",
            harm,
            0,
            "none",
        )
    ]


def _limit(pids: list[int], size: str) -> None:
    for pid in pids:
        subprocess.run(["prlimit", f"--fsize={size}", "--pid", str(pid)], check=True)


def read_only(folder: Path) -> list[Trial]:
    """Start the server on a file system that is read-only; then make it writable."""
    data = folder / "read-only"
    with disk(data) as mounted:
        if not mounted:
            said = "not tried: this machine lets nobody mount a disk"
            return [Trial(READ_ONLY, 0, said, 0, 0, "–")]
        make_key(data / KEY)
        taken = _starts(data)
        _remount(data, "ro")
        harm = _starts(data)
        _remount(data, "rw")
        back = _starts(data)
    said = f"{'started' if harm else 'refused in a sentence'}; {'back' if back else 'not back'}"
    return [Trial(READ_ONLY, 1, said, harm + (not taken) + (not back), 0, "refused, then back")]


READ_ONLY = "a server started on a file system that is read-only, then on the same made writable"


def _remount(data: Path, how: str) -> None:
    """Once every process that had files open there has ended."""
    command = ["mount", "-o", f"remount,{how}", str(data)]
    assert until(lambda: not subprocess.run(command, capture_output=True, check=False).returncode)
