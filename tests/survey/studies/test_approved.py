"""Approved versions on disk: kept whole, never overwritten, served only if they are the same."""

import shutil

import pytest

from forms.fingerprint import words_in_format_1
from forms.site_facts import SiteFacts
from survey.errors import Refusal
from survey.studies import approvals
from survey.studies.catalogue import StudyFolder
from survey.studies.version import fingerprints_of, read_version
from tests.conftest import STUDIES


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(STUDIES / "minimal", tmp_path / "shelf" / "minimal")


@pytest.fixture
def version(folder):
    return read_version(folder, SiteFacts(shared={"institution": "A house"}), pilot=False)


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def write(file, old, new):
    file.chmod(0o600)
    file.write_text(file.read_text().replace(old, new))


def test_what_was_kept_comes_back_with_its_words_and_its_facts(data, version):
    approvals.archive_version(data, version)
    again = approvals.load_archived(data, "minimal", fingerprints_of(version))
    assert (again.study.content, again.facts) == (version.study.content, version.facts)


def test_what_was_kept_comes_back_when_the_folder_is_gone(data, version, folder):
    approvals.archive_version(data, version)
    shutil.rmtree(folder)
    assert (
        approvals.load_archived(data, "minimal", fingerprints_of(version)).study.content
        == version.study.content
    )


def test_what_was_signed_before_the_help_page_was_is_told_as_to_be_signed_anew(data, version):
    place = approvals.archive_version(data, version)
    earlier = fingerprints_of(version)._replace(words=words_in_format_1(version.study))
    shutil.copytree(place, approvals.place_of(data, "minimal", earlier))
    with pytest.raises(approvals.ArchivedVersionInvalid, match="has to be signed anew"):
        approvals.load_archived(data, "minimal", earlier)


def test_keeping_twice_leaves_one_copy_that_nobody_may_write(data, version):
    place = approvals.archive_version(data, version)
    assert approvals.archive_version(data, version) == place
    assert [p.name for p in place.parent.iterdir()] == [
        approvals.whole(fingerprints_of(version))[:16]
    ]
    assert {p.stat().st_mode & 0o777 for p in place.rglob("*") if p.is_file()} == {0o400}


def test_versions_lie_side_by_side(data, version, folder):
    first = approvals.archive_version(data, version)
    write(folder / "questionnaire.toml", "How is your mood?", "How are you?")
    second = approvals.archive_version(data, read_version(folder, SiteFacts(), pilot=False))
    assert sorted(p.name for p in first.parent.iterdir()) == sorted([first.name, second.name])


@pytest.mark.parametrize("file", ["questionnaire.toml", "consent.toml", "release.toml"])
def test_a_folder_that_changes_while_it_is_signed_is_not_kept(data, version, folder, file):
    write(folder / file, 'version = "1"', 'version = "2"')
    write(folder / file, "k = 5", "k = 6")
    with pytest.raises(approvals.FolderChanged):
        approvals.archive_version(data, version)
    assert list((data / approvals.FOLDER / "minimal").iterdir()) == []


@pytest.mark.parametrize(("file", "old", "new", "told"), [
    ("minimal/questionnaire.toml", "mood?", "name?", "the words differ"),
    ("minimal/release.toml", "k = 5", "k = 6", "the release policy differ"),
    ("facts.json", "A house", "A barn", "the site's facts differ"),
    ("minimal/consent.toml", "[", "[[[", "cannot be read"),
    ("facts.json", "{", "[", "cannot be read"),
    ("facts.json", '"A house"', "7", "the site's facts differ"),
])  # fmt: skip
def test_a_copy_that_was_changed_is_refused_with_what_differs(data, version, file, old, new, told):
    write(approvals.archive_version(data, version) / file, old, new)
    with pytest.raises(approvals.ArchivedVersionInvalid, match=told):
        approvals.load_archived(data, "minimal", fingerprints_of(version))


def test_a_copy_that_is_missing_is_refused(data, version):
    with pytest.raises(approvals.ArchivedVersionInvalid, match="is missing"):
        approvals.load_archived(data, "minimal", fingerprints_of(version))


def test_signing_again_mends_a_damaged_copy_and_keeps_the_damaged_one_aside(data, version):
    place = approvals.archive_version(data, version)
    write(place / "minimal" / "questionnaire.toml", "mood?", "name?")
    approvals.archive_version(data, version)
    assert (
        approvals.load_archived(data, "minimal", fingerprints_of(version)).study.content
        == version.study.content
    )
    assert len(list(place.parent.glob("damaged.*"))) == 1


def test_a_folder_that_cannot_be_written_is_told_in_one_line(data, version):
    data.mkdir()
    (data / approvals.FOLDER).write_text("in the way")
    with pytest.raises(Refusal, match="Cannot archive into") as told:
        approvals.archive_version(data, version)
    assert "\n" not in str(told.value)


# The folder as it is now.


def test_a_folder_is_read_again_when_a_file_changes(version, folder, tmp_path):
    watched = StudyFolder(version, tmp_path / "site.toml")
    write(folder / "questionnaire.toml", "How is your mood?", "How are you?")
    assert "How are you?" in watched.version(now=True).study.content
    assert watched.earlier(fingerprints_of(version)) is version


def test_a_folder_with_a_fault_keeps_the_last_sound_version_and_names_the_fault(
    version, folder, tmp_path
):
    watched = StudyFolder(version, tmp_path / "site.toml")
    write(folder / "questionnaire.toml", '"single"', '"singel"')
    assert (watched.version(now=True), "singel" in watched.fault) == (version, True)
    write(folder / "questionnaire.toml", '"singel"', '"single"')
    watched.version(now=True)
    assert watched.fault == ""


def test_saving_a_folder_without_a_change_leaves_everything_as_it_was(version, folder, tmp_path):
    site = tmp_path / "site.toml"
    site.write_text('[site]\ninstitution = "A house"\n')
    watched = StudyFolder(version, site)
    (folder / "questionnaire.toml").touch()
    assert watched.version(now=True) is version
