"""What archives are told, beside an approval: it is read as it is now, and voids nothing."""

import shutil

import pytest

from forms.deposit import DEPOSIT
from forms.site_facts import deposit_for, load_site
from survey.studies.approvals import load_archived
from survey.studies.lifecycle import approval_of
from survey.studies.version import fingerprints_of, read_version
from tests.conftest import folder_of
from tests.signing import approve_and_confirm

SITE = '[site]\ninstitution = "A house"\n'
LATER = '[site.deposit]\nyear = 2028\n[study.minimal.deposit]\nplace = ["Finland"]\n'


@pytest.fixture
def read(tmp_path):
    """Reads the study ``minimal``, after writing what the folder and the site tell archives."""
    folder, site = tmp_path / "minimal", tmp_path / "site.toml"
    shutil.copytree(folder_of("minimal"), folder)

    def now(told: str = "", more: str = ""):
        site.write_text(SITE + more, "utf-8")
        if told:
            (folder / DEPOSIT).write_text(told, "utf-8")
        facts = load_site(site)
        return read_version(folder, facts, pilot=False), deposit_for(facts, folder, "minimal")

    return now


def test_an_approval_stands_when_archives_are_told_more(read, stores):
    before, _ = read()
    approve_and_confirm(stores, before)
    after, deposit = read('[deposit]\nsubject = ["Social Sciences"]', LATER)
    approval = approval_of(stores, after)
    assert approval is not None
    assert approval == approval_of(stores, before)
    assert (deposit.year, deposit.place, deposit.subject) == (
        2028, ("Finland",), ("Social Sciences",),
    )  # fmt: skip


def test_a_slip_in_the_folder_leaves_the_study_as_it_was_signed(read, stores):
    before, _ = read('[deposit]\nsubject = ["Social Sciences"]')
    approve_and_confirm(stores, before)
    (before.folder / DEPOSIT).write_text("[deposit]\nsubject = 7", "utf-8")
    after = read_version(before.folder, load_site(before.folder.parent / "site.toml"), pilot=False)
    assert approval_of(stores, after) is not None
    archived = load_archived(stores.folder, "minimal", fingerprints_of(after))
    assert archived.study.content == before.study.content
