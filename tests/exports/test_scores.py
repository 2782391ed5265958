import pytest

from exports.columns import derived, fields_of, pair_distance, straight
from tests.exports.tiny import STUDY, frame, row


def scored(**changes: int | str) -> dict[str, object]:
    return derived(STUDY, frame(row(**changes)), fields_of(STUDY)).row(0, named=True)


def test_a_score_is_the_mean_after_reversing():
    assert scored(calm=4, tense=2, glad=5)["sc_mood"] == 4.333


def test_a_score_is_made_from_two_of_three_answers_but_not_from_one():
    assert scored(calm=4, tense=-99, glad=5)["sc_mood"] == 4.5
    assert scored(calm=4, tense=-99, glad=-95)["sc_mood"] == -92


def test_a_composite_is_missing_with_its_parts():
    assert scored(calm=-96, tense=-96, glad=-96)["sc_all"] == -92


def test_a_difference_may_be_negative_and_is_empty_when_missing():
    assert scored(glad=1, calm=4)["sc_rise"] == -3
    assert scored(glad=-98)["sc_rise"] is None


@pytest.mark.parametrize(
    ("values", "flag"), [((3, 3, 3), 1), ((3, 3, 4), 0), ((-99, -99, -99), -99), ((3, -99, 3), 0)]
)
def test_straight_lining_is_the_same_answer_everywhere(values, flag):
    found = frame(row(calm=values[0], tense=values[1], glad=values[2]))
    assert found.select(straight(["calm", "tense", "glad"])).item() == flag


@pytest.mark.parametrize(("pair", "distance"), [((4, 2), 0), ((5, 5), 4), ((-98, -95), -98)])
def test_two_mirrored_items_are_compared_after_reversing(pair, distance):
    found = frame(row(calm=pair[0], tense=pair[1]))
    assert found.select(pair_distance("calm", "tense", mirrored=6)).item() == distance


def test_the_share_of_answers_counts_shown_items_only():
    assert scored(met=2, calm=-99, said=-94)["dq_share"] == 0.75


def test_no_key_and_no_text_kept_apart_counts_as_an_item():
    lacking = {"where": -95, "age": -94, "town": -99, "private": -95}
    assert scored(said="Yes", **lacking)["dq_share"] == 1


def test_nobody_who_saw_no_item_has_a_share():
    names = ("met", "calm", "tense", "glad", "where", "said", "private", "age", "town")
    assert scored(**dict.fromkeys(names, -94))["dq_share"] == -94
