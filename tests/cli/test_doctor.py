"""The doctor and a start look at the same things; each says what is wrong and what to do."""

import json
import os
import shutil
import socket
import sqlite3
from pathlib import Path

import pytest

from survey.checks.every import BEFORE_SERVING, LOOKED_AT_BESIDES
from survey.checks.finding import Asked
from survey.checks.machine import file_system_of, tried
from survey.cli.main import main
from survey.config import Config, read_config
from survey.errors import BadSetting
from survey.storage.stores import Stores


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """The data folder of a new installation."""
    from click.testing import CliRunner

    data = tmp_path_factory.mktemp("first") / "data"
    runner = CliRunner(env={"LACRIMA_DATA": str(data)})
    assert runner.invoke(main, ["key", "new"]).exit_code == 0
    assert runner.invoke(main, ["doctor"]).exit_code == 0
    return data


@pytest.fixture
def data(first, tmp_path):
    return shutil.copytree(first, tmp_path / "data")


@pytest.fixture
def taken():
    """A port that somebody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield str(listening.getsockname()[1])


@pytest.fixture
def lacrima(runner, data):
    def run(*words, **environ):
        done = runner.invoke(main, list(map(str, words)), env=environ, catch_exceptions=False)
        return done.exit_code, done.stdout, done.stderr

    return run


def corrupt(data):
    """Random bytes in a page, as a bad disk leaves them."""
    path = data / "office.db"
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(os.urandom(4096))


def of_another(data):
    stores = Stores(data.parent / "other")
    assert stores.responses
    stores.close()
    shutil.copy(data.parent / "other" / "responses.db", data)


def another_key(data):
    (data / "server.key").write_text("ab" * 32)


def tomorrow(data):
    with sqlite3.connect(data / "office.db") as db:
        db.execute("INSERT INTO audit VALUES (99, '2999-01-01T00:00:00+00:00', 'x', 'y')")
    db.close()


# What is done to an installation, what is said of it, and whether a start refuses it.
HARMS = {
    "key open": (lambda d: (d / "server.key").chmod(0o644), "server.key can be read by others", 1),
    "folder open": (lambda d: d.chmod(0o755), "is open to others", 1),
    "folder open to a group": (lambda d: d.chmod(0o750), "is open to others", 1),
    "file open": (lambda d: (d / "office.db").chmod(0o644), "office.db can be read by others", 1),
    "no key": (lambda d: (d / "server.key").unlink(), "There is no server key", 1),
    "another key": (another_key, "is not the one of the data", 1),
    "answers gone": (lambda d: (d / "responses.db").unlink(), "responses.db is missing", 1),
    "office gone": (lambda d: (d / "office.db").unlink(), "office.db is missing", 1),
    "empty file": (lambda d: (d / "responses.db").write_bytes(b""), "is empty (0 bytes)", 1),
    "of another": (of_another, "belongs to another installation", 1),
    "clock": (tomorrow, "it stands before the last act", 1),
    "corrupt": (corrupt, "is damaged", 0),
}


@pytest.mark.parametrize("harm", HARMS)
def test_the_doctor_names_it_and_so_does_a_start(lacrima, data, taken, harm):
    do, said, refused = HARMS[harm]
    do(data)
    if refused:
        status, _, told = lacrima("serve", LACRIMA_PORT=taken)  # so that none would ever begin
        assert (status, said in told) == (1, True)
    status, _, told = lacrima("doctor")
    assert (status, said in told, "Traceback" in told) == (1, True, False)


def test_a_damaged_file_ends_a_command_with_a_sentence(lacrima, data):
    (data / "office.db").write_bytes((data / "office.db").read_bytes()[:8192] + b"x" * 20000)
    for words in (["study", "list"], ["account", "list"], ["serve"]):
        status, _, told = lacrima(*words)
        assert (status, "damaged" in told, "Traceback" in told) == (1, True, False)


def test_an_address_to_listen_on_is_read_or_refused_in_a_sentence():
    assert read_config({"LACRIMA_HOST": "localhost"}).host == "127.0.0.1"
    with pytest.raises(BadSetting, match=r"LACRIMA_HOST is 'my-server': give an address"):
        read_config({"LACRIMA_HOST": "my-server"})


def test_every_check_has_a_place_in_the_list_and_says_that_all_is_safe(lacrima):
    status, said, _ = lacrima("doctor", "--json")
    found = json.loads(said)
    names = {check["name"] for check in found["checks"]}
    assert (status, found["verdict"]) == (0, "told")
    assert found["settings"]["LACRIMA_WORKERS"] == "2"
    assert {"installation", "locks", "clock", "disk", "SQLite", "quick check", "owners"} <= names


def test_a_check_looks_and_raises_nothing_where_there_is_nothing(tmp_path):
    nowhere = Asked(Config(data=tmp_path / "no", key=tmp_path / "no.key", site=tmp_path / "x"))
    for check in BEFORE_SERVING:
        list(check(nowhere))
    assert not list(tmp_path.iterdir())


def test_a_mistyped_folder_is_no_installation_and_nothing_is_made(runner, taken, tmp_path):
    for command in ("doctor", "serve", "purge"):
        done = runner.invoke(main, [command], env={"LACRIMA_PORT": taken})
        assert (done.exit_code, "There is no" in done.output or "there is none" in done.output) == (
            1, True,
        )  # fmt: skip
    assert not (tmp_path / "data").exists()


def test_a_start_and_the_doctor_share_one_list():
    assert len({*BEFORE_SERVING, *LOOKED_AT_BESIDES}) == len(BEFORE_SERVING + LOOKED_AT_BESIDES)


def test_another_process_gets_a_lock_that_nobody_holds_and_none_that_somebody_does(tmp_path):
    (tmp_path / "file").touch()
    assert tried(tmp_path / "file") == ["had", "had"]


MOUNTS = """\
22 1 8:1 / / rw - ext4 /dev/sda rw
30 22 0:5 / /srv/my\\040data rw shared:1 - nfs4 box:/x rw
31 30 0:6 / /srv/my\\040data/in rw - tmpfs none rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [("/var", "ext4"), ("/srv/my data/x", "nfs4"), ("/srv/my data/in/x", "tmpfs")],
)
def test_the_file_system_of_a_folder_is_that_of_the_nearest_mount(tmp_path, folder, kind):
    (tmp_path / "mounts").write_text(MOUNTS)
    assert file_system_of(Path(folder), tmp_path / "mounts") == kind
    assert file_system_of(tmp_path)
