"""The product's modules that one posted page and one release pass through, call by call.

    python -m benchmarks.passes

Prints one JSON object. Run in a process of its own: it sets the product up in its environment.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field, is_dataclass
from importlib.metadata import entry_points
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

from werkzeug.test import Client, TestResponse

from benchmarks.page import Plans, WalkFailed, fill, title_of
from benchmarks.process import ROOT
from benchmarks.product import ANSWERS, FLAGSHIP, START, settings

PRODUCT = ("exports", "forms", "survey")
RELEASING = "survey/releas"  # begins the path of every module that makes releases
QUESTIONS = "/questions/"
CLIENTS = 600


@dataclass(slots=True)
class Passes:
    """Calls of the product's functions in order: the module called, and the one it came from.

    The latter is the nearest caller that belongs to the product, whatever library lies between.
    """

    root: Path
    calls: list[tuple[str, str | None]] = field(default_factory=list)
    within: list[bool] = field(default_factory=list)  # of each call: is a release being made?
    made: set[str] = field(default_factory=set)  # dataclasses of RELEASING

    def module_of(self, frame: FrameType) -> str | None:
        """The module of the product whose code this is, as a path."""
        name = frame.f_code.co_filename.removeprefix(f"{self.root}/")
        return name if name.partition("/")[0] in PRODUCT else None

    def _callers(self, frame: FrameType) -> Iterator[str]:
        back = frame.f_back
        while back is not None:
            if (module := self.module_of(back)) is not None:
                yield module
            back = back.f_back

    def note(self, frame: FrameType, event: str, _: Any) -> None:
        """Take in one event, as sys.setprofile tells it."""
        if event != "call":
            return
        if frame.f_code.co_name == "__init__" and frame.f_code.co_filename == "<string>":
            self._note_made(frame.f_locals.get("self"))
        elif (module := self.module_of(frame)) is not None:
            callers = list(self._callers(frame))
            self.calls.append((module, callers[0] if callers else None))
            self.within.append(any(m.startswith(RELEASING) for m in (module, *callers)))

    def _note_made(self, made: object) -> None:
        kind = type(made)
        if is_dataclass(kind) and kind.__module__.replace(".", "/").startswith(RELEASING):
            self.made.add(kind.__name__)

    def modules(self, *, within: bool = False) -> list[str]:
        """Every module passed through; ``within``: while a release was being made."""
        pairs = zip(self.calls, self.within, strict=True)
        return sorted({module for (module, _), inside in pairs if inside or not within})

    @property
    def changes(self) -> int:
        """Calls of a function in another module than the function called before."""
        return sum(before != after for (before, _), (after, _) in pairwise(self.calls))

    @property
    def crossings(self) -> int:
        """Calls out of one module into another."""
        return sum(caller not in (None, module) for module, caller in self.calls)


@contextmanager
def watching(root: Path = ROOT) -> Iterator[Passes]:
    """Note what this thread calls, and every thread begun in the block."""
    passes = Passes(root)
    threading.setprofile(passes.note)
    sys.setprofile(passes.note)
    try:
        yield passes
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def _post(client: Client, address: str, body: bytes) -> TestResponse:
    return client.post(address, data=body, content_type="application/x-www-form-urlencoded")


def first_page(client: Client) -> Passes:
    """What the first page of the flagship's questions passes through when it is posted."""
    plans, draw, address = Plans(ANSWERS), random.Random(1).random, START[FLAGSHIP]
    reply = client.get(address)
    while reply.status_code == 200:
        plan = plans.of(reply.data)
        address = plan.action or address
        if not plan.form:
            reply = client.get(address)
            continue
        with watching() as passes:
            reply = _post(client, address, fill(plan, reply.data, draw))
        if QUESTIONS in address:
            return _accepted(passes, reply)
        address = reply.headers["Location"]
        reply = client.get(address)
    raise WalkFailed(f"{reply.status_code} at {address}")


def _accepted(passes: Passes, reply: TestResponse) -> Passes:
    if reply.status_code != 303:
        raise WalkFailed(f"{title_of(reply.data)!r}: the page was not taken.")
    return passes


def _import_all() -> None:
    """Load every module now: what runs while one is loaded is no part of its work."""
    for package in PRODUCT:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            importlib.import_module(name.removesuffix(".__init__"))


def release(lacrima: Callable[..., object], out: Path) -> Passes:
    """What a release of the pilot in tier C passes through, from the command to its end."""
    lacrima(["simulate", FLAGSHIP, "--count", str(CLIENTS)], standalone_mode=False)
    command = ["release", FLAGSHIP, "--tier", "C", "--pilot", "--out", str(out)]
    with watching() as passes:
        lacrima(command, standalone_mode=False)
    if not passes.modules(within=True):
        raise LookupError(f"Nothing below {RELEASING}… was called: has it another name now?")
    return passes


def _figures(data: Path) -> dict[str, Any]:
    (command,) = entry_points(group="console_scripts", name="lacrima")
    lacrima = command.load().main
    lacrima(["key", "new"], standalone_mode=False)
    _import_all()
    page = first_page(Client(importlib.import_module("wsgi").application))
    released = release(lacrima, data / "released")
    return {
        "page": page.modules(),
        "changes": page.changes,
        "crossings": page.crossings,
        "command": released.modules(),
        "release": released.modules(within=True),
        "classes": sorted(released.made),
    }


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data = Path(folder)
        os.environ.update(settings(data))
        with redirect_stdout(sys.stderr):
            figures = _figures(data)
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
