"""From outside: a site that shows what a dossier says, and every way in which it may not."""

import io
import re
import shutil
import sqlite3
import zipfile
from hashlib import sha256

import pytest

from survey.cli.main import main
from survey.errors import Refusal
from survey.ethics.dossier.reader import open_dossier
from survey.ethics.verify_site import RECORD, verify
from survey.respondents import invitations
from survey.storage import answer_tables, board, record, studies
from survey.studies.current import NAME
from tests.conftest import CHECKED, UNCHECKED, folder_of
from tests.serving import ROOT
from tests.signing import approve_and_confirm
from tests.survey.ethics.dossier.conftest import dossier_of, serving


@pytest.fixture
def dossier(open_app, tmp_path):
    """The dossier of a study as it stands in its own folder."""

    def make(name="branch", **changes):
        path = tmp_path / f"{name}-dossier.zip"
        path.write_bytes(dossier_of(open_app(name, **changes), name))
        return path

    return make


@pytest.fixture
def changed(open_app, tmp_path):
    """Serves the study with something in one of its files replaced."""

    def serve(file, old, new, name="branch"):
        folder = tmp_path / "changed" / name
        shutil.copytree(folder_of(name), folder)
        before = (folder / file).read_text("utf-8")
        assert old in before
        (folder / file).write_text(before.replace(old, new), "utf-8")
        return open_app(name, studies=(folder,), data=tmp_path / "other")

    return serve


def compared(app, path):
    with serving(app) as url:
        return verify(url, open_dossier(path))


@pytest.mark.parametrize("name", ["branch", "kinds", "once", "minimal"])
def test_a_site_that_shows_what_was_approved_has_no_difference(open_app, dossier, name):
    path = dossier(name)
    report = compared(open_app(name), path)
    assert (list(report.differences), report.ways > 0) == ([], True)


def test_nothing_is_sent_and_no_draft_is_left(open_app, dossier):
    path, app = dossier(), open_app("branch")
    compared(app, path)
    stores = app.extensions[NAME].stores
    drafts = stores.drafts.conn.execute("SELECT count(*) FROM drafts").fetchone()[0]
    assert (answer_tables.count(stores.pilot, "branch"), drafts) == (0, 0)


def test_one_changed_word_is_told_with_the_screen_and_both_texts(changed, dossier):
    app = changed("consent.toml", "A few questions on your mood.", "A few questions on your money.")
    told = [str(d) for d in compared(app, dossier()).differences]
    assert any(
        "Landing [landing], client’s page\n"
        "  dossier: A few questions on your mood.\n"
        "  site:    A few questions on your money." in one
        for one in told
    )  # fmt: skip


def test_a_page_with_many_new_texts_is_compared_to_its_end(changed, dossier):
    many = [f"New sentence {n}." for n in range(30)]
    app = changed("consent.toml", "A study.", "\\n\\n".join(many))
    differences = compared(app, dossier()).differences
    assert {d.site for d in differences if "[information]" in d.where} >= set(many)


def test_a_changed_fingerprint_is_told(changed, dossier):
    report = compared(changed("release.toml", "k = ", "k = 1"), dossier())
    assert [d.where for d in report.differences] == [
        "overview: fingerprint of release policy",
        "certificate: fingerprint of release policy",
    ]


def test_a_changed_route_is_told(changed, dossier):
    app = changed("questionnaire.toml", "show_if = { been = [1] }", "show_if = { been = [2] }")
    where = [d.where for d in compared(app, dossier()).differences]
    assert any(w.startswith("Routing after") for w in where)


def test_a_corrected_help_line_is_told_as_one_that_may_be_corrected(changed, dossier):
    app = changed("support.toml", "123", "456")
    told = compared(app, dossier()).differences
    where = [d.where for d in told if "456" in d.site]
    assert where
    assert all("a contact may be corrected before it is signed" in one for one in where)


def test_a_study_that_takes_nobody_is_compared_on_the_board_s_pages(open_app, dossier, tmp_path):
    path = dossier(demo=False)
    report = compared(open_app("branch", demo=False, data=tmp_path / "other"), path)
    assert (list(report.differences), report.ways) == ([], 3)
    assert any("takes nobody just now" in note for note in report.notes)


# Dossiers that are none.


def rewritten(path, name, old, new):
    """The zip with something replaced in one of its files, sums untouched."""
    made = io.BytesIO()
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(made, "w") as after:
        for entry in before.namelist():
            body = before.read(entry)
            after.writestr(entry, body.replace(old, new) if entry.endswith(name) else body)
    path.write_bytes(made.getvalue())


@pytest.mark.parametrize("file", ["texts.json", "consent.toml", "dossier.pdf"])
def test_a_dossier_changed_after_it_was_made_is_refused(dossier, file):
    path = dossier()
    rewritten(path, file, b"e", b"f")
    with pytest.raises(Refusal, match=f"was changed after it was made: .*{file}"):
        open_dossier(path)


def test_a_dossier_whose_files_and_fingerprints_disagree_is_refused(dossier):
    path = dossier()
    with zipfile.ZipFile(path) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith("consent.toml"))
        was = archive.read(name)
    now = was.replace(b"mood", b"food")
    rewritten(path, "consent.toml", b"mood", b"food")
    rewritten(path, "SHA256SUMS", *(sha256(b).hexdigest().encode() for b in (was, now)))
    with pytest.raises(Refusal, match="contradicts itself"):
        open_dossier(path)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04broken"])
def test_a_file_that_is_no_dossier_is_one_clear_line(tmp_path, content):
    path = tmp_path / "d.zip"
    path.write_bytes(content)
    with pytest.raises(Refusal, match=r"is no dossier\.zip, or it is damaged"):
        open_dossier(path)


def test_a_zip_that_points_outside_is_refused(tmp_path):
    path = tmp_path / "d.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("d/../../evil", "x")
    with pytest.raises(Refusal, match="no dossier"):
        open_dossier(path)


# The command.


def test_the_documented_commands_find_no_difference(open_app, dossier, runner):
    path = dossier()
    page = (ROOT / "docs" / "dossier.md").read_text("utf-8")
    plain, since = re.findall(r"^lacrima (verify https:.*)$", page, re.MULTILINE)
    with serving(open_app("branch")) as url:
        put = {"https://survey.example.org/": url, "NAME-dossier.zip": str(path)}
        done = runner.invoke(main, [put.get(word, word) for word in plain.split()])
        later = runner.invoke(main, [put.get(word, word) for word in since.split()])
    assert (later.exit_code, "57" in later.output) == (1, True)
    assert (done.exit_code, "the site shows what the dossier says" in done.stdout) == (0, True)


def test_the_command_names_what_differs_and_exits_with_1(changed, dossier, runner):
    path = dossier()
    with serving(changed("consent.toml", "your mood.", "your money.")) as url:
        done = runner.invoke(main, ["verify", url, str(path)])
    assert done.exit_code == 1
    assert "site:    A few questions on your money." in done.stdout


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "nonsense", "ftp://x/"])
def test_a_site_that_cannot_be_reached_is_one_line_and_exit_1(dossier, runner, url):
    done = runner.invoke(main, ["verify", url, str(dossier())])
    assert (done.exit_code, len(done.stderr.strip().splitlines())) == (1, 1)


def test_a_site_without_the_study_is_one_line_and_exit_1(open_app, dossier, runner, tmp_path):
    path = dossier()
    with serving(open_app("kinds", data=tmp_path / "other")) as url:
        done = runner.invoke(main, ["verify", url, str(path)])
    assert (done.exit_code, "shows no study branch" in done.stderr) == (1, True)


# A real study whose folder has changed since it was signed.


def test_what_is_served_after_a_change_is_still_what_the_dossier_says(open_app, tmp_path):
    folder = tmp_path / "branch"
    shutil.copytree(folder_of("branch"), folder)
    help_lines = folder / "support.toml"
    help_lines.write_text(help_lines.read_text("utf-8").replace(UNCHECKED, CHECKED), "utf-8")
    app = open_app("branch", studies=(folder,), demo=False)
    stores, catalogue = app.extensions[NAME].stores, app.extensions["lacrima"].catalogue
    approve_and_confirm(stores, catalogue.folders["branch"].latest)
    studies.set_status(stores.office, "branch", "open", "2026-01-03T00:00:00")
    consent = folder / "consent.toml"
    consent.write_text(consent.read_text("utf-8").replace("your mood", "your money"), "utf-8")
    catalogue.folders["branch"].version(now=True)
    with serving(app) as url:
        visited = (
            app.test_client()
            .get(f"/s/{catalogue.folders['branch'].latest.study.address}/")
            .get_data(as_text=True)
        )
        path = tmp_path / "dossier.zip"
        path.write_bytes(dossier_of(app, "branch"))
        report = verify(url, open_dossier(path))
    assert ("your mood" in visited, list(report.differences), report.notes[1:]) == (True, [], [])
    assert stores.drafts.conn.execute("SELECT count(*) FROM drafts").fetchone()[0] == 0


# A study that only an invitation opens.


@pytest.fixture
def invited(open_app, tmp_path):
    """Served by invitation, with one unspent code; its dossier."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "site.toml").write_text("[study.branch]\ninvited = true\n")
    app = open_app("branch")
    path = tmp_path / "dossier.zip"
    path.write_bytes(dossier_of(app, "branch"))
    desk, codes = app.extensions[NAME], invitations.draw(1)
    invitations.keep(desk.stores, desk.keys, "branch", codes, pilot=True)
    return app, path, codes[0]


def test_with_an_invitation_a_client_s_pages_are_walked_and_the_code_stays_good(invited):
    app, path, code = invited
    with serving(app) as url:
        report = verify(url, open_dossier(path), invitation=code)
    assert (list(report.differences), report.notes[1:]) == ([], [])
    desk = app.extensions[NAME]
    assert invitations.find(desk.stores, desk.keys, code) is not None


def test_without_one_it_says_what_could_not_be_walked(invited):
    app, path, _ = invited
    report = compared(app, path)
    assert list(report.differences) == []
    assert any("Only an invitation opens this study" in note for note in report.notes)


def test_a_code_that_opens_nothing_is_one_clear_line(invited, runner):
    app, path, _ = invited
    with serving(app) as url:
        done = runner.invoke(main, ["verify", url, str(path), "--invitation", "2222-2222-2222"])
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "does not take this invitation" in done.stderr


def test_synthetic_clients_spend_one_invitation_each(invited, runner, tmp_path):
    app, _, code = invited
    file = tmp_path / "codes.csv"
    file.write_text(invitations.as_csv([code]))
    with serving(app) as url:
        walk = ["simulate", "branch", "--count", "1", "--via", url + "s/way/"]
        done = runner.invoke(main, [*walk, "--invitations", str(file)])
        again = runner.invoke(main, [*walk, "--invitations", str(file)])
        without = runner.invoke(main, walk)
    assert (done.stderr, done.exit_code) == ("", 0)
    assert answer_tables.count(app.extensions[NAME].stores.pilot, "branch") == 1
    assert (again.exit_code, without.exit_code) == (1, 1)
    assert "asks for an invitation" in again.stderr
    assert "--invitations" in without.stderr


# The record of the staff's acts, by a head that somebody noted.


def stores_of(app):
    return app.extensions[NAME].stores


def noted_in(app, what="minimal: something"):
    studies.note(stores_of(app).office, at="2026-05-01T12:00:00+00:00", who="chair", what=what)
    return str(record.head(stores_of(app).office))


def since(app, path, head):
    with serving(app) as url:
        report = verify(url, open_dossier(path), since=head)
    return [one.where for one in report.differences], report.notes


def test_a_record_that_only_grew_continues_a_head_noted_before(open_app, dossier):
    path, app = dossier("minimal"), open_app("minimal")
    head = noted_in(app)
    for number in range(3):
        last = noted_in(app, f"minimal: act {number}")
    assert since(app, path, head) == (
        [],
        [f"Head of the record now: {last}. Note it, with the day."],
    )
    assert since(app, path, last)[0] == []


def test_a_record_that_went_another_way_or_is_shorter_differs(open_app, dossier, tmp_path):
    path, app = dossier("minimal"), open_app("minimal")
    first = noted_in(app)
    copy = tmp_path / "copy"
    shutil.copytree(stores_of(app).folder, copy)
    head, other = noted_in(app), open_app("minimal", data=copy)
    assert since(other, path, first)[0] == []
    assert since(other, path, head)[0] == [RECORD]
    noted_in(other, "minimal: something else")
    assert since(other, path, head)[0] == [RECORD]


def test_a_revocation_deleted_from_the_file_is_told_by_the_certificate(open_app, dossier):
    path, app = dossier("minimal"), open_app("minimal")
    office = stores_of(app).office
    board.rule(office, "minimal", "revoked", at="2026-05-01T12:00:00+00:00", who="chair", why="W.")
    page = app.test_client().get("/ethics/minimal/certificate").get_data(as_text=True)
    assert "Whole: every row" in page
    assert str(record.head(office)) in page
    with sqlite3.connect(stores_of(app).folder / "office.db") as db:
        db.execute("DROP TRIGGER rulings_never_deleted")
        db.execute("DELETE FROM rulings")
    db.close()
    board.rule(office, "minimal", "lifted", at="2026-05-02T12:00:00+00:00", who="chair", why="W.")
    assert "Not whole" in app.test_client().get("/ethics/minimal/certificate").get_data(
        as_text=True
    )
    assert since(app, path, "")[0] == [RECORD]


def test_what_is_public_of_the_record_tells_no_word_of_it(open_app):
    app = open_app("minimal")
    noted_in(app, "chair signed in")
    found = app.test_client().get("/ethics/minimal/record.json?after=1").get_json()
    assert found["after"] == 1
    assert all(len(one) == 64 for one in found["lines"])


def test_a_text_that_is_no_head_is_refused(open_app, dossier):
    path, app = dossier("minimal"), open_app("minimal")
    with pytest.raises(Refusal, match="is no head of a record"):
        since(app, path, "yesterday")
