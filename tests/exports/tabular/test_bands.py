import pytest

from exports.tabular.hierarchy import band_of, number_of


@pytest.mark.parametrize(
    ("label", "inside", "outside"),
    [
        ("15-19", (15, 19), (14, 20)),
        ("15 – 19", (15, 19), (20,)),
        ("15 to 19", (15, 19), (20,)),
        ("15..19", (15, 19), (20,)),
        ("15-<20", (15, 19.9), (20,)),
        ("-10--5", (-10, -5), (-11, 0)),
        ("1.5-2.5", (1.5, 2.5), (2.6,)),
        ("[20, 25[", (20, 24), (19, 25)),
        ("[20,25)", (20,), (25,)),
        ("]20;25]", (25,), (20,)),
        ("(20-25]", (25,), (20,)),
        ("under 18", (17,), (18,)),
        ("over 50", (51,), (50,)),
        (">50", (51,), (50,)),
        ("<=10", (10, -99), (11,)),
        ("≥ 50", (50,), (49,)),
        ("<18", (17,), (18,)),
        ("50+", (50, 200), (49,)),
        ("1,5-2,5", (1.5, 2.5), (2.6,)),
        ("[10,5; 20,5[", (10.5, 20.4), (10.4, 20.5)),
        ("[100,200[", (100, 199), (200,)),
        (">0,125", (0.2,), (0.125,)),
    ],
)
def test_a_range_holds_its_numbers_and_no_others(label, inside, outside):
    band = band_of(label)
    assert band is not None
    assert [band.holds(n) for n in (*inside, *outside)] == [True] * len(inside) + [False] * len(
        outside
    )


@pytest.mark.parametrize(
    "label", ["*", "", "50", "young", "1990-99", ">50K", "130**", "2020-01-05", "1,000-2,000"]
)
def test_what_says_no_range_is_read_as_none(label):
    assert band_of(label) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [("39", 39), (" -4.5 ", -4.5), ("4,5", 4.5), ("0,125", 0.125), ("1,234", None), ("", None)],
)
def test_a_number_is_written_in_digits(text, number):
    assert number_of(text) == number
