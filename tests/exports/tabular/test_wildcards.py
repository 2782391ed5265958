"""A wildcard stands for the columns it fits, and never for one that is named."""

import pytest

NAMES = ("name", "sex", "age", "q1", "q2", "note")
ROWS = [(f"P{at}", "fm"[at // 4], str(21 + at), str(at % 2), str(at % 3), "x") for at in range(8)]


@pytest.fixture
def wide(desk):
    desk.rows(ROWS, NAMES)
    desk.change('sensitive = ["answer"]\nplain = ["note"]', 'plain = ["q*", "note"]')
    return desk


def test_a_wildcard_stands_for_every_column_it_fits(wide):
    assert list(wide.run()[0]) == ["sex", "age", "q1", "q2", "note"]


def test_a_named_column_goes_where_it_is_named(wide):
    wide.change('plain = ["q*"', 'sensitive = ["q2"]\nplain = ["q*"')
    wide.change("k = 2", "k = 2\nl = 4")
    assert "cannot be had from q2, which has 3" in wide.refusal()


def test_one_wildcard_may_take_all_that_is_left(wide):
    wide.change('["q*", "note"]', '["*"]')
    assert list(wide.run()[0]) == ["sex", "age", "q1", "q2", "note"]


def test_two_wildcards_of_a_role_may_fit_one_column(wide):
    wide.change('["q*", "note"]', '["q*", "?1", "note"]')
    assert wide.run()


def test_quasi_identifiers_may_be_asked_for_by_wildcard(wide):
    wide.change('["sex", "age"]', '["[as]*e*"]')
    assert list(wide.run()[0]) == ["sex", "age", "q1", "q2", "note"]


def test_a_column_that_is_called_like_a_wildcard_is_that_column(wide):
    wide.rows(ROWS, ("name", "sex", "age", "q[1]", "q?", "note"))
    wide.change('["q*", "note"]', '["q[1]", "q?", "note"]')
    assert list(wide.run()[0]) == ["sex", "age", "q[1]", "q?", "note"]


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        ('plain = ["q*", "note", "z*"]', "plain has z*, which fits no column of the data"),
        ('plain = ["Q*", "note"]', "plain has Q*, which fits no column of the data"),
        ('sensitive = ["q?"]\nplain = ["q*", "note"]', "q1 fits q? in sensitive and q* in plain"),
        ('plain = ["q*", "q1", "q1", "note"]', "q1 is in plain twice"),
        ('plain = ["q*"]', "no role for note"),
    ],
)
def test_a_wildcard_that_leaves_doubt_is_refused(wide, lists, said):
    wide.change('plain = ["q*", "note"]', lists)
    assert said in wide.refusal()
