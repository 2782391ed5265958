"""What most tests need: a study, the application with real files, a client, a command line."""

import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path

import hypothesis
import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from click.testing import CliRunner
from flask import Flask, session
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

from forms.load import load_study
from forms.study import Study
from survey.accounts import passwords
from survey.accounts.access import start_session
from survey.app import close_app, create_app
from survey.clock import today_here
from survey.config import Config
from survey.crypto import make_key
from survey.services import services
from survey.storage import accounts, members
from survey.storage.accounts import Role
from survey.storage.database import Database
from survey.storage.stores import Stores
from tests.signing import GOOD, seat

pytest_plugins = ("tests.skips",)

# It is noon where the tests begin, here and in every process they start: no day ends meanwhile.
if "PYTEST_XDIST_WORKER" not in os.environ:
    east = 12 * 60 - (int(time.time()) // 60) % (24 * 60)
    os.environ["TZ"] = f"noon{'-' if east > 0 else '+'}{abs(east) // 60}:{abs(east) % 60:02}"
    time.tzset()

# A loaded machine is no fault: times are measured in benchmarks, never asserted.
hypothesis.settings.register_profile("lacrima", deadline=None)
hypothesis.settings.load_profile("lacrima")


class Compiled(BytecodeCache):
    """Templates compiled once a process, however many applications are opened."""

    def __init__(self) -> None:
        self._codes: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._codes:
            bucket.bytecode_from_string(self._codes[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key] = bucket.bytecode_to_string()


class RuleBuiltWhenAsked(Rule):
    """An address whose builder is compiled when it is first asked for."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = cache(super()._compile_builder)
        return lambda rule, **values: compiled(append_unknown)(rule, **values)


Flask.url_rule_class = RuleBuiltWhenAsked
Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Compiled()}

STUDIES = Path(__file__).parent / "studies"
FLAGSHIP = Path(__file__).parents[1] / "studies" / "therapist-tears"

TOP = Path(__file__).parents[1]
# A help line's date of a check, as it ships and as somebody writes it who has dialled today.
UNCHECKED = 'last_checked = ""'
CHECKED = f'last_checked = "{today_here().isoformat()}"'


def folder_of(name: str) -> Path:
    """A tiny study's folder, or the flagship's."""
    return FLAGSHIP if name == FLAGSHIP.name else STUDIES / name


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes of argon2id at the least cost; a test of the real one overrides this."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher.from_parameters(CHEAPEST))
    passwords._unknown_hash.cache_clear()


@pytest.fixture(scope="session")
def study() -> Callable[[str], Study]:
    return lambda name: load_study(folder_of(name))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Public data sets and schemas, which are measured with and never shipped."""
    folder = TOP / os.environ.get("PUBLIC_DATA", "../shared/data")
    if not folder.is_dir():
        pytest.skip(f"no public data sets: {folder} is no folder; name theirs in PUBLIC_DATA")
    return folder


@pytest.fixture(scope="session")
def empty_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of a first start, without a key: making its tables takes longest."""
    folder = tmp_path_factory.mktemp("empty") / "data"
    with closing(Stores(folder)) as stores:
        assert stores.writable()
    return folder


@pytest.fixture
def open_app(tmp_path: Path, empty_data: Path) -> Iterator[Callable[..., Flask]]:
    """Opens the application on the named studies, as pilots unless told; CSRF is on."""
    opened: list[Flask] = []

    def open_on(*names: str, data: Path = tmp_path / "data", **changes: object) -> Flask:
        config = Config(
            data=data,
            studies=tuple(folder_of(name) for name in names),
            site=tmp_path / "data" / "site.toml",
            key=data / "server.key",
            https=False,
            proxies=0,
            starts=0,  # tests begin more walks than people do
            demo=True,
        )
        config = replace(config, **changes)  # type: ignore[arg-type]
        if not data.exists():
            shutil.copytree(empty_data, data)
        make_key(config.key)
        opened.append(create_app(config))
        return opened[-1]

    yield open_on
    for app in opened:
        close_app(app)


@pytest.fixture
def app(open_app: Callable[..., Flask]) -> Flask:
    """The application with every tiny study."""
    return open_app("minimal", "branch", "once", "kinds")


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def signed_in() -> Callable[..., FlaskClient]:
    """``signed_in(app, role="researcher")``: a browser in which a fresh account is signed in."""

    def sign_in(app: Flask, role: Role = "researcher", name: str = "") -> FlaskClient:
        client, name = app.test_client(), name or f"{role}-{secrets.token_hex(4)}"
        with app.test_request_context("/research/"):
            accounts.add(services().stores.office, name=name, role=role, at="2025-01-01T00:00:00")
            accounts.set_password(services().stores.office, name, passwords.hashed(GOOD))
            accounts.set_totp(services().stores.office, name, b"never asked")
            for study in services().catalogue.folders:
                give_study(services().stores.office, study, name, role)
            start_session(accounts.find(services().stores.office, name))  # type: ignore[arg-type]
            cookie = dict(session)
        with client.session_transaction("/research/") as kept:
            kept.update(cookie)
        client.account = name  # type: ignore[attr-defined]  # whose key signs
        return client

    return sign_in


def give_study(office: Database, study: str, account: str, role: Role) -> None:
    """Let an account open a study: a board's member sits on its board, with a key."""
    if role == "board":
        seat(office, study, account, quorum=None if members.quorum(office, study) else 1)
    else:
        members.assign(office, account, members.assigned(office, account) | {study})


@pytest.fixture
def runner(tmp_path: Path) -> CliRunner:
    """Runs commands on a data folder of its own, with the tiny studies on the shelf."""
    data = str(tmp_path / "data")
    return CliRunner(env={"LACRIMA_DATA": data, "LACRIMA_STUDIES": f"{STUDIES}:{FLAGSHIP}"})


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    """The files of an installation, new and empty."""
    stores = Stores(tmp_path)
    yield stores
    stores.close()


@pytest.fixture
def db(stores: Stores) -> Database:
    """The file of real answers."""
    return stores.responses
