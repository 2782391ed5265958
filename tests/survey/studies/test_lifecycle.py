"""A freeze is for good: it is asked for, dated before it is there, and never another than asked."""

from datetime import UTC, datetime, timedelta

import pytest

from forms.site_facts import SiteFacts
from survey import errors
from survey.errors import Refusal
from survey.releases import text_review
from survey.releases.text_review import READ_AFTER, ReviewQueue
from survey.storage import batches as batch_storage
from survey.storage import studies
from survey.storage.answers import Text, accept
from survey.studies import lifecycle
from survey.studies.version import read_version
from tests.answering import approved, real_answers
from tests.conftest import folder_of
from tests.survey.storage.samples import answer, mark, open_study

NAME, AT = "minimal", "2031-01-01T10:00:00+00:00"


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def version():
    return read_version(folder_of(NAME), SiteFacts(), pilot=False)


@pytest.fixture
def answered(stores, version):
    """``answered(60, "closed")``: so many answers, and then the study stands there."""

    def fill(count, status="open"):
        real_answers(stores, version.study, count)
        studies.set_status(stores.office, NAME, status, AT)

    return fill


def batches(stores):
    return batch_storage.batches(stores.responses, NAME)


def nothing(_what):
    pass


def killed(_what):
    raise Killed


# Texts rest.


@pytest.fixture
def desk(stores, version):
    """Sixty texts of real people, not frozen."""
    approved(stores, version.study)
    table = open_study(stores.responses, study=NAME)
    for number in range(60):
        apart = Text(NAME, "why", "en", 1, mark("text", number), "because")
        accept(stores.responses, answer(table, number, study=NAME, texts=(apart,)))
    studies.set_status(stores.office, NAME, "open", AT)
    return ReviewQueue(stores.responses, stores.office, NAME, pilot=False, reader="deb")


def test_a_process_killed_before_the_audit_had_its_line_has_frozen_nothing(stores, version, desk):
    with pytest.raises(Killed):
        lifecycle.freeze(stores, version, note=killed)
    assert batches(stores).get(1, 0) == 0


def test_texts_rest_and_are_read_when_they_have_rested(stores, version, desk):
    lifecycle.freeze(stores, version, note=nothing)
    later = datetime.now(UTC) + READ_AFTER + timedelta(minutes=1)
    assert text_review.waiting(desk, datetime.now(UTC)) == 0
    assert text_review.waiting(desk, later) == 60


def test_a_freeze_that_cannot_be_dated_is_not_made(stores, version, answered):
    answered(60)
    stores.office.conn.execute("PRAGMA query_only = ON")
    with pytest.raises(Exception, match="readonly"):
        lifecycle.freeze(stores, version, note=nothing)
    assert batches(stores) == {0: 60}


# What was asked for.


def test_a_batch_asked_for_while_a_colleague_closes_is_not_the_last_one(stores, version, answered):
    answered(7, "closed")
    with pytest.raises(errors.TooFewToFreeze):
        lifecycle.freeze(stores, version, note=nothing, expected="open")
    assert (batches(stores), studies.status(stores.office, NAME)) == ({0: 7}, "closed")


@pytest.mark.parametrize(("expected", "found"), [("open", "closed"), ("closed", "open")])
def test_a_study_that_moved_on_meanwhile_stays_as_it_is(stores, version, answered, expected, found):
    answered(60, found)
    with pytest.raises(Refusal, match="no longer where it was"):
        lifecycle.freeze(stores, version, note=nothing, expected=expected)
    assert (batches(stores), studies.status(stores.office, NAME)) == ({0: 60}, found)


def test_a_study_opened_again_during_its_last_freeze_stays_open(stores, version, answered):
    answered(7, "closed")

    def reopened(_what):
        studies.set_status(stores.office, NAME, "open", AT)

    lifecycle.freeze(stores, version, note=reopened)
    assert studies.status(stores.office, NAME) == "open"
