import pytest

from exports.tables.variables import percent, rounded, span


def test_a_shown_figure_covers_every_count_that_rounds_to_it():
    for count in range(10, 500):
        low, high = span(rounded(count))
        assert low <= count <= high <= low + 4


def test_ten_stands_for_ten_to_twelve_because_nine_is_never_shown():
    assert span(rounded(12)) == (10, 12)


@pytest.mark.parametrize(("base", "expected"), [(15, None), (20, 50.0)])
def test_percentages_need_twenty_people(base, expected):
    assert percent(base // 2, base) == expected
