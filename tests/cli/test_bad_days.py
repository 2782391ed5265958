"""Commands beside broken folders and lost files; what each of them leaves in the audit."""

import shutil
import sqlite3
from datetime import timedelta

import pytest

from forms.load import load_study
from survey.cli.main import main
from survey.clock import today_here
from survey.storage import studies
from survey.storage.stores import Stores
from survey.studies.version import RESERVED
from tests.answering import freeze, real_answers
from tests.approving import FACTS, confirm_all, copied, explain_slots_in, letter_in
from tests.conftest import FLAGSHIP, STUDIES

APPROVE = (
    "study", "approve", "minimal", "--reference", "R7", "--by", "A board",
    "--date", "2020-01-01", "--expires", (today_here() + timedelta(300)).isoformat(),
)  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """A study that could open: facts filled in, help lines checked."""
    folder = copied(STUDIES / "minimal", tmp_path / "shelf" / "minimal")
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data" / "site.toml").write_text(FACTS)
    return folder


@pytest.fixture
def lacrima(runner, folder):
    def run(*words):
        environ = {"LACRIMA_STUDIES": str(folder.parent)}
        done = runner.invoke(main, [*map(str, words)], env=environ, catch_exceptions=False)
        return done.exit_code, done.stdout, done.stderr

    return run


@pytest.fixture
def running(lacrima, tmp_path):
    """Signed and open."""
    assert lacrima("key", "new")[0] == 0
    explain_slots_in(tmp_path / "data", "minimal")
    assert lacrima(*APPROVE, "--letter", letter_in(tmp_path))[0] == 0
    confirm_all(tmp_path / "data", "minimal")
    assert lacrima("study", "open", "minimal")[0] == 0
    return lacrima


def edit(file, old, new):
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def audit(tmp_path):
    stores = Stores(tmp_path / "data")
    lines = studies.audit(stores.office)
    stores.close()
    return [line["what"] for line in lines if line["who"] == "command line"]


# Broken folders.


def test_the_doctor_names_a_broken_folder_and_exits_with_1(running, folder):
    edit(folder / "questionnaire.toml", '"single"', '"singel"')
    status, said, told = running("doctor")
    assert (status, "studies: minimal" in said, "1 thing to mend" in told) == (1, True, True)
    assert f"`lacrima study check {folder}` lists every fault" in told


def test_the_doctor_names_a_copy_that_was_changed(running, tmp_path):
    (copy,) = (tmp_path / "data" / "approved" / "minimal").glob("*/minimal/consent.toml")
    copy.chmod(0o600)
    edit(copy, "mood", "money")
    status, _, told = running("doctor")
    assert (status, "was changed after it was signed" in told) == (1, True)


def test_the_doctor_tells_a_row_that_was_changed_and_an_older_copy(running, tmp_path):
    office = tmp_path / "data" / "office.db"
    shutil.copy(office, tmp_path / "older.db")
    assert running("study", "close", "minimal")[0] == 0
    _, _, said = running("doctor")[1].partition("record: whole, head ")
    head = said.partition(",")[0]
    assert running("doctor", "--since", head)[0] == 0
    with sqlite3.connect(office) as db:
        db.execute("DROP TRIGGER audit_never_changed")
        db.execute("UPDATE audit SET who = 'nobody' WHERE what LIKE '%closed'")
    db.close()
    status, said, told = running("doctor")
    assert (status, "record: not whole" in said, "(audit) was changed: who" in told) == (1, 1, 1)
    shutil.copy(tmp_path / "older.db", office)
    status, _, told = running("doctor", "--since", head)
    assert (status, "an older copy was restored" in told) == (1, True)


def test_a_broken_folder_still_fails_its_check(running, folder):
    edit(folder / "questionnaire.toml", '"single"', '"singel"')
    assert running("study", "check", folder)[0] == 1


@pytest.mark.parametrize("harm", ["broken", "gone"])
def test_a_study_whose_folder_is_lost_can_still_be_closed(running, folder, harm):
    if harm == "gone":
        shutil.rmtree(folder)
    else:
        (folder / "consent.toml").write_text("[")
    status, said, told = running("study", "close", "minimal")
    assert (status, said) == (0, "minimal is closed now.\n")
    assert "It goes on as the version that was approved" in told


def test_nobody_signs_what_only_stands_in_for_a_broken_folder(running, folder, tmp_path):
    (folder / "consent.toml").write_text("[")
    status, _, told = running(*APPROVE, "--letter", letter_in(tmp_path))
    assert (status, "consent.toml" in told) == (1, True)


def test_the_list_does_not_call_a_paused_study_open(running, tmp_path):
    stores = Stores(tmp_path / "data")
    from survey.storage import board

    board.rule(stores.office, "minimal", "suspended", at="2026-01-01", who="A", why="a fire")
    stores.close()
    said = running("study", "list")[1]
    assert "minimal  paused" in said
    assert "The board suspended it on 2026-01-01: a fire" in said


def test_opening_again_opens_what_was_signed_as_in_the_room(running, folder):
    running("study", "close", "minimal")
    edit(folder / "questionnaire.toml", "How is your mood?", "How was your mood?")
    status, said, _ = running("study", "open", "minimal")
    assert (status, "as it was signed: its folder has changed since" in said) == (0, True)


# Names.


def test_every_address_of_the_rooms_own_is_a_name_that_no_study_may_have(app):
    inside = {
        rule.rule.split("/")[2]
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(("/research/", "/ethics/"))
    }
    assert {name for name in inside if name and "<" not in name} == RESERVED


@pytest.mark.parametrize("name", ["account", "sign-in", "Audit"])
def test_a_reserved_name_is_refused_with_the_reason(runner, tmp_path, name):
    shutil.copytree(STUDIES / "minimal", tmp_path / name)
    done = runner.invoke(main, ["study", "check", str(tmp_path / name)])
    assert done.exit_code == 1
    assert f"/research/{name} is a page of the platform" in done.stderr


# The audit.


def test_every_step_of_a_study_from_the_command_line_is_in_the_audit(running, tmp_path):
    running("study", "close", "minimal")
    running("study", "freeze", "minimal")
    running("invite", "minimal", "--count", 2, "--out", tmp_path / "codes.txt")
    assert audit(tmp_path) == [
        "server key: made",
        "minimal: noted the approval R7 from a letter",
        "minimal: open",
        "minimal: closed",
        "minimal: began to freeze the answers present as one batch",
        "minimal: frozen",
        "minimal: 2 invitations made",
    ]


def test_what_leaves_the_house_by_command_is_in_the_audit(runner, tmp_path):
    study, name = load_study(FLAGSHIP), FLAGSHIP.name
    stores = Stores(tmp_path / "data")
    real_answers(stores, study, 330)
    freeze(stores, study)
    stores.close()
    to = ("--to", "Dr Ada", "--agreement", "DUA 7", "--agreed", "2031-01-01")
    for words in (
        ("release", name, "--tier", "C", "--out", tmp_path / "out"),
        ("hand-over", name, 1, *to),
        ("recall", name, 1, "--why", "Wrong labels."),
    ):
        assert runner.invoke(main, [*map(str, words)]).exit_code == 0
    assert audit(tmp_path) == [
        f"{name}: release 1, tier C, made",
        f"{name}: release 1 handed over under DUA 7",
        f"{name}: recalled release 1",
    ]
