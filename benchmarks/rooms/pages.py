"""Every page of the staff's rooms at growing numbers of answers, in milliseconds."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.bare import Shape, bare
from benchmarks.process import usage
from benchmarks.product import BIN, FLAGSHIP, START, Server, without_settings
from benchmarks.report import percentile
from benchmarks.rooms.fill import grow
from benchmarks.rooms.site import Person, Role, Unexpected, begin, environ_of, served
from survey.storage import jobs
from survey.storage.jobs import Job
from survey.storage.stores import Stores

SIZES = (600, 10_000, 100_000, 999_999)  # one short of the largest limit of a study
REQUESTS = 24
WARM_UP = 3

RESEARCH = (
    "research/", "research/account", "research/account/mail", "research/account/password",
    "research/account/second-step",
    "research/N/", "research/N/charts/", "research/N/charts/1/", "research/N/charts/1/flow.svg",
    "research/N/charts/1/flow.png", "research/N/charts/1/flow.csv", "research/N/figures/",
    "research/N/figures/cherries.md", "research/N/figures/figures.csv", "research/N/invitations/",
    "research/N/invitations/take-back", "research/N/leaflet-a4.pdf", "research/N/life/",
    "research/N/link", "research/N/preregistration", "research/N/preregistration.zip",
    "research/N/qr.svg", "research/N/qr.png", "research/N/releases/", "research/N/releases/1/",
    "research/N/releases/1/recall", "research/N/releases/1/zip", "research/N/texts/",
    "research/N/texts/read", "research/N/work/1",
)  # fmt: skip
BOARD = (
    "ethics/", "ethics/account", "ethics/account/mail", "ethics/account/password",
    "ethics/account/second-step",
    "ethics/audit", "ethics/keys", "ethics/N/approve", "ethics/N/board", "ethics/N/comments",
    "ethics/N/conditions", "ethics/N/incidents", "ethics/N/report", "ethics/N/report.csv",
    "ethics/N/screens", "ethics/N/stop-rule", "ethics/N/submission/", "ethics/N/suspend",
    "ethics/N/verdicts",
)  # fmt: skip
PUBLIC = (
    "ethics/N/", "ethics/N/certificate", "ethics/N/certificate.json", "ethics/N/checklist",
    "ethics/N/data", "ethics/N/dossier.pdf", "ethics/N/dossier.zip", "ethics/N/flow",
    "ethics/N/routes", "ethics/N/routes.svg", "ethics/N/stored", "ethics/N/text",
    "ethics/N/versions", "research/sign-in", "ethics/sign-in",
)  # fmt: skip
# Addresses that a state of their own, a link or a code would be needed for.
NOT_MEASURED = (
    "account/codes", "account/second-step/off", "code", "set-up/<token>", "life/<step>",
    "board-dossier.pdf", "board-dossier.zip", "bundle.zip", "record.json", "letters/<letter>",
    "submission/<slot>/<digest>", "keys/<int:number>", "keys/<int:number>/statement.json",
    "proposals/<int:number>", "proposals/<int:number>/statement.json",
)  # fmt: skip
DRAWN = "a text skipped and the next one drawn (POST)"
LANDING = "a client’s first page"
BARE = "bare Flask"

Row = dict[str, Any]


def address_of(page: str) -> str:
    """Where a page of the list is."""
    return "/" + page.replace("N", FLAGSHIP, 1)


def _release(data: Path) -> None:
    """A release and a preview to look at, made of the answers that are there."""
    environ = without_settings() | environ_of(data, 1)
    out = str(data / "released")
    command = [str(BIN / "lacrima"), "release", FLAGSHIP, "--tier", "C", "--pilot", "--out", out]
    subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)


def _asked(data: Path) -> None:
    """A job that was refused, so that its page stays as it is."""
    stores = Stores(data)
    wanted = Job(study=FLAGSHIP, kind="preview", tier="B", pilot=True, who="researcher",
                 asked_at="2030-01-01T00:00:00+00:00")  # fmt: skip
    number = jobs.begin(stores.office, wanted, now=0.0).number
    result = {"reason": "Too few answers.", "helps": ["Wait for 20 more answers."]}
    jobs.end(stores.office, number, "refused", now=1.0, result=result)
    stores.close()


def _office(data: Path) -> dict[str, bytes]:
    """The file of what staff did, as it is: each size begins with the same ledger and audit."""
    return {path.name: path.read_bytes() for path in data.glob("office.db*")}


def _put_back(data: Path, office: Mapping[str, bytes]) -> None:
    for path in data.glob("office.db*"):
        path.unlink()
    for name, kept in office.items():
        (data / name).write_bytes(kept)


def _times(person: Person, address: str) -> list[float]:
    for _ in range(WARM_UP):
        person.get(address)
    return [person.get(address)[1] for _ in range(REQUESTS)]


def _drawn(person: Person) -> list[float]:
    """Seconds of pressing "skip", which draws another text."""
    read = address_of("research/N/texts/read")
    times = []
    for _ in range(WARM_UP + REQUESTS):
        page, _ = person.get(read)
        seen = page.body.partition(b'name="seen" value="')[2].partition(b'"')[0].decode()
        if not seen:
            raise Unexpected(f"no text to skip at {read}")
        times.append(person.post(page, read, go="skip", seen=seen)[1])
    return times[WARM_UP:]


@contextmanager
def _people(server: Server, keys: Mapping[Role, tuple[str, str]]) -> Iterator[list[Person]]:
    """A researcher with a text at hand, a member of the board, and somebody from the street."""
    researcher = Person(server.port).sign_in("researcher", *keys["researcher"])
    board, anybody = Person(server.port).sign_in("board", *keys["board"]), Person(server.port)
    texts = address_of("research/N/texts/")
    researcher.post(researcher.get(texts)[0], texts + "begin")
    try:
        yield [researcher, board, anybody]
    finally:
        for person in (researcher, board, anybody):
            person.leave()


def _measured(size: int, page: str, times: Sequence[float]) -> Row:
    return {
        "size": size, "page": page, "best": 1000 * min(times),
        "p50": percentile(times, 0.5), "p99": percentile(times, 0.99),
    }  # fmt: skip


def _at(size: int, data: Path, keys: Mapping[Role, tuple[str, str]]) -> Iterator[Row]:
    """Every page once the pilot in ``data`` holds ``size`` answers."""
    with served(data) as server, _people(server, keys) as (researcher, board, anybody):
        for person, pages in ((researcher, RESEARCH), (board, BOARD), (anybody, PUBLIC)):
            for page in pages:
                yield _measured(size, page, _times(person, address_of(page)))
        yield _measured(size, DRAWN, _drawn(researcher))
        time.sleep(2.5)  # what is known of the study's limit grows old: the first one asks anew
        yield _measured(size, LANDING, [anybody.get(START[FLAGSHIP])[1] for _ in range(REQUESTS)])
        used = usage(server.pid)
    file = (data / "pilot.db").stat().st_size / 1e6
    yield {"size": size, "memory": used.pss, "file": file}
    with bare(Shape(pages=2, forms=0, size=8000, fields=0, options=0)) as other:
        visitor = Person(other.port)
        yield _measured(size, BARE, _times(visitor, "/0"))
        visitor.leave()


def pages(sizes: Sequence[int] = SIZES) -> Iterator[Row]:
    """Every page at every size; the installation grows from one to the next."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data, before, office = Path(folder) / "data", 0, {}
        keys = begin(data)
        for size in sizes:
            grow(data, size, before)
            if not before:
                _release(data)
                _asked(data)
                office = _office(data)
            before = size
            _put_back(data, office)
            yield from _at(size, data, keys)
