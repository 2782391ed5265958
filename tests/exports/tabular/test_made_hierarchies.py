"""Hierarchies that the policy says in a line: honest ranges, dates by unit, beginnings of codes."""

from datetime import date, datetime
from itertools import pairwise
from typing import Any

import polars as pl
import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.errors import ExportRefused
from exports.tabular.hierarchy import band_of
from exports.tabular.made_hierarchies import made_hierarchy


def chains(values, **table):
    """Value → its groups below the top."""
    lines, misfits = made_hierarchy("p.toml: hierarchies.c", table).lines(values)
    assert misfits == []
    return {line[0]: line[1:-1] for line in lines}


@pytest.mark.parametrize(
    ("table", "value", "groups"),
    [
        ({"bands": [5, 10]}, "17", ["15-19", "10-19"]),
        ({"bands": 10}, "0", ["0-9"]),
        ({"bands": [1, 5]}, "17", ["17", "15-19"]),
        ({"bands": [5, 10]}, "-7", ["[-10 to -6]", "[-10 to -1]"]),
        ({"bands": [0.5, 1]}, "2.25", ["2-<2.5", "2-<3"]),
        ({"bands": [5]}, "-0.1", ["[-5 to 0["]),
        ({"bands": [5, 10], "top": 85}, "92", ["85+", "85+"]),
        ({"bands": [5, 10], "top": 85}, "84", ["80-84", "80-84"]),
        ({"bands": [5, 10], "bottom": 18}, "19", ["18-19", "18-19"]),
        ({"bands": [5, 10], "bottom": 18}, "17", ["<18", "<18"]),
        ({"bands": [0.5]}, "52,3", ["52-<52.5"]),
        ({"bands": [5], "top": -10}, "-7", [">=-10"]),
        ({"bands": [1000]}, "9900000", ["9900000-9900999"]),
    ],
)
def test_a_band_is_the_range_around_its_number(table, value, groups):
    assert chains([value], **table) == {value: groups}
    bands = [band_of(label) for label in groups if label != value]
    number = float(value.replace(",", "."))
    assert all(band and band.holds(number) for band in bands)


def test_one_decimal_makes_every_band_of_the_column_open_above():
    assert chains(["3", "4.5"], bands=[5]) == {"3": ["0-<5"], "4.5": ["0-<5"]}


@pytest.mark.parametrize(
    ("value", "groups"),
    [
        ("1980-02-29", ["1980-02", "1980-Q1", "1980", "1980s"]),
        ("1999-12-31 23:59:59.720000", ["1999-12", "1999-Q4", "1999", "1990s"]),
        ("2020-01-05T08:30:00+02:00", ["2020-01", "2020-Q1", "2020", "2020s"]),
        ("1980", ["1980", "1980", "1980", "1980s"]),
        ("31.1.1980", ["1980-01", "1980-Q1", "1980", "1980s"]),
        ("2 Q 2013", ["2013-Q2", "2013-Q2", "2013", "2010s"]),
        ("2013q2", ["2013-Q2", "2013-Q2", "2013", "2010s"]),
        ("APR 2013", ["2013-04", "2013-Q2", "2013", "2010s"]),
        ("2013m4", ["2013-04", "2013-Q2", "2013", "2010s"]),
        ("15 WK 2013", ["2013", "2013", "2013", "2010s"]),
    ],
)
def test_a_date_is_said_by_ever_larger_units(value, groups):
    assert chains([value], dates="month, quarter, year, decade") == {value: groups}


def test_a_date_time_can_be_said_by_its_day():
    assert chains(["2020-01-05 14:30:00"], dates=["day", "year"]) == {
        "2020-01-05 14:30:00": ["2020-01-05", "2020"]
    }


def test_slashes_are_read_as_the_other_dates_show():
    assert chains(["31/01/1980", "2/3/1980"], dates="month") == {
        "31/01/1980": ["1980-01"],
        "2/3/1980": ["1980-03"],
    }
    assert chains(["31-01-1980", "2-3-1980"], dates="month")["2-3-1980"] == ["1980-03"]
    assert chains(["1980/3/2"], dates="month")["1980/3/2"] == ["1980-03"]
    assert chains(["1/31/1980", "2/3/1980"], dates="month")["2/3/1980"] == ["1980-02"]


def test_where_slashes_leave_the_month_open_only_years_are_said():
    rule = made_hierarchy("", {"dates": "month"})
    assert rule.lines(["2/3/1980"])[1] == ["2/3/1980"]
    assert chains(["2/3/1980"], dates="year") == {"2/3/1980": ["1980"]}


def test_a_code_is_said_by_its_beginning():
    assert chains(["10115", "10", "A1"], prefix=[3, 1]) == {
        "10115": ["101*", "1*"],
        "10": ["10", "1*"],
        "A1": ["A1", "A*"],
    }


def test_values_named_apart_stay_what_they_are():
    assert chains(["17", "-99", "unknown"], bands=[5, 10], apart=[-99, "unknown"]) == {
        "17": ["15-19", "10-19"],
        "-99": ["-99", "-99"],
        "unknown": ["unknown", "unknown"],
    }


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "must have one of bands, dates, prefix, or be a file name"),
        ({"bands": [5], "prefix": 2}, "must have one of"),
        ({"bands": []}, "bands must be widths above 0"),
        ({"bands": [0]}, "bands must be widths above 0"),
        ({"bands": [True]}, "bands must be widths above 0"),
        ({"bands": [float("inf")]}, "bands must be widths above 0"),
        ({"bands": [5, 12]}, "bands of 12 do not hold whole bands of 5"),
        ({"bands": [10, 5]}, "bands of 5 do not hold whole bands of 10"),
        ({"bands": [5], "top": "x"}, "top must be a number"),
        ({"bands": [5], "top": 3, "bottom": 3}, "bottom must be less than top"),
        ({"bands": [5], "tip": 3}, "bands has no key tip. There are: bands, bottom, top, apart"),
        ({"bands": [5], "apart": -99}, "apart must be a list of values"),
        ({"dates": "week"}, "There are: day, month, quarter, year, decade"),
        ({"dates": ["year", "month"]}, "from fine to coarse"),
        ({"dates": 5}, "dates must be units"),
        ({"prefix": [1, 3]}, "the most first"),
        ({"prefix": [2, 0]}, "the most first"),
        ({"prefix": "2"}, "the most first"),
    ],
)
def test_a_wrong_rule_is_told(table, said):
    with pytest.raises(ExportRefused, match=r"p\.toml: hierarchies\.c") as refused:
        made_hierarchy("p.toml: hierarchies.c", table)
    assert said in str(refused.value)


def test_a_rule_stands_where_a_file_would(desk):
    desk.run("file")
    desk.change('"trees/age.csv"', "{ bands = [5, 10] }")
    desk.run("rule")
    by_file, by_rule = (desk.folder / out / "data.csv" for out in ("file", "rule"))
    assert by_file.read_bytes() == by_rule.read_bytes()


@pytest.mark.parametrize(
    ("rule", "what"),
    [("bands = [5]", "a number"), ("dates = 'year'", "a date such as 1980-01-31")],
)
def test_a_value_that_does_not_fit_the_rule_is_told(desk, rule, what):
    desk.change('"trees/age.csv"', f"{{ {rule} }}")
    desk.change("24", "young", name="data.csv")
    assert f"is not {what}, as hierarchies.age" in desk.refusal()


def test_dates_of_an_spss_file_are_read_by_the_rule(desk):
    days = [date(1980 + at // 4, 1 + at % 2, 1 + at) for at in range(8)]
    times = [datetime.fromisoformat(f"{day.year}-01-01T08:30:0{at}") for at, day in enumerate(days)]
    desk.data = desk.folder / "data.sav"
    table = pl.DataFrame({"born": days, "sent": times, "x": list(range(8))})
    pyreadstat.write_sav(table, str(desk.data))
    desk.write(
        "policy.toml",
        '[privacy]\nk = 4\n[roles]\nquasi_identifier = ["born", "sent"]\nplain = ["x"]\n'
        '[hierarchies]\nborn = { dates = ["month", "year"] }\nsent = { dates = "day, year" }\n',
    )
    assert {(row["born"], row["sent"]) for row in desk.run()} == {
        ("1980", "1980-01-01"),
        ("1981", "1981-01-01"),
    }


def test_values_of_the_population_have_a_place_in_a_rule(desk):
    desk.write("all.csv", "sex,age\n" + "".join(f"{s},{n}\n" for s in "fm" for n in range(21, 60)))
    desk.change('"trees/age.csv"', "{ bands = [5, 10, 100] }")
    desk.change("k = 2", "k = 2\npresence = [0.0, 0.9]")
    desk.write("policy.toml", desk.policy.read_text() + '[population]\ndata = "all.csv"\n')
    assert desk.run()


def test_what_an_spss_file_declares_missing_is_in_no_band_and_at_no_bound(desk):
    desk.data = desk.folder / "data.sav"
    table = pl.DataFrame({"age": [21, 22, 23, 24, -99, -99], "income": [100, 150, 120, 90, -99, 1]})
    missing: dict[str, Any] = {"age": [-99], "income": [{"lo": -99, "hi": -90}]}
    pyreadstat.write_sav(table, str(desk.data), missing_ranges=missing)
    desk.write(
        "policy.toml",
        '[privacy]\nk = 2\n[roles]\nquasi_identifier = ["age"]\nplain = ["income"]\n'
        "[hierarchies]\nage = { bands = [5], bottom = 18 }\n"
        "[numbers]\nincome = { bottom = 50, round = 100 }\n",
    )
    rows = desk.run()
    assert [row["age"] for row in rows] == ["-99", "-99", "20-24", "20-24", "20-24", "20-24"]
    assert sorted(row["income"] for row in rows) == ["-99", "100", "100", "100", "200", "50"]


NUMBERS = st.decimals(-1000, 1000, places=2) | st.integers(-1000, 1000)


@given(
    values=st.lists(NUMBERS.map(str), min_size=1, unique=True),
    width=st.sampled_from([0.25, 0.5, 1, 2, 5, 10]),
    ends=st.lists(st.integers(-50, 50), min_size=2, max_size=2, unique=True).map(sorted),
)
def test_every_band_holds_its_number_and_lies_in_the_next(values, width, ends):
    rule = {"bands": [width, 2 * width, 10 * width], "bottom": ends[0], "top": ends[1]}
    above: dict[str, str] = {}
    for value, groups in chains(values, **rule).items():
        for label in groups:
            band = band_of(label)
            assert band.holds(float(value)) if band else float(label) == float(value)
        for narrow, wide in pairwise(dict.fromkeys(groups)):
            assert above.setdefault(narrow, wide) == wide
