"""What was to be kept until a day is destroyed afterwards, and a certificate says so."""

import json

import pytest

from forms.site_facts import load_site
from forms.toml_tables import StudyFaults
from survey.cli.main import main
from survey.errors import Refusal
from survey.releases import destruction
from survey.storage import answer_tables, studies, texts
from survey.studies import lifecycle
from survey.studies.approvals import ApprovalForm, record_approval
from survey.studies.loading import find_problems
from survey.studies.version import read_version
from tests.approving import FACTS
from tests.journeys.boardroom import Served, Staff, day
from tests.journeys.walking import walk

NAME = "once"
WROTE = "A quiet street."
TOLD = (
    "Type your code, until the end of {last_day_to_delete}. Answers are kept until the end of "
    "{answers_until}, words until the end of {texts_until}, files until the end of "
    "{releases_until}."
)
HOST_S = "Copies until the end of {backups_until}, the record until the end of {records_until}."
DATES = {"freeze_not_before": -9, "texts_until": -2, "answers_until": -1, "releases_until": 0}


class Kept(Served):
    """A study that tells how long it keeps what is sent."""

    def sign(self, **dates):
        """The site gives these days (from today), and the board signs them."""
        facts = "".join(f'{fact} = "{day(after)}"\n' for fact, after in dates.items())
        self.site_facts.write_text(f"{FACTS}[study.{NAME}]\n{facts}")
        form = ApprovalForm(reference="R 1", by="A board", approved_on=day(0), expires_on=day(9))
        record_approval(self.services.stores, self.now, form)
        self.become("open")

    @property
    def now(self):
        return read_version(self.folder, load_site(self.site_facts), pilot=False)

    @property
    def stores(self):
        return self.services.stores

    def freeze(self):
        self.become("closed")
        lifecycle.freeze(self.stores, self.now, note=lambda _: None)

    def due(self, after=0):
        return [kind.name for kind in destruction.due(self.stores, self.now, day(after))]

    def destroy(self, after=0):
        return destruction.destroy(self.stores, self.now, day(after), who="The host")


@pytest.fixture
def once(open_app, tmp_path):
    """Answered once with a text, and frozen; with a file of a release."""
    served = Kept(open_app, tmp_path / "shelf", NAME)
    served.change("Type your code.", TOLD, file="consent.toml")
    served.sign(**DATES)
    walk(served.client().begin(), first=WROTE).send()
    parts = served.stores.folder / "releases" / NAME / "parts"
    parts.mkdir(parents=True)
    for name in ("001-C.1_data.csv", "001-C.1.people"):
        (parts / name).write_text("row,one\n")
        (parts / name).chmod(0o400)
    return served


def files_of(once):
    return sorted(
        path.name for path in (once.stores.folder / "releases").rglob("*") if path.is_file()
    )


def test_what_is_kept_beyond_its_last_day_is_due(once):
    assert once.due(-3) == []
    assert once.due(-1) == ["texts"]
    assert once.due(0) == ["answers", "texts"]
    assert once.due(1) == ["answers", "texts", "releases"]


def test_what_is_due_is_destroyed_and_in_no_byte_afterwards(once):
    once.freeze()
    once.destroy(after=1)
    once.services.maintenance.stop()
    assert (answer_tables.count(once.stores.responses, NAME), files_of(once)) == (0, [])
    assert texts.text_counts(once.stores.responses, NAME) == []
    files = once.stores.folder.glob("responses.db*")
    assert not any(WROTE.encode() in file.read_bytes() for file in files)


def test_what_is_not_due_stays(once):
    once.freeze()
    once.destroy(after=-1)
    assert answer_tables.count(once.stores.responses, NAME) == 1
    assert texts.text_counts(once.stores.responses, NAME) == []
    assert len(files_of(once)) == 2


def test_the_certificate_says_what_and_when_with_hashes_and_no_exact_number(once):
    once.freeze()
    made = once.destroy(after=1)
    said = json.loads(made.path.read_text())
    answers, written, files = said["destroyed"]
    assert (said["study"], said["by"], answers["last_day"]) == (NAME, "The host", day(-1))
    assert (answers["count"], written["count"]) == ("fewer than 10", "fewer than 10")
    assert {len(one) for one in answers["words"]} == {64}
    assert sorted(files["sha256"]) == ["001-C.1.people", "001-C.1_data.csv"]


def test_the_audit_and_the_record_have_it(once):
    once.freeze()
    once.destroy(after=1)
    line = studies.audit(once.stores.office)[-1]
    assert (line["who"], line["what"]) == (
        "The host",
        f"{NAME}: destroyed answers, texts, releases",
    )
    assert len(list(once.stores.office.table("destructions").rows)) == 1


def test_it_is_refused_while_answers_can_be_deleted_by_code(once):
    with pytest.raises(Refusal, match="close it and freeze the last"):
        once.destroy()
    assert answer_tables.count(once.stores.responses, NAME) == 1


def test_and_where_nothing_is_due(once):
    with pytest.raises(Refusal, match="Nothing of once is due"):
        once.destroy(after=-5)


def test_a_later_day_that_is_signed_does_not_hold_for_who_was_told_an_earlier_one(once):
    once.sign(**DATES | {"answers_until": 9, "texts_until": 9, "releases_until": 9})
    assert once.due(1) == ["answers", "texts", "releases"]


def test_an_earlier_day_holds(once):
    once.sign(**DATES | {"releases_until": -1})
    assert once.due(0) == ["answers", "texts", "releases"]


def test_the_doctor_tells_what_is_due(once):
    said = find_problems(once.services.catalogue, once.stores)
    assert any("The answers were to be kept until the end of" in line for line in said)
    once.freeze()
    once.destroy()
    assert not any(
        "kept until" in line for line in find_problems(once.services.catalogue, once.stores)
    )


def test_the_command_prints_what_it_destroyed_and_where_the_certificate_is(once, runner):
    once.freeze()
    places = {"LACRIMA_STUDIES": str(once.folder.parent), "LACRIMA_SITE": str(once.site_facts)}
    done = runner.invoke(main, ["destroy", NAME], env=places)
    assert "Destroyed: the answers, fewer than 10." in done.output
    assert f"destroyed/{NAME}-001.json" in done.output
    assert "backups" in done.output
    assert runner.invoke(main, ["destroy", NAME], env=places).exit_code == 1


def test_after_the_destruction_the_page_of_deletions_still_says_when_all_were_frozen(once):
    once.freeze()
    once.destroy()
    once.later(9)
    assert "All answers were put into the results" in once.client().open("withdraw").text


def test_a_last_day_before_the_freeze_is_a_fault_of_the_site(tmp_path):
    facts = "[study.once]\nfreeze_not_before = 2027-03-31\nanswers_until = 2027-03-30\n"
    (tmp_path / "site.toml").write_text(facts)
    with pytest.raises(StudyFaults, match="2027-03-30 comes before freeze_not_before"):
        load_site(tmp_path / "site.toml")


def test_a_study_is_not_closed_by_the_board_while_something_is_due(once, signed_in):
    ada, rob = (Staff(signed_in(once.app, role), NAME) for role in ("board", "researcher"))
    rob.open("submission/")
    rob.submit("submit", kind="closure", why="It is over.")
    ada.open("submission/")
    ada.submit("decide", what="closed", text="It is over.")
    assert "still kept: the answers and the texts" in ada.text
    once.freeze()
    once.destroy(after=1)
    ada.open("submission/")
    ada.submit("decide", what="closed", text="It is over.")
    assert "still kept" not in ada.text


@pytest.fixture
def copies(once):
    """The same, with last days of copies and of the record too, which were yesterday."""
    once.change("Type your code,", HOST_S + " Type your code,", file="consent.toml")
    once.sign(**DATES | {"backups_until": -1, "records_until": -1})
    walk(once.client().begin(), first=WROTE).send()
    return once


def test_copies_are_due_until_the_host_says_how_they_were_destroyed(copies, runner, signed_in):
    assert copies.due(0) == ["answers", "texts", "backups"]
    ada = Staff(signed_in(copies.app, "board"), NAME)
    said = "Overdue: The {} were to be kept until the end of"
    told = ada.open("/ethics/").text
    assert (said.format("backups") in told, said.format("record of what staff did") in told) == (
        True,
        True,
    )
    places = {"LACRIMA_STUDIES": str(copies.folder.parent), "LACRIMA_SITE": str(copies.site_facts)}
    done = runner.invoke(main, ["destroy", NAME, "--backups", "Shredded."], env=places)
    assert (done.exit_code, copies.due(0)) == (0, ["answers", "texts"]), done.output
    last = studies.audit(copies.stores.office)[-1]
    assert (last["who"], last["what"]) == (
        "command line",
        f"{NAME}: says that backups are destroyed: Shredded.",
    )
    assert said.format("backups") not in ada.open("/ethics/").text
    again = runner.invoke(main, ["destroy", NAME, "--backups", "Shredded."], env=places)
    assert (again.exit_code, "not due" in again.stderr) == (1, True)
