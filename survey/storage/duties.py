"""When the duties of maintenance were done last, by the minute, for every process and the host.

One process works, all are asked (``/healthz``), and so does ``lacrima doctor``. The minutes are the
clock's: a duty is done whether or not there was anything to do.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from survey.private_file import write_whole

MINUTE = 60
LATE_SECONDS = 10 * MINUTE  # a duty that fails for so long is told


@dataclass(frozen=True, slots=True)
class Duties:
    """Minutes (epoch seconds) by duty: when it was done last, and since when it fails, if it does.

    ``seen`` is the minute in which any of them was tried last.
    """

    seen: int = 0
    done: dict[str, int] = field(default_factory=dict)
    failing: dict[str, int] = field(default_factory=dict)

    def late(self, now: float) -> list[str]:
        """Return the duties that fail for so long that somebody should look."""
        return sorted(what for what, since in self.failing.items() if now - since >= LATE_SECONDS)


def duties_path(folder: Path) -> Path:
    """Return the file of a data folder that says when duties were done."""
    return folder / "duties.json"


def read_duties(folder: Path) -> Duties:
    """Return what the file says; nothing where there is none, or one that cannot be read."""
    with suppress(OSError, ValueError, TypeError):
        return Duties(**json.loads(duties_path(folder).read_text("utf-8")))
    return Duties()


class DutyLog:
    """The duties of the process that works; written at most once a minute."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._now = read_duties(folder)

    def note(self, what: str, now: float, *, done: bool) -> None:
        """Note that a duty was done, or failed."""
        minute = int(now // MINUTE * MINUTE)
        if done:
            self._now.done[what] = minute
            self._now.failing.pop(what, None)
        else:
            self._now.failing.setdefault(what, minute)

    def keep(self, now: float) -> None:
        """Write the file where a minute has begun since; a full disk stops no duty."""
        minute = int(now // MINUTE * MINUTE)
        if minute == self._now.seen:
            return
        self._now = Duties(minute, self._now.done, self._now.failing)
        with suppress(OSError):
            write_whole(duties_path(self._folder), json.dumps(asdict(self._now)).encode())
