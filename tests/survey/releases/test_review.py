from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from survey.errors import Refusal
from survey.releases import text_review
from survey.releases.text_review import READ_AFTER, ReviewQueue
from survey.storage import batches, studies
from survey.storage import texts as stored
from survey.storage.answers import Text, accept
from survey.storage.batches import ask_deletion, carry_out_deletions, freeze
from tests.answering import approved
from tests.exports.tiny import STUDY as TINY
from tests.survey.storage.samples import STUDY, answer, mark, open_study, readings, send

SMALL = replace(TINY, name=STUDY)
NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)
MONTH = timedelta(days=30)


@pytest.fixture
def pilot(stores):
    """Three texts of a pilot, read by deb alone."""
    send(stores.pilot, open_study(stores.pilot), range(3))
    return ReviewQueue(stores.pilot, stores.office, STUDY, pilot=True, reader="deb")


@pytest.fixture
def real(stores):
    """Sixty real texts, not frozen yet."""
    approved(stores, SMALL)
    send(stores.responses, open_study(stores.responses), range(60))
    return ReviewQueue(stores.responses, stores.office, STUDY, pilot=False, reader="deb")


def freeze_at(desk, at):
    begin = partial(batches.begins, desk.office, STUDY, at=at.isoformat())
    freeze(desk.answers, STUDY, minimum=50, closing=False, before=begin)


def take(desk, **more):
    return text_review.next_text(desk, NOW, **more)


def now_of(desk, text):
    return stored.text_of(desk.answers, text.key)


def states(desk):
    return text_review.review_counts(desk)["why"]


def test_an_approved_text_is_released_as_it_was_written(pilot):
    text = take(pilot)
    assert text_review.record_decision(pilot, text, text.text, at=NOW) == "approved"
    [fit] = [
        t for t in text_review.reviewed(pilot.answers, SMALL, pilot=True) if t.state == "approved"
    ]
    assert fit.words == text.text


def test_a_changed_text_is_released_as_it_was_changed(pilot):
    text = take(pilot)
    assert text_review.record_decision(pilot, text, "because [name]", at=NOW) == "redacted"
    [fit] = [
        t for t in text_review.reviewed(pilot.answers, SMALL, pilot=True) if t.state == "redacted"
    ]
    assert fit.words == "because [name]"


def test_a_withheld_text_waits_no_more(pilot):
    text_review.record_decision(pilot, take(pilot), None, at=NOW)
    assert states(pilot) == Counter(new=2, withheld=1)
    assert text_review.waiting(pilot, NOW) == 2


def test_every_text_is_drawn_once_and_then_none(pilot):
    seen = set()
    while text := take(pilot):
        seen.add(text.text)
        text_review.record_decision(pilot, text, text.text, at=NOW)
    assert seen == {"because 0", "because 1", "because 2"}


def test_the_order_of_reading_is_drawn_by_lot(real):
    freeze_at(real, NOW - MONTH)
    assert len({take(real).key for _ in range(20)}) > 5


def test_a_skipped_text_is_not_shown_again(pilot):
    first = take(pilot)
    shown = {take(pilot, skip={first.key}).key for _ in range(20)}
    assert first.key not in shown


def test_a_text_that_may_never_leave_is_never_shown(stores, pilot):
    table = open_study(stores.pilot)
    rare = Text(STUDY, "rare", None, 1, mark("rare", 1), "a rare one")
    send_one = replace(answer(table, 9), texts=(rare,))
    accept(stores.pilot, send_one)
    shown = {take(pilot).variable for _ in range(30)}
    assert shown == {"why"}
    assert text_review.review_counts(pilot)["rare"] == Counter(never=1)


# Frozen, and at rest.


def test_real_texts_are_read_only_when_frozen(real):
    assert take(real) is None
    assert "no frozen texts" in text_review.explain_empty(real, NOW)


def test_texts_rest_for_fourteen_days_after_their_freeze(real):
    freeze_at(real, NOW - READ_AFTER + timedelta(seconds=1))
    assert take(real) is None
    assert "rest until 14 days after their freeze" in text_review.explain_empty(real, NOW)


def test_after_that_they_are_read(real):
    freeze_at(real, NOW - READ_AFTER)
    assert text_review.waiting(real, NOW) == 60


def test_an_older_batch_is_read_while_a_newer_one_rests(real):
    freeze_at(real, NOW - MONTH)
    send(real.answers, open_study(real.answers), range(100, 150))
    freeze_at(real, NOW)
    assert text_review.waiting(real, NOW) == 60


def test_a_freeze_of_another_study_delays_nothing(real):
    freeze_at(real, NOW - MONTH)
    batches.begins(real.office, f"{STUDY}-two", 1, at=NOW.isoformat())
    assert text_review.waiting(real, NOW) == 60


def test_texts_of_a_batch_whose_day_is_lost_rest_too(real):
    freeze(real.answers, STUDY, minimum=50, closing=False)
    assert text_review.waiting(real, NOW) == 0
    assert "rest until 14 days after their freeze" in text_review.explain_empty(real, NOW)


def test_they_rest_until_a_later_batch_has_rested(real):
    freeze(real.answers, STUDY, minimum=50, closing=False)
    send(real.answers, open_study(real.answers), range(100, 150))
    freeze_at(real, NOW - MONTH)
    assert text_review.waiting(real, NOW) == 110


def test_a_freeze_that_ended_half_way_ages_no_text(real):
    freeze_at(real, NOW - MONTH)
    batches.begins(real.office, STUDY, 2, at=(NOW - MONTH).isoformat())
    send(real.answers, open_study(real.answers), range(100, 150))
    freeze_at(real, NOW)
    assert text_review.waiting(real, NOW) == 60


# Enough of them together.


def freeze_last(desk, numbers, at=NOW - MONTH):
    """These answers come too; the study is closed, and all that is there is its last batch."""
    send(desk.answers, open_study(desk.answers), numbers)
    begin = partial(batches.begins, desk.office, STUDY, at=at.isoformat())
    freeze(desk.answers, STUDY, minimum=50, closing=True, before=begin)


def test_a_last_batch_of_one_is_not_read_alone(real):
    freeze_at(real, NOW - MONTH)
    freeze_last(real, [100])
    seen = {take(real).text for _ in range(300)}
    assert (text_review.waiting(real, NOW), "because 100" in seen) == (60, False)


def test_that_it_was_written_is_not_counted_either(real):
    freeze_at(real, NOW - MONTH)
    freeze_last(real, [100])
    assert states(real) == Counter(new=60)
    released = text_review.reviewed(real.answers, SMALL, pilot=False)
    assert "because 100" not in {text.words for text in released}


def test_small_batches_are_read_together_when_all_of_them_have_rested(real):
    desk = replace(real, least=80)
    freeze_at(desk, NOW - MONTH)
    assert text_review.waiting(desk, NOW) == 0
    freeze_last(desk, range(100, 130), at=NOW)
    assert text_review.waiting(desk, NOW) == 0
    assert text_review.waiting(desk, NOW + READ_AFTER) == 90


@pytest.mark.parametrize(
    ("status", "said"),
    [("open", "no text is read until later ones make them 20 or more"),
     ("frozen", "no text is ever read or released")],
)  # fmt: skip
def test_what_becomes_of_a_batch_that_is_too_small_is_told_whether_or_not_it_has_texts(
    real, status, said
):
    freeze_at(real, NOW - MONTH)
    assert text_review.explain_left_over(real) == ""
    accept(real.answers, answer(open_study(real.answers), 100, texts=()))
    freeze_last(real, [])
    studies.set_status(real.office, STUDY, status, "2031-05-01")
    assert said in text_review.explain_left_over(real)


# Taking back.


def test_undone_a_text_waits_as_it_was_written(pilot):
    text = take(pilot)
    text_review.record_decision(pilot, text, "because [name]", at=NOW)
    text_review.undo(pilot, text.key, at=NOW)
    assert (now_of(pilot, text), text_review.waiting(pilot, NOW)) == (text, 3)


def test_a_text_deleted_meanwhile_is_told(pilot):
    text = take(pilot)
    ask_deletion(pilot.answers, [mark("text", n) for n in range(3)])
    carry_out_deletions(pilot.answers)
    with pytest.raises(Refusal, match="was deleted"):
        text_review.record_decision(pilot, text, text.text, at=NOW)
    with pytest.raises(Refusal, match="was deleted"):
        text_review.undo(pilot, text.key, at=NOW)


def test_of_two_who_decide_at_once_the_first_one_counts(pilot):
    text = take(pilot)
    text_review.record_decision(replace(pilot, reader="ann"), text, None, at=NOW)
    with pytest.raises(Refusal, match="somebody else decided"):
        text_review.record_decision(pilot, text, text.text, at=NOW)
    assert now_of(pilot, text).state == "withheld"


def test_a_text_is_not_released_empty(pilot):
    with pytest.raises(Refusal, match="withhold it"):
        text_review.record_decision(pilot, take(pilot), " \n", at=NOW)


# Two readers.


@pytest.fixture
def two(pilot):
    """Deb and Ann, who must agree."""
    deb = replace(pilot, readers=2)
    return deb, replace(deb, reader="ann")


def test_one_of_two_approvals_is_not_enough(two):
    deb, _ = two
    text = take(deb)
    assert text_review.record_decision(deb, text, text.text, at=NOW) == "once"
    assert "approved" not in states(deb)


def test_two_persons_who_agree_approve(two):
    deb, ann = two
    text = take(deb)
    text_review.record_decision(deb, text, "[name] cried", at=NOW)
    seen = now_of(ann, text)
    assert text_review.record_decision(ann, seen, seen.words, at=NOW) == "redacted"


def test_nobody_is_her_own_second_reader(two):
    deb, _ = two
    text = take(deb)
    text_review.record_decision(deb, text, text.text, at=NOW)
    assert text_review.waiting(deb, NOW) == 2
    with pytest.raises(Refusal, match="another person"):
        text_review.record_decision(deb, now_of(deb, text), text.text, at=NOW)


def test_who_changes_the_words_needs_somebody_to_agree_again(two):
    deb, ann = two
    text = take(deb)
    text_review.record_decision(deb, text, text.text, at=NOW)
    assert text_review.record_decision(ann, now_of(ann, text), "because [name]", at=NOW) == "once"
    assert text_review.waiting(deb, NOW) == 3
    assert (
        text_review.record_decision(deb, now_of(deb, text), "because [name]", at=NOW) == "redacted"
    )


def test_either_of_two_can_withhold(two):
    deb, _ = two
    assert text_review.record_decision(deb, take(deb), None, at=NOW) == "withheld"


# The log.


def test_the_log_says_who_when_what_and_how_much_but_no_word(pilot, tmp_path):
    text = take(pilot)
    said = {"name": 1}
    text_review.record_decision(pilot, text, "because [name]", replaced=said, at=NOW)
    [line] = readings(pilot.office, STUDY)
    assert (line.who, line.at, line.decision, line.replaced) == (
        "deb", NOW.isoformat(), "redacted", said,
    )  # fmt: skip
    held = b"".join(p.read_bytes() for p in tmp_path.glob("office.db*"))
    assert b"because" not in held


def test_the_log_keeps_what_was_undone(pilot):
    text = take(pilot)
    text_review.record_decision(pilot, text, None, at=NOW)
    text_review.undo(pilot, text.key, at=NOW)
    assert [r.decision for r in readings(pilot.office, STUDY)] == ["withheld", "undone"]


# The words as they were written.

LATER = NOW + timedelta(days=SMALL.policy.originals_days)


def overwrite(desk, now):
    return text_review.overwrite_originals(desk.answers, desk.office, SMALL, now=now)


@pytest.fixture
def decided(pilot):
    """Three texts: changed, withheld, approved as written."""
    changed, withheld, kept = sorted(stored.all_texts(pilot.answers, STUDY, frozen_only=False),
                                     key=lambda text: text.text)  # fmt: skip
    text_review.record_decision(pilot, changed, "because [name]", at=NOW)
    text_review.record_decision(pilot, withheld, None, at=NOW)
    text_review.record_decision(pilot, kept, kept.text, at=NOW)
    return pilot, changed, withheld, kept


def bytes_of(desk):
    folder = Path(desk.answers.conn.execute("PRAGMA database_list").fetchone()[2]).parent
    return b"".join(path.read_bytes() for path in folder.glob("pilot.db*"))


def test_words_that_went_to_nobody_are_overwritten_when_the_days_are_over(decided):
    desk, changed, withheld, kept = decided
    assert b"because 0" in bytes_of(desk)
    assert b"because 1" in bytes_of(desk)
    assert overwrite(desk, LATER) == 2
    assert now_of(desk, changed).words == "because [name]"
    assert now_of(desk, withheld).state == "withheld"
    assert now_of(desk, kept).text == "because 2"
    assert b"because 0" not in bytes_of(desk)
    assert b"because 1" not in bytes_of(desk)


def test_until_then_a_decision_can_be_taken_back(decided):
    desk, changed, _, _ = decided
    assert overwrite(desk, LATER - timedelta(seconds=1)) == 0
    text_review.undo(desk, changed.key, at=NOW)
    assert now_of(desk, changed).text == "because 0"
    assert overwrite(desk, LATER) == 1


def test_words_that_wait_for_a_second_reader_stay(two):
    deb, _ = two
    text = take(deb)
    text_review.record_decision(deb, text, "because [name]", at=NOW)
    assert overwrite(deb, LATER) == 0
    assert now_of(deb, text).text == text.text


def test_a_withheld_text_is_not_brought_back_once_its_words_are_gone(decided):
    desk, _, withheld, _ = decided
    overwrite(desk, LATER)
    with pytest.raises(Refusal, match="was deleted"):
        text_review.undo(desk, withheld.key, at=LATER)


def test_what_is_released_and_counted_is_the_same_before_and_after(decided):
    desk, _, _, _ = decided

    def released():
        found = text_review.reviewed(desk.answers, SMALL, pilot=True)
        return sorted((t.state, t.words) for t in found if t.state != "withheld")

    before = released(), states(desk)
    overwrite(desk, LATER)
    overwrite(desk, LATER)
    assert (released(), states(desk)) == before
