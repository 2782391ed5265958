import pytest

from exports.scores import answered_share, pair_distance, quality_of, scores_of, straight
from tests.exports.tiny import STUDY, row


def test_a_score_is_the_mean_after_reversing():
    assert scores_of(STUDY, row(calm=4, tense=2, glad=5))["sc_mood"] == 4.333


def test_a_score_is_made_from_two_of_three_answers_but_not_from_one():
    assert scores_of(STUDY, row(calm=4, tense=-99, glad=5))["sc_mood"] == 4.5
    assert scores_of(STUDY, row(calm=4, tense=-99, glad=-95))["sc_mood"] == -92


def test_a_composite_is_missing_with_its_parts():
    nothing = row(calm=-96, tense=-96, glad=-96)
    assert scores_of(STUDY, nothing)["sc_all"] == -92


def test_a_difference_may_be_negative_and_is_empty_when_missing():
    assert scores_of(STUDY, row(glad=1, calm=4))["sc_rise"] == -3
    assert scores_of(STUDY, row(glad=-98))["sc_rise"] is None


@pytest.mark.parametrize(
    ("values", "flag"), [([3, 3, 3], 1), ([3, 3, 4], 0), ([-99, -99], -99), ([3, -99], 0)]
)
def test_straight_lining_is_the_same_answer_everywhere(values, flag):
    assert straight(values) == flag


@pytest.mark.parametrize(("pair", "distance"), [((4, 2), 0), ((5, 5), 4), ((-98, -95), -98)])
def test_two_mirrored_items_are_compared_after_reversing(pair, distance):
    assert pair_distance(*pair, mirrored=6) == distance


def test_the_share_of_answers_counts_shown_items_only():
    unseen = row(met=2, where=-96, said=-94, private=-94, age=-95)
    assert answered_share(STUDY, unseen) == 0.833


def test_nobody_who_saw_no_item_has_a_share():
    names = ("met", "calm", "tense", "glad", "where", "said", "private", "age", "town")
    assert quality_of(STUDY, row(**dict.fromkeys(names, -94)))["dq_share"] == -94
