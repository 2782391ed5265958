"""What each attack on a file finds, on small ones; on released ones: tests/attacks."""

import numpy as np
import polars as pl
import pytest

from exports import attacks
from tests.exports.releases import made, report_of
from tests.exports.tiny import row


def table(**columns):
    return pl.DataFrame({name: [str(cell) for cell in cells] for name, cells in columns.items()})


# Reading the file as it stands.


def test_a_reader_counts_groups_as_in_a_spreadsheet():
    file = table(age=[1, 1, 1, -95, -99], sex=[1, 1, 1, 1, 1])
    assert attacks.under(file, ["age", "sex"], 3) == pytest.approx(0.4)
    assert attacks.singled_out(file, ["age", "sex"]) == pytest.approx(0.4)


def test_who_knows_that_all_was_answered_leaves_the_others_out():
    file = table(age=[1, 1, -95, -93], sex=[1, 1, 1, 1])
    assert attacks.complete(file, ["age", "sex"]).height == 2


def test_a_class_that_shares_an_answer_tells_it():
    file = table(age=[1, 1, 2, 2, 3], concern=[4, 4, 4, 5, -95])
    assert attacks.told(file, ["age"], "concern") == pytest.approx(0.4)


# Rows of one's own.


def test_whoever_sends_k_less_one_rows_like_somebodys_finds_that_somebody():
    file = table(age=[1, 1, 1, 2, 2, 2])
    own = pl.Series([True, True, False, True, False, False])
    assert attacks.isolated(file, ["age"], own).to_list() == [False, False, True, *[False] * 3]


def test_a_release_reports_what_the_attacks_reach(tmp_path):
    rows = [row(age=age, calm=calm) for age in (1, 3) for calm in (1, 5)] * 3
    found = report_of(made(tmp_path / "out", [*rows, row(age=1, met=2)]))["attacks"]
    assert found["insider_knows"][-2:] == ["where", "branch"]
    assert (found["outsider_singles_out"], found["insider_singles_out"]) == (0, round(1 / 13, 6))


# Two files.


def test_two_files_of_the_same_people_are_joined_by_their_answers():
    first = table(age=[1, 1, 1, 1], mood=[1, 2, 3, 4])
    second = table(age=[101, 101, 102, 102], mood=[1, 2, 3, 4])
    assert attacks.linked(first, second, ["mood"], ["age"]).to_list() == [2, 2, 2, 2]


def test_a_second_file_with_one_row_more_shows_that_row():
    first = table(age=[1, 1, 2], mood=[1, 1, 3])
    assert attacks.added(first, table(age=[1, 2, 1, 1], mood=[1, 3, 1, 1])).rows() == [("1", "1")]


# Somebody who has learnt a few answers.


@pytest.mark.parametrize(("values", "alone"), [(1, 0.0), (2, 1.0)])
def test_ten_answers_name_a_row_where_rows_differ(values, alone):
    codes = [
        np.array([row >> at & 1 if values == 2 else 0 for row in range(256)]) for at in range(8)
    ]
    given = [np.ones(256, dtype=bool)] * 8
    assert attacks.alone_in_answers(codes, given, (5, 10), most=99) == (99, {5: 0.0, 10: alone})


def test_a_question_that_was_never_asked_names_nobody():
    codes, never = [np.arange(9)], [np.zeros(9, dtype=bool)]
    assert attacks.alone_in_answers(codes, never, (10,), most=9) == (9, {10: 0.0})
