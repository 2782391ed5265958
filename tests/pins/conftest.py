"""Golden values in plain files, held against what the program does now, line by line.

``PINS=write python -m pytest tests/pins`` writes them anew.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from difflib import unified_diff
from hashlib import sha256
from pathlib import Path
from typing import Self

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from forms.load import load_study
from forms.site_facts import load_site
from survey import clock
from survey.app import close_app, create_app
from survey.cli.main import main
from survey.config import Config
from survey.ethics.dossier import dossier_files
from survey.releases import process
from survey.storage.stores import Stores
from survey.studies.version import read_version
from tests.answering import real_answers
from tests.approving import confirm_all, explain_slots, letter_in, settle_checklist
from tests.conftest import FLAGSHIP, TOP, UNCHECKED

GOLDEN = Path(__file__).parent / "golden"
WRITING = os.environ.get("PINS") == "write"
MOVED = """\
{file} no longer says what the program does:

{difference}
A pin may move only in a commit of its own that says why. To write it anew:
    PINS=write python -m pytest tests/pins
"""

SHELVES = ("studies", "tests/studies", "benchmarks/studies")
STUDY_FOLDERS = {
    folder.parent.name: folder.parent
    for catalogue in SHELVES
    for folder in sorted((TOP / catalogue).glob("*/questionnaire.toml"))
}

FACTS = (
    "answers_until", "backups_until", "clinician_contact", "closing_text", "conflict_text",
    "contact_email", "contact_post", "dpo_contact", "ethics_board", "ethics_contact", "ethics_ref",
    "freeze_not_before", "funder", "hosting_country", "hosting_provider", "incentive_text",
    "injury_text", "institution", "legal_basis", "prereg_url", "records_until",
    "recruitment_text", "releases_until", "researcher_names", "results_url", "results_when",
    "rights_law_text", "supervisory_authority", "target_n", "texts_until", "transfer_text",
)  # fmt: skip
# Facts that are no text of their own: days, and what chooses between two variants of the words.
DAYS = {"freeze_not_before": "2026-01-31", "legal_basis": "consent"} | dict.fromkeys(
    ("answers_until", "backups_until", "records_until", "releases_until", "texts_until"),
    "2036-12-31",
)
APPROVAL = (
    "--reference", "2026-7", "--by", "Dr Ada Berg", "--date", "2026-01-02",
    "--expires", "2027-04-30",
    "--while-running", "2999-01-01 Not in clinics.",
)  # fmt: skip
RECIPIENT = ("--to", "Dr Ada Example", "--agreement", "DUA 7", "--agreed", "2026-01-02")

CHECKED = 'last_checked = "2026-07-01"'
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC).timestamp()

Command = Callable[..., str]


class OneDay(datetime):
    """A calendar that stands still: what is pinned holds dates."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromtimestamp(NOON, tz)


def hold(name: str, lines: Iterable[str]) -> None:
    """Fail with the difference where a golden file says something else than ``lines``."""
    file, now = GOLDEN / f"{name}.txt", [f"{line}\n" for line in lines]
    if WRITING:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(now), "utf-8")
    pinned = file.read_text("utf-8").splitlines(keepends=True) if file.is_file() else []
    difference = "".join(unified_diff(pinned, now, "pinned", "now", n=1))
    if difference:
        pytest.fail(MOVED.format(file=file.relative_to(TOP), difference=difference), pytrace=False)


@pytest.fixture(scope="module", autouse=True)
def one_version_on_one_day() -> Iterator[None]:
    """What a file says of the program and the day: no pin moves with a build or a date."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (process, dossier_files):
            patch.setattr(module, "program_version", lambda: "0")
        patch.setattr(clock, "datetime", OneDay)
        yield


@pytest.fixture(scope="session")
def pinned() -> Callable[[str, Iterable[str]], None]:
    """``pinned(name, lines)``: these lines are those of the golden file ``name``."""
    return hold


@pytest.fixture(scope="session")
def sums_of() -> Callable[[Path], list[str]]:
    """The sum and the path of every file below a folder."""

    def sums(folder: Path) -> list[str]:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return [f"{sha256(f.read_bytes()).hexdigest()}  {f.relative_to(folder)}" for f in files]

    return sums


@pytest.fixture(scope="session")
def keys_of() -> Callable[[object], list[str]]:
    """The place of every key in what JSON holds; the members of a list stand for one another."""

    def places(held: object, above: str = "") -> Iterator[str]:
        if isinstance(held, dict):
            for key, inner in held.items():
                yield f"{above}.{key}"
                yield from places(inner, f"{above}.{key}")
        if isinstance(held, list):
            for inner in held:
                yield from places(inner, f"{above}[]")

    return lambda held: sorted({place.removeprefix(".") for place in places(held)})


def command_on(data: Path, *shelves: Path) -> Command:
    """``lacrima`` with a data folder; what it prints, once it has ended well."""
    environ = {"LACRIMA_DATA": str(data), "LACRIMA_STUDIES": ":".join(map(str, shelves))}
    runner = CliRunner(env=environ)

    def run(*words: object, typed: str = "") -> str:
        done = runner.invoke(
            main, [str(word) for word in words], input=typed,
            prog_name="lacrima", terminal_width=80, catch_exceptions=False,
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


@pytest.fixture(scope="module")
def lacrima(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """``lacrima`` with every study folder of the repository, all untouched."""
    run = command_on(tmp_path_factory.mktemp("host") / "data", *(TOP / s for s in SHELVES))
    run("key", "new")
    return run


class Installation:
    """The flagship as a real study: checked, approved, open, with answers frozen twice."""

    def __init__(self, top: Path) -> None:
        self.data, self.catalogue = top / "data", top / "shelf"
        self.run = command_on(self.data, self.catalogue)
        self._copy_study()
        self.run("key", "new")
        facts = "".join(f"{name} = {DAYS.get(name, f'The {name}.')!r}\n" for name in FACTS)
        (self.data / "site.toml").write_text(f"[site]\n{facts}", "utf-8")
        self._settle_checklist()
        self.run("study", "approve", FLAGSHIP.name, *APPROVAL, "--letter", letter_in(top))
        confirm_all(self.data, FLAGSHIP.name)
        self.run("study", "open", FLAGSHIP.name)

    def _settle_checklist(self) -> None:
        site = load_site(self.data / "site.toml")
        stores, folder = Stores(self.data), self.catalogue / FLAGSHIP.name
        settle_checklist(stores, read_version(folder, site, pilot=False))
        explain_slots(stores, FLAGSHIP.name)
        stores.close()

    def _copy_study(self) -> None:
        for file in sorted(p for p in FLAGSHIP.rglob("*") if p.is_file()):
            copy = self.catalogue / FLAGSHIP.name / file.relative_to(FLAGSHIP)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes().replace(UNCHECKED.encode(), CHECKED.encode()))

    def answer(self, count: int, *, seed: int) -> None:
        """So many people answer, and their answers are frozen."""
        stores = Stores(self.data)
        real_answers(stores, load_study(self.catalogue / FLAGSHIP.name), count, seed=seed)
        stores.close()
        self.run("study", "freeze", FLAGSHIP.name)

    def release(self, tier: str, out: Path) -> Path:
        """A release, to a person where it is restricted."""
        to = RECIPIENT if tier == "C" else ()
        self.run("release", FLAGSHIP.name, "--tier", tier, "--out", out, *to)
        return out

    def serve(self) -> Flask:
        """The application on these files."""
        return create_app(
            Config(
                data=self.data,
                studies=(self.catalogue,),
                site=self.data / "site.toml",
                key=self.data / "server.key",
                https=False,
                proxies=0,
            )
        )


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A new installation in which the flagship is open."""
    return Installation(tmp_path_factory.mktemp("installation"))


@pytest.fixture(scope="module")
def served(installation: Installation) -> Iterator[Flask]:
    """That installation, being served."""
    app = installation.serve()
    yield app
    close_app(app)


@pytest.fixture
def researcher(served: Flask, signed_in: Callable[..., FlaskClient]) -> FlaskClient:
    """The browser of a researcher there."""
    return signed_in(served)
