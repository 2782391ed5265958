"""Members are mailed that there is something to read, with the record's head and nothing else."""

import pytest

from survey.ethics.news_mail import LINES, mail_news
from survey.storage import accounts, board, mail_queue, record, studies, unread
from tests.signing import seat

AT = "2026-05-01T12:00:00+00:00"


@pytest.fixture
def office(stores):
    """Ada sits on the board of mood and has an address; Eve, a researcher, has one too."""
    office = stores.office
    seat(office, "mood", "Ada")
    accounts.add(office, name="Eve", role="researcher", at=AT)
    for name in ("Ada", "Eve"):
        mail_queue.set_address(office, name, f"{name.lower()}@example.org")
    mail_news(office)
    for mail in mail_queue.waiting(office):
        mail_queue.remove(office, mail.number)
    return office


def incident(office, study="mood"):
    said = {"who": "Eve", "happened_on": "2026-04-30", "kind": "data", "due_on": "2026-05-04"}
    board.note_incident(office, study, "A lost stick.", at=AT, **said)


def test_a_member_is_mailed_once_without_content_and_with_the_head(office):
    incident(office)
    mail_news(office)
    incident(office)
    (mail,) = mail_queue.waiting(office)
    assert mail.recipient == "ada@example.org"
    assert tuple(mail.body.splitlines()[:-1]) == LINES
    noted = mail.body.partition("Head of the record: ")[2].partition(". ")[0]
    position, digits = record.read_head(noted)
    there = record.head_at(office, position)
    assert there is not None
    assert there.noted_as(position, digits)


def test_nothing_new_or_what_was_read_is_not_mailed(office):
    mail_news(office)
    incident(office)
    unread.mark_seen(office, "Ada", record.head(office).position)
    mail_news(office)
    assert mail_queue.waiting(office) == []


def test_another_study_and_sign_ins_are_no_news(office):
    incident(office, "other")
    studies.note(office, at=AT, who="Eve", what="signed in")
    mail_news(office)
    assert mail_queue.waiting(office) == []


def test_what_comes_after_a_mail_is_mailed_again(office):
    for _ in range(2):
        incident(office)
        mail_news(office)
    assert len(mail_queue.waiting(office)) == 2
