"""An approval given on paper: its letter is kept, its label told, and a member confirms it."""

import pytest

from forms.platform_texts import ON_PAPER
from survey.clock import today_here
from survey.errors import Refusal
from survey.storage import studies
from survey.studies import lifecycle
from survey.studies.approvals import ApprovalForm, keep_letter, record_approval
from tests.approving import explain_slots, letter_in
from tests.journeys.boardroom import day
from tests.journeys.client import Journey
from tests.signing import confirm

LABEL = "noted by the operator on"


@pytest.fixture
def noted(mood, tmp_path):
    """The operator has noted a letter of the board; no member has confirmed it."""
    stores = mood.services.stores
    explain_slots(stores, "minimal")
    letter = keep_letter(stores.folder, "minimal", letter_in(tmp_path))
    form = ApprovalForm(
        reference="R7", by="A board", approved_on=day(0), expires_on=day(30), letter=letter
    )
    record_approval(stores, mood.proposed, form)
    return mood


@pytest.fixture
def reader(mood):
    """Somebody without an account."""
    journey = Journey(mood.app, "")
    journey.base = "/ethics/minimal/"
    return journey


def opened(mood):
    stores = mood.services.stores
    confirm(stores, studies.approvals(stores.office, "minimal")[-1])
    lifecycle.open_study(stores, mood.proposed, note=lambda _: None)
    return mood


def test_real_collection_opens_only_after_a_members_own_confirmation(noted):
    stores = noted.services.stores
    with pytest.raises(Refusal, match="R7, noted by the operator from a letter, waits"):
        lifecycle.open_study(stores, noted.proposed, note=lambda _: None)
    assert opened(noted).services.availability.state_of("minimal", now=True).state == "open"


@pytest.mark.parametrize("page", ["certificate", "checklist"])
def test_an_unconfirmed_note_is_no_approval_on_any_public_page(noted, reader, page):
    assert "R7" not in reader.open(page).text


def test_the_certificate_and_the_clients_page_say_that_it_was_given_on_paper(noted, reader):
    client = opened(noted).client()
    assert LABEL in reader.open("certificate").text
    assert client.open("information").text.count(ON_PAPER) == 1


def test_the_certificate_for_programs_says_it_with_the_hash_of_the_letter(noted):
    said = opened(noted).app.test_client().get("/ethics/minimal/certificate.json").get_json()
    approval = said["approval"]
    assert (approval["basis"], len(approval["letter"])) == ("noted", 64)
    assert approval["recorded_at"][:10] >= today_here().replace(day=1).isoformat()[:7]
    assert approval["confirmed_by"]


def test_the_boards_first_page_says_that_a_note_waits(noted, board):
    assert "The operator noted the approval R7 from a letter." in board.open("/ethics/").text


def test_a_member_reads_the_letter_and_a_stranger_does_not(noted, board, reader):
    board.open("approve")
    (link,) = [a["href"] for a in board.page.links if "/letters/" in a["href"]]
    with board.browser.get(link) as letter:
        assert letter.get_data() == b"%PDF-1.7 Approved."
    assert "/ethics/sign-in" in reader.open(link).here


def test_a_letter_is_kept_as_it_was_and_for_its_owner_alone(mood, tmp_path):
    folder = mood.services.stores.folder
    found = keep_letter(folder, "minimal", letter_in(tmp_path))
    (kept,) = (folder / "letters" / "minimal").iterdir()
    assert (kept.name, kept.stat().st_mode & 0o777) == (f"{found}.pdf", 0o400)


def test_an_empty_letter_is_none(mood, tmp_path):
    empty = tmp_path / "empty.pdf"
    empty.write_bytes(b"")
    with pytest.raises(Refusal, match="is empty or larger"):
        keep_letter(mood.services.stores.folder, "minimal", empty)


def test_a_study_signed_here_says_nothing_of_paper(mood, board):
    board.sign()
    mood.become("open")
    assert ON_PAPER not in mood.client().open("information").text
