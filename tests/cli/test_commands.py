"""The command line: one clear sentence when it refuses, and nothing written."""

import os
import socket
import subprocess
import sys
from datetime import timedelta

import click
import pytest

from survey.cli.main import COMMANDS, main
from survey.clock import today_here
from survey.studies import approvals
from survey.studies.platform_words import (
    fingerprint_of_platform,
    platform_content,
    platform_fingerprint,
)
from tests.approving import FACTS, confirm_all, copied, explain_slots_in, letter_in
from tests.conftest import CHECKED, FLAGSHIP, STUDIES
from tests.serving import free_port


@pytest.fixture
def lacrima(runner):
    """Runs a command; gives (exit status, what was printed, what was said on standard error)."""

    def run(*words, **environ):
        done = runner.invoke(main, list(map(str, words)), env=environ, catch_exceptions=False)
        return done.exit_code, done.stdout, done.stderr

    return run


def one_line(told):
    return len(told.strip().splitlines()) == 1 and "Traceback" not in told


# Settings and serving.


def test_the_doctor_lists_every_setting_and_whether_all_is_well(lacrima):
    lacrima("key", "new")
    status, said, _ = lacrima("doctor")
    assert (status, "LACRIMA_DATA=" in said, "fine" in said) == (0, True, True)


@pytest.mark.parametrize(("site", "why"), [
    ("https://127.0.0.1:1", "cannot be reached"), ("survey.example.org", "is no address of a site"),
])  # fmt: skip
def test_doctor_says_why_a_site_cannot_be_asked(lacrima, site, why):
    lacrima("key", "new")
    status, _, told = lacrima("doctor", "--site", site)
    assert (status, why in told) == (1, True)


def test_a_second_key_is_refused(lacrima):
    assert lacrima("key", "new")[0] == 0
    status, _, told = lacrima("key", "new")
    assert (status, one_line(told)) == (1, True)


@pytest.mark.parametrize("command", ["doctor", "serve", "demo"])
def test_an_unknown_setting_is_named(lacrima, command):
    status, _, told = lacrima(command, LACRIMA_HTPS="on")
    assert (status, "LACRIMA_HTPS" in told, one_line(told)) == (1, True, True)


def test_without_a_key_the_server_says_how_to_make_one(lacrima):
    status, _, told = lacrima("serve", LACRIMA_PORT=str(free_port()))
    assert (status, "lacrima key new" in told) == (1, True)


@pytest.mark.parametrize("command", [["demo", "--port"], ["serve"]])
def test_a_taken_port_is_one_clear_line(lacrima, command):
    lacrima("key", "new")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        words = [*command, port] if command[0] == "demo" else command
        status, _, told = lacrima(*words, LACRIMA_PORT=port)
    assert (status, port in told, one_line(told)) == (1, True, True)


@pytest.mark.parametrize(("setting", "value", "mode"), [
    ("LACRIMA_HTTPS", "off", 0o600), ("LACRIMA_KEY", "", 0o644), ("LACRIMA_DATA", "", 0o600),
])  # fmt: skip
def test_unsafe_settings_are_refused_by_name(lacrima, tmp_path, setting, value, mode):
    lacrima("key", "new")
    (tmp_path / "data" / "server.key").chmod(mode)
    (tmp_path / "data").chmod(0o755 if setting == "LACRIMA_DATA" else 0o700)
    environ = {"LACRIMA_HOST": "0.0.0.0", **({setting: value} if value else {})}
    status, _, told = lacrima("serve", **environ)
    assert (status, setting in told) == (1, True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_data_folder_is_one_clear_line(lacrima, tmp_path):
    tmp_path.chmod(0o500)
    status, _, told = lacrima("demo", "--empty", "--port", str(free_port()))
    assert (status, "LACRIMA_DATA" in told, one_line(told)) == (1, True, True)


def test_a_data_folder_that_is_a_file_is_one_clear_line(lacrima, tmp_path):
    (tmp_path / "file").write_text("")
    data = str(tmp_path / "file")
    status, _, told = lacrima("demo", "--empty", "--port", str(free_port()), LACRIMA_DATA=data)
    assert (status, data in told, one_line(told)) == (1, True, True)


def test_wrong_use_is_exit_two(lacrima):
    assert lacrima("demo", "--port", "no")[0] == 2
    assert lacrima("nonsense")[0] == 2


# The life of a study.

APPROVAL = ["--reference", "2026-7", "--by", "A board", "--date", "2020-01-01"]
EXPIRES = ["--expires", (today_here() + timedelta(300)).isoformat()]


def test_checking_a_sound_study_says_so(lacrima):
    status, said, _ = lacrima("study", "check", STUDIES / "minimal")
    assert (status, "minimal: no fault" in said) == (0, True)


def test_checking_a_study_names_the_facts_that_the_site_still_owes(lacrima):
    _, said, _ = lacrima("study", "check", FLAGSHIP)
    assert "ethics_ref: is empty; needed before the study opens" in said
    assert "closing_text" not in said  # may stay empty


def test_checking_a_faulty_study_lists_every_fault(lacrima, tmp_path):
    for file in (STUDIES / "minimal").iterdir():
        text = file.read_text().replace('"single"', '"singel"').replace("k = 5", "k = 0")
        (tmp_path / file.name).write_text(text)
    status, _, told = lacrima("study", "check", tmp_path)
    assert (status, "singel" in told, "release.toml" in told) == (1, True, True)


def test_the_list_names_every_study(lacrima):
    lacrima("key", "new")
    status, said, _ = lacrima("study", "list")
    assert (status, "minimal  draft  not approved" in said) == (0, True)


def test_a_study_opens_only_when_everything_is_in_order(lacrima):
    lacrima("key", "new")
    status, _, told = lacrima("study", "open", "minimal")
    assert status == 1
    assert all(why in told for why in ("no approval", "institution", "not checked within 90 days"))


def test_an_approval_on_paper_meets_the_refusals_of_the_page(lacrima, tmp_path):
    lacrima("key", "new")
    ends = "--expires", "2019-01-01", "--letter", letter_in(tmp_path)
    status, _, told = lacrima("study", "approve", "minimal", *APPROVAL, *ends)
    assert (status, "It would end before it was given" in told) == (1, True)
    assert all(why in told for why in ("Elements of the checklist", "Facts", "Help lines"))


def test_an_approval_on_paper_without_the_letter_is_none(lacrima):
    status, _, told = lacrima("study", "approve", "minimal", *APPROVAL, *EXPIRES)
    assert (status, "--letter" in told) == (2, True)


@pytest.fixture
def ready(lacrima, tmp_path):
    """A study with its facts filled in, its help line checked and its approval noted."""
    folder, data = tmp_path / "shelf" / "minimal", tmp_path / "data"
    copied(STUDIES / "minimal", folder)
    data.mkdir(mode=0o700)
    (data / "site.toml").write_text(FACTS)

    def run(*words):
        return lacrima(*words, LACRIMA_STUDIES=str(folder.parent))

    letter = letter_in(tmp_path)
    explain_slots_in(data, "minimal")
    assert run("study", "approve", "minimal", *APPROVAL, *EXPIRES, "--letter", letter)[0] == 0
    confirm_all(data, "minimal")
    return run


def test_an_approved_study_opens_closes_and_freezes(ready):
    assert ready("study", "open", "minimal")[:2] == (0, "minimal is open now.\n")
    assert "minimal  open  approved 2026-7" in ready("study", "list")[1]
    assert ready("study", "close", "minimal")[:2] == (0, "minimal is closed now.\n")
    assert "0 answers of minimal are frozen" in ready("study", "freeze", "minimal")[1]


def test_a_frozen_study_never_opens_again(ready):
    for word in ("open", "close", "freeze"):
        assert ready("study", word, "minimal")[0] == 0
    status, _, told = ready("study", "open", "minimal")
    assert (status, "frozen for good" in told) == (1, True)


def test_too_few_answers_are_not_frozen_while_the_study_is_open(ready):
    ready("study", "open", "minimal")
    status, _, told = ready("study", "freeze", "minimal")
    assert (status, "50" in told, one_line(told)) == (1, True, True)


def test_a_changed_word_voids_the_approval(ready, tmp_path):
    file = tmp_path / "shelf" / "minimal" / "questionnaire.toml"
    file.write_text(file.read_text().replace("How is your mood?", "How was your mood?"))
    status, _, told = ready("study", "open", "minimal")
    assert (status, "no approval in force" in told) == (1, True)


def test_a_corrected_help_line_does_too_before_the_study_was_opened(ready, tmp_path):
    file = tmp_path / "shelf" / "minimal" / "support.toml"
    file.write_text(file.read_text().replace('contact = "123"', 'contact = "456"'))
    status, _, told = ready("study", "open", "minimal")
    assert (status, "no approval in force" in told) == (1, True)


def test_words_changed_under_the_same_label_are_told(ready, tmp_path):
    folder = tmp_path / "shelf" / "minimal"
    assert "yet both are called version 1" not in ready("study", "check", folder)[1]
    file = folder / "questionnaire.toml"
    file.write_text(file.read_text().replace("How is your mood?", "How was your mood?"))
    assert "yet both are called version 1" in ready("study", "check", folder)[1]
    file.write_text(file.read_text().replace('version = "1"', 'version = "2"'))
    assert "yet both are called" not in ready("study", "check", folder)[1]


def test_the_platforms_sentences_are_told_with_what_was_signed(ready):
    status, said, _ = ready("study", "platform", "minimal")
    assert (status, said.count(platform_fingerprint())) == (0, 2)


def test_an_upgrade_that_says_other_sentences_is_told_before_it_serves(ready, monkeypatch):
    ready("key", "new")
    ready("study", "open", "minimal")
    later = platform_content().replace('"Leave now"', '"Go away"')
    monkeypatch.setattr(approvals, "platform_content", lambda: later)
    monkeypatch.setattr(approvals, "platform_fingerprint", lambda: fingerprint_of_platform(later))
    status, said, _ = ready("study", "platform", "minimal")
    assert (status, "+ LEAVE_NOW: Go away" in said) == (1, True)
    status, _, told = ready("doctor")
    assert (status, "other sentences of its own" in told) == (1, True)


@pytest.mark.parametrize(
    ("checked", "why"),
    [
        (f"\n{CHECKED}", "1 help lines were not checked within 90 days (A line …)"),
        (f"y_{CHECKED}", "the emergency numbers were not compared"),
    ],
)
def test_a_check_older_than_ninety_days_keeps_a_study_from_opening(ready, tmp_path, checked, why):
    file = tmp_path / "shelf" / "minimal" / "support.toml"
    old = (today_here() - timedelta(days=91)).isoformat()
    stale = f'{checked.partition("last")[0]}last_checked = "{old}"'
    file.write_text(file.read_text().replace(checked, stale))
    status, _, told = ready("study", "open", "minimal")
    assert (status, why in told) == (1, True)


def test_an_unknown_study_is_told_with_those_known(lacrima):
    lacrima("key", "new")
    status, _, told = lacrima("study", "open", "nothing")
    assert (status, "minimal" in told, one_line(told)) == (1, True, True)


def test_purging_says_what_went(lacrima):
    lacrima("key", "new")
    assert lacrima("purge")[:2] == (0, "0 drafts that had run out are gone.\n")


@pytest.mark.parametrize(("name", "said"), [(n, said) for n, (_, said) in COMMANDS.items()])
def test_the_list_of_commands_says_what_each_says_itself(name, said):
    assert main.commands[name].get_short_help_str(limit=500) == said


def test_every_command_is_in_the_list():
    assert {command.name for command in main.commands.values()} == set(COMMANDS)


def test_a_command_that_is_not_in_the_list_is_named_at_once():
    with pytest.raises(LookupError, match="no row for hello"):
        main.add_command(click.Command("hello"))


def test_help_loads_nothing_that_it_does_not_need():
    script = (
        "import sys; from survey.cli import main\n"
        "try: main(['--help'])\n"
        "finally: print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    heavy = {"exports", "flask", "forms", "granian", "polars", "sqlite3", "sqlite_utils", "typst"}
    assert not heavy & set(done.stdout.splitlines()[-1].split())
