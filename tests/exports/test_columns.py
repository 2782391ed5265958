import pytest

from exports.columns import check_frame, fields_of, frame_of, kept_in, table_of
from exports.errors import ExportRefused
from exports.output_files import guarded
from tests.exports.tiny import POLICY, STUDY, frame, row

ALL = fields_of(STUDY)


def names(tier: str) -> list[str]:
    return [f.name for f in kept_in(ALL, POLICY.tiers[tier])]


def test_a_release_has_bookkeeping_answers_scores_and_flags_in_this_order():
    assert [f.name for f in ALL] == [
        "study_version", "consent_version", "lang", "branch", "completion", "c_open", "met", "calm",
        "tense", "glad", "where", "said", "private", "age", "town", "sc_mood", "sc_all", "sc_rise",
        "dq_straight", "dq_pair", "dq_share", "dur_band",
    ]  # fmt: skip


def test_free_text_is_in_no_tier():
    assert "private" not in names("C") + names("B")


def test_what_a_tier_leaves_out_is_left_out():
    assert ("said" in names("C"), "said" in names("B")) == (True, False)


def test_marks_of_a_pilot_stand_in_the_table_itself():
    marked = fields_of(STUDY, pilot=True, synthetic=True)
    assert [f.name for f in marked[:2]] == ["pilot", "synthetic"]


@pytest.mark.parametrize("text", ["=1+1", "-2+3", "- first", "@a", "\tx", "\rx", "-99"])
def test_a_clients_words_cannot_become_a_formula(text):
    table = table_of(STUDY, frame(row(said=text)), ALL)
    assert table["said"].to_list() == ["'" + text]


@pytest.mark.parametrize("text", ["-5", "+1", "-2.5", "-0,5", "+1e-5", "-01:30:00"])
def test_a_number_is_no_formula(text):
    assert table_of(STUDY, frame(row(said=text)), ALL)["said"].to_list() == [text]


def test_a_missing_code_in_a_text_column_is_no_formula():
    assert table_of(STUDY, frame(row(said=-99)), ALL)["said"].to_list() == ["-99"]
    assert guarded("an ordinary text") == "an ordinary text"


def test_the_branch_is_worked_out_from_the_answers():
    rows = frame(row(met=1), row(met=2), row(met=-94))
    assert table_of(STUDY, rows, ALL)["branch"].to_list() == [1, 2, -94]


def test_all_columns_that_do_not_fit_are_named_at_once_and_no_value_is():
    odd = frame(row(age=77), row(town=-93)).with_columns(extra=5).drop("where")
    with pytest.raises(ExportRefused, match="in: age, extra, town, where") as refused:
        check_frame(STUDY, odd)
    assert "77" not in str(refused.value)


def test_a_cell_that_is_no_code_is_refused_by_its_column():
    with pytest.raises(ExportRefused, match="in: age") as refused:
        frame_of(STUDY, {**{name: [value] for name, value in row().items()}, "age": ["secret"]})
    assert "secret" not in str(refused.value)


def test_a_code_too_large_for_its_column_is_refused_by_its_column():
    with pytest.raises(ExportRefused, match="in: calm"):
        frame(row(calm=70_000))
