import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace

import pytest

from survey.backups import endings_list
from survey.backups.age_format import (
    DecryptedReader,
    EncryptedWriter,
    make_identity,
    public_key,
    read_identities,
)
from survey.backups.endings_list import EndingsKeeper
from survey.backups.make import make
from survey.backups.restore import restore
from survey.checks.copies import copies
from survey.checks.finding import Asked
from survey.cli.main import main
from survey.config import Config
from survey.crypto import KeyRing, make_key, read_keys
from survey.errors import Refusal
from survey.ethics.news import news_of
from survey.storage import (
    accounts,
    answer_tables,
    batches,
    board,
    members,
    pairing,
    record_check,
    releases,
    studies,
)
from survey.storage.stores import Stores
from survey.studies.catalogue import StudyCatalogue
from survey.studies.data_use import DataUseStopped, check_use
from tests.answering import real_answers
from tests.conftest import STUDIES
from tests.signing import seat

DAY = "2999-01-01"
NAME = "minimal"
WHO = "a test"


class House:
    """An installation with one open study, a board, a researcher, and ten answers."""

    def __init__(self, folder, study):
        self.config = Config(
            data=folder / "data",
            studies=(STUDIES / NAME,),
            site=folder / "data" / "site.toml",
            key=folder / "server.key",
            endings=folder / "endings.json",
        )
        self.folder, self.study = folder, study
        make_key(self.config.key)
        self.keys = KeyRing(read_keys(self.config.key))
        self.secret = folder / "secret.txt"
        self.public = public_key(make_identity(self.secret))
        self.stores = Stores(self.config.data)
        assert self.stores.writable()  # all four are there
        real_answers(self.stores, study, 10)
        office = self.stores.office
        for name in ("Ada", "Eve"):
            accounts.add(office, name=name, role="researcher", at=DAY)
            accounts.set_password(office, name, f"a hash of {name}")
        members.assign(office, "Ada", [NAME])
        seat(office, NAME, "Bea")
        accounts.begin(office, bytes(32), "Ada", now=0, full=True)

    def keep_list(self):
        endings_list.refresh(self.stores, self.keys, self.config.endings, DAY)
        return endings_list.read(self.config.endings)

    def backup(self, name="a.age"):
        self.keep_list()
        return make(self.stores, self.config, self.folder / name, [self.public], who=WHO).path

    def restored(self, backup, into="restored", listed=...):
        listed = self.keep_list() if listed is ... else listed
        secrets = read_identities(self.secret)
        done = restore(backup, self.folder / into, secrets, self.keys, listed, who=WHO)
        stores = Stores(self.folder / into)
        return stores, done.lines


@pytest.fixture
def house(tmp_path, study):
    house = House(tmp_path, study(NAME))
    yield house
    house.stores.close()


def disable(house, name):
    """As the command does."""
    accounts.disable(house.stores.office, name)
    what = f"account {name}: disabled"
    studies.note(house.stores.office, at=DAY, who=WHO, what=what)


def value_of(row):
    return row["deletion"]


def delete_one(stores):
    (first, *_) = answer_tables.rows(stores.responses, NAME)
    batches.ask_deletion(stores.responses, [value_of(first)])
    batches.carry_out_deletions(stores.responses)
    return first["key"]


def can_sign_in(stores):
    return [one.name for one in accounts.listed(stores.office) if not one.disabled]


def keys(stores):
    return {row["key"] for row in answer_tables.rows(stores.responses, NAME)}


def test_a_backup_is_a_file_of_the_age_format_with_everything_in_it(house):
    if not shutil.which("age"):
        pytest.skip("the program age is not installed")
    batches.ask_deletion(house.stores.responses, [(10_000).to_bytes(32)])
    path = house.backup()
    assert path.stat().st_mode & 0o777 == 0o600
    opened = subprocess.run(
        ["age", "-d", "-i", house.secret, path], capture_output=True, check=True
    ).stdout
    (house.folder / "x.tgz").write_bytes(opened)
    with tarfile.open(house.folder / "x.tgz") as archive:
        names = archive.getnames()
        said = json.loads(archive.extractfile("manifest.json").read())  # type: ignore[union-attr]
    assert {"responses.db", "office.db", "endings.json", f"studies/{NAME}/questionnaire.toml"} <= {
        *names
    }
    assert not {n for n in names if "draft" in n or "pilot" in n or "key" in n}
    # A deletion that waits is carried out in the backup.
    assert said["studies"][NAME] == {"state": "open", "unfrozen": 9, "frozen": 0, "texts": 0}


def test_what_age_encrypted_can_be_read_and_the_other_way_round(tmp_path):
    if not shutil.which("age"):
        pytest.skip("the program age is not installed")
    public = make_identity(tmp_path / "k")
    for size in (0, 1, 65_536, 65_537, 131_072):
        plain = bytes(n % 251 for n in range(size))
        with (tmp_path / "a").open("wb") as file:
            sealed = EncryptedWriter(file, [public_key(public)])
            sealed.write(plain)
            sealed.finish()
        command = ["age", "-d", "-i", tmp_path / "k", tmp_path / "a"]
        assert subprocess.run(command, capture_output=True, check=True).stdout == plain
        command = ["age", "-r", public, "-o", tmp_path / "b"]
        subprocess.run(command, input=plain, check=True)
        with (tmp_path / "b").open("rb") as file:
            secrets = read_identities(tmp_path / "k")
            assert DecryptedReader(file, secrets).readall() == plain


def test_a_backup_holds_no_order_and_no_token_and_leaves_nothing_behind(house):
    before = {path.name for path in house.config.data.iterdir()}
    stores, _ = house.restored(house.backup())
    held = stores.responses.conn.execute(
        "SELECT (SELECT count(*) FROM accepted) + (SELECT count(*) FROM arriving_accepted)"
    )
    assert held.fetchone() == (0,)
    assert keys(stores) == keys(house.stores)
    after = {path.name for path in house.config.data.iterdir()}
    assert after - before == {"backup.lock"}
    assert not [*house.folder.glob(".*")]
    stores.close()


def test_a_restore_ends_again_what_ended_since(house):
    office = house.stores.office
    path = house.backup()
    gone = delete_one(house.stores)
    disable(house, "Eve")
    members.assign(office, "Ada", [])
    (bea,) = members.members(office, NAME)
    members.appoint(office, replace(bea, what="ended"))
    members.set_quorum(office, members.QuorumChange(NAME, DAY, WHO, 2))
    members.end_keys(office, "Bea", at=DAY, who=WHO, why="lost")
    board.rule(office, NAME, "suspended", at=DAY, who=WHO, why="a reason")
    approval = studies.approvals(office, NAME)[-1].number
    board.rule(office, NAME, "revoked", at=DAY, who=WHO, why="why", approval=approval)
    stores, _ = house.restored(path)
    put_back = stores.office
    assert keys(stores) == keys(house.stores)
    assert gone not in keys(stores)
    assert can_sign_in(stores) == ["Ada", "Bea"]
    assert not members.assigned(put_back, "Ada")
    assert members.members(put_back, NAME) == []
    assert members.keys(put_back, "Bea") == []
    assert members.quorum(put_back, NAME) == 2
    assert board.suspension(put_back, NAME, "collection")
    assert board.suspension(put_back, NAME, "use")
    assert studies.approvals(put_back, NAME)[-1].revoked
    assert studies.status(put_back, NAME) == "closed"
    assert accounts.load(put_back, bytes(32)) is None
    stores.close()


def test_a_password_that_was_changed_since_opens_nothing_after_a_restore(house):
    path = house.backup()
    accounts.reset(house.stores.office, "Eve")
    accounts.set_password(house.stores.office, "Eve", "another hash")
    stores, lines = house.restored(path)
    assert can_sign_in(stores) == ["Ada", "Bea"]
    assert any("eve" in line for line in lines)
    stores.close()


def test_where_nothing_ended_since_a_restore_closes_the_study_and_says_so_in_the_record(house):
    stores, lines = house.restored(house.backup())
    assert keys(stores) == keys(house.stores)
    assert can_sign_in(stores) == ["Ada", "Bea", "Eve"]
    assert len(members.keys(stores.office, "Bea")) == 1
    assert not board.suspension(stores.office, NAME)
    check_use(stores.office, NAME, pilot=False)
    assert studies.status(stores.office, NAME) == "closed"
    assert "restored from" in studies.audit(stores.office)[-1]["what"]
    (news, *_) = news_of(stores.office, "Bea", [NAME])
    assert news.sentence.startswith("The data were put back from a backup of ")
    assert lines == ["Lost: answers sent since, and 2 lines of the record of staff's acts."]
    assert record_check.check(stores.office).whole
    stores.close()


def test_nothing_is_drawn_anew_from_a_backup_older_than_a_freeze(house):
    path = house.backup()
    batches.begins(house.stores.office, NAME, 1, at=DAY)
    batches.freeze(house.stores.responses, NAME, minimum=1, closing=True)
    stores, lines = house.restored(path)
    assert len(keys(stores)) == 10
    with pytest.raises(DataUseStopped, match="drawn a second time"):
        check_use(stores.office, NAME, pilot=False)
    assert any("nothing more may be frozen or released" in line for line in lines)
    # Nor by putting it back once more, with the list that the first one left.
    stores.close()
    listed = endings_list.read(house.folder / "restored" / "endings.json")
    again, _ = house.restored(path, "again", listed)
    with pytest.raises(DataUseStopped):
        check_use(again.office, NAME, pilot=False)
    again.close()


def test_a_release_made_or_recalled_since_is_not_forgotten(house):
    office = house.stores.office
    made = releases.Release(NAME, "C", "0" * 64, DAY, 1, "p", ("w",))
    releases.record(office, made)
    path = house.backup()
    releases.recall(office, NAME, [1], at=DAY, why="wrong")
    stores, _ = house.restored(path)
    assert [one.release for one in releases.errata(stores.office, NAME)] == [1]
    check_use(stores.office, NAME, pilot=False)
    stores.close()
    releases.record(office, made)
    stores, _ = house.restored(path, "again")
    with pytest.raises(DataUseStopped):
        check_use(stores.office, NAME, pilot=False)
    stores.close()


def test_a_deletion_is_carried_from_one_restore_to_the_next(house):
    old = house.backup()
    gone = delete_one(house.stores)
    stores, _ = house.restored(old)
    delete_one(stores)
    endings_list.refresh(stores, house.keys, house.folder / "restored" / "endings.json", DAY)
    left = keys(stores)
    stores.close()
    listed = endings_list.read(house.folder / "restored" / "endings.json")
    again, _ = house.restored(old, "again", listed)
    assert keys(again) == left
    assert gone not in left
    assert len(left) == 8
    again.close()


def test_a_list_older_than_the_backup_is_refused(house):
    house.keep_list()
    stale = endings_list.read(house.config.endings)
    disable(house, "Eve")
    path = house.backup()
    with pytest.raises(Refusal, match="is older than the backup"):
        house.restored(path, listed=stale)
    assert not (house.folder / "restored").exists()


def test_without_a_list_all_that_may_have_ended_counts_as_ended(house):
    stores, _ = house.restored(house.backup(), listed=None)
    assert keys(stores) == set()
    assert can_sign_in(stores) == []
    assert board.suspension(stores.office, NAME)
    with pytest.raises(DataUseStopped):
        check_use(stores.office, NAME, pilot=False)
    stores.close()


def test_a_backup_that_was_cut_or_changed_is_refused_and_nothing_is_put_back(house):
    path, listed = house.backup(), house.keep_list()
    whole = path.read_bytes()
    for cut in (0, 10, 100, 250, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(Refusal):
            house.restored(path, listed=listed)
    for at in (30, 150, 400, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(Refusal):
            house.restored(path, listed=listed)
    assert not (house.folder / "restored").exists()


def test_only_an_empty_folder_and_the_right_key_will_do(house):
    path, listed = house.backup(), house.keep_list()
    with pytest.raises(Refusal, match="is not empty"):
        house.restored(path, "data", listed)
    make_identity(house.folder / "other")
    house.secret = house.folder / "other"
    with pytest.raises(Refusal, match="another public key"):
        house.restored(path, listed=listed)


def test_a_copy_of_two_moments_is_recognised(house):
    pairing.advance(house.stores.responses, house.stores.office)
    copies = {}
    for when in ("early", "late"):
        for name in ("responses", "office"):
            copies[when, name] = house.folder / f"{when}-{name}.db"
            db = getattr(house.stores, name)
            db.conn.execute("VACUUM INTO ?", (str(copies[when, name]),))
        disable(house, "Eve")
        pairing.advance(house.stores.responses, house.stores.office)
    for answers, office in (("early", "late"), ("late", "early")):
        folder = house.folder / f"{answers}-{office}"
        folder.mkdir()
        shutil.copy(copies[answers, "responses"], folder / "responses.db")
        shutil.copy(copies[office, "office"], folder / "office.db")
        with pytest.raises(Refusal, match=f"{'responses' if answers == 'early' else 'office'}.db"):
            house.restored(folder, f"from-{answers}")


def test_a_folder_copied_by_hand_is_put_back_as_a_backup_is(house):
    copy = house.folder / "copy"
    copy.mkdir()
    for name in ("responses", "office"):
        db = getattr(house.stores, name)
        db.conn.execute("VACUUM INTO ?", (str(copy / f"{name}.db"),))
    gone = delete_one(house.stores)
    stores, _ = house.restored(copy)
    assert len(keys(stores)) == 9
    assert gone not in keys(stores)
    stores.close()


def test_a_data_folder_put_back_by_hand_is_told_from_the_list(house):
    copy = house.folder / "copy"
    copy.mkdir()
    for name in ("responses", "office"):
        db = getattr(house.stores, name)
        db.conn.execute("VACUUM INTO ?", (str(copy / f"{name}.db"),))
    disable(house, "Eve")
    listed = house.keep_list()
    stores = Stores(copy)
    assert "office.db is older than the endings list" in endings_list.not_ours(listed, stores)
    with pytest.raises(Refusal, match="older"):
        endings_list.refresh(stores, house.keys, house.config.endings, DAY)
    assert endings_list.read(house.config.endings) == listed
    stores.close()


def test_the_list_names_nobody_and_holds_no_order(house):
    values = [value_of(row) for row in answer_tables.rows(house.stores.responses, NAME)]
    for value in reversed(values):
        batches.ask_deletion(house.stores.responses, [value])
        batches.carry_out_deletions(house.stores.responses)
    listed, text = house.keep_list(), house.config.endings.read_text()
    assert len(listed.ended[NAME]) == 10
    for secret in ("eve", '"ada', "Bea", *(v.hex() for v in values)):
        assert secret not in text
    assert house.config.endings.stat().st_mode & 0o777 == 0o600
    found = json.loads(text)
    assert found["ended"][NAME] == sorted(found["ended"][NAME])


def test_what_cannot_be_written_whole_leaves_nothing(house):
    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))

    large = house.config.data / "approved" / "large.bin"
    large.parent.mkdir()
    large.write_bytes(os.urandom(3_000_000))  # in the middle of it the disk is full

    environ = {
        "PATH": os.environ["PATH"], "LACRIMA_DATA": str(house.config.data),
        "LACRIMA_KEY": str(house.config.key), "LACRIMA_STUDIES": str(STUDIES / NAME),
        "LACRIMA_ENDINGS": str(house.config.endings),
    }  # fmt: skip
    out = house.folder / "out"
    out.mkdir()
    public = out / "backup.pub"
    public.write_text(house.secret.read_text().splitlines()[0].removeprefix("# public key: "))

    def refused(*words):
        command = [sys.executable, "-c", "from survey.cli import main; main()", *map(str, words)]
        done = subprocess.run(
            command, env=environ, preexec_fn=limited, capture_output=True, text=True
        )
        assert done.returncode == 1
        return done.stderr

    assert "No backup was made." in refused("backup", out, "--to", public)
    assert [*out.iterdir()] == [public]
    whole = house.backup()
    house.keep_list()
    given = ("--identity", house.secret, "--endings", house.config.endings)
    assert "Nothing is there." in refused("restore", whole, "--into", out / "r", *given)
    assert [*out.iterdir()] == [public]
    assert not (house.config.data / ".backup").exists()


def test_a_timer_may_make_one_after_the_other(runner, tmp_path):
    def run(*words):
        return runner.invoke(main, [*map(str, words)], catch_exceptions=False)

    assert run("key", "new").exit_code == 0
    told = run("backup", "--new-key", tmp_path / "secret").output
    public = told.partition("public key: ")[2].split()[0]
    out = tmp_path / "out"
    out.mkdir()
    for count in (1, 2):
        assert run("backup", out, "--to", public).exit_code == 0
        assert len([*out.glob("lacrima-*.age")]) == count
    (first, second) = sorted(out.glob("*.age"))
    again = run("backup", second, "--to", public)
    assert (again.exit_code, "is there already" in again.stderr) == (1, True)
    refused = run("restore", first, "--into", tmp_path / "r", "--identity", tmp_path / "secret")
    assert "Give --endings FILE" in refused.stderr
    done = run(
        "restore", second, "--into", tmp_path / "r", "--identity", tmp_path / "secret",
        "--endings", tmp_path / "data" / "endings.json",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert "Every study is closed" in done.output


def test_the_server_starts_on_no_files_of_two_moments(house, runner):
    pairing.advance(house.stores.responses, house.stores.office)
    house.stores.responses.conn.execute("UPDATE pairing SET generation = 0")
    house.stores.close()
    environ = {
        "LACRIMA_DATA": str(house.config.data), "LACRIMA_KEY": str(house.config.key),
        "LACRIMA_ENDINGS": str(house.config.endings), "LACRIMA_PORT": "18999",
    }  # fmt: skip
    done = runner.invoke(main, ["serve"], env=environ, catch_exceptions=False)
    assert done.exit_code == 1
    assert "responses.db is older than office.db" in done.stderr
    assert "lacrima restore" in done.stderr


def test_the_doctor_tells_of_backups_and_of_files_of_two_moments(house):
    def found(name):
        every = copies(Asked(house.config), house.stores, StudyCatalogue([]))
        return [(f.verdict, str(f)) for f in every if f.name == name]

    assert "none was made here" in found("backup")[0][1]
    assert "is on the disk of the data" in found("endings list")[0][1]
    house.backup()
    assert "the last one was made on" in found("backup")[0][1]
    assert found("moment")[0][0] == "safe"
    pairing.advance(house.stores.responses, house.stores.office)
    house.stores.responses.conn.execute("UPDATE pairing SET generation = 0")
    assert found("moment")[0][0] == "unsafe"


def test_the_server_keeps_the_list_and_writes_it_only_where_something_changed(house):
    kept = EndingsKeeper(house.stores, house.keys, house.config.endings)
    kept.tick(DAY)
    first = house.config.endings.stat()
    kept.tick(DAY)
    assert house.config.endings.stat() == first
    delete_one(house.stores)
    kept.tick(DAY)
    listed = endings_list.read(house.config.endings)
    assert [len(values) for values in listed.ended.values()] == [1]  # type: ignore[union-attr]


def test_what_no_backup_holds_is_not_unpacked(house):
    listed = house.keep_list()
    for name, kind in (("../x", tarfile.REGTYPE), ("/x", tarfile.REGTYPE), ("x", tarfile.SYMTYPE)):
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, "/etc/passwd"
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            archive.addfile(entry, io.BytesIO())
        path = house.folder / "forged.age"
        with path.open("wb") as file:
            sealed = EncryptedWriter(file, [house.public])
            sealed.write(packed.getvalue())
            sealed.finish()
        with pytest.raises(Refusal, match="holds what no backup"):
            house.restored(path, listed=listed)
    assert not (house.folder / "restored").exists()
    assert not (house.folder / "x").exists()
