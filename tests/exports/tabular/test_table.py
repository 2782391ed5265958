"""Whatever the format, the same table comes out: every cell as a person would write it."""

from datetime import date, time
from decimal import Decimal
from math import inf, nan

import polars as pl
import pyreadstat
import pytest

from exports.errors import ExportRefused
from exports.tabular.open_table import read_table

TYPED = pl.DataFrame(
    {
        "age": [39, 50, None],
        "score": [4.5, 2.0, float("nan")],
        "whole": [1.0, 2.0, None],
        "day": [date(2020, 1, 5), None, date(1999, 12, 31)],
        "word": ["ä, b", "", 'say "so"'],
    }
)
TOLD = {
    "age": ["39", "50", None],
    "score": ["4.5", "2", None],
    "whole": ["1", "2", None],
    "day": ["2020-01-05", None, "1999-12-31"],
    "word": ["ä, b", None, 'say "so"'],
}


def test_parquet_reads_as_people_write(tmp_path):
    TYPED.write_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet").cells.to_dict(as_series=False) == TOLD


def test_spss_reads_as_people_write(tmp_path):
    pyreadstat.write_sav(TYPED, str(tmp_path / "t.sav"))
    assert read_table(tmp_path / "t.sav").cells.to_dict(as_series=False) == TOLD


def test_codes_that_spss_calls_missing_stay_codes(tmp_path):
    table = pl.DataFrame({"a": [1.0, -99.0, None]})
    pyreadstat.write_sav(table, str(tmp_path / "t.sav"), missing_ranges={"a": [-99]})
    assert read_table(tmp_path / "t.sav").cells["a"].to_list() == ["1", "-99", None]


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n1,x\n,y\n",
        b"\xef\xbb\xbfa,b\n1,x\n,y\n",
        b'a,b\r\n1,x\r\n"",y\r\n',
        b"a,b\n1,x\n\n,y\n\n",
        b'"a","b"\n"1","x"\n,"y"',
    ],
)
def test_csv_reads_with_any_line_ends_mark_or_quotes(tmp_path, content):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    assert read_table(path).cells.rows() == [("1", "x"), (None, "y")]


def test_a_cell_keeps_its_lines_quotes_and_commas(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b'a\n"x\ny, ""z"""\n')
    assert read_table(path).cells["a"].to_list() == ['x\ny, "z"']


MOMENTS = ["2024-03-01 12:00:05.12", "2024-03-01 00:00:00"]
BERLIN = ["2024-03-01 12:00:00+01:00"]


def moments(*texts):
    return pl.Series(texts).str.to_datetime(time_unit="us")


def spans(*seconds, unit="us"):
    per_second = {"ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    return pl.Series([int(s * per_second) for s in seconds]).cast(pl.Duration(unit))


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        (pl.Series([time(1, 2, 3, 500_000), time(10, 10, 10)]), ["01:02:03.5", "10:10:10"]),
        (spans(105240, -5400.5, 0), ["29:14:00", "-01:30:00.5", "00:00:00"]),
        (spans(3753.72, unit="ms"), ["01:02:33.72"]),
        (pl.Series([10**9 + 1]).cast(pl.Duration("ns")), ["00:00:01.000000001"]),
        (pl.Series([0.1, 2.3], dtype=pl.Float32), ["0.1", "2.3"]),
        (pl.Series([0.1, 1.5, 2, None, nan], dtype=pl.Float16), ["0.1", "1.5", "2", None, None]),
        (moments(*MOMENTS), MOMENTS),
        (moments("2024-03-01 12:00:00").dt.replace_time_zone("Europe/Berlin"), BERLIN),
        (pl.Series([Decimal("1.50")]), ["1.50"]),
        (pl.Series([2**64 - 1], dtype=pl.UInt64), ["18446744073709551615"]),
        (pl.Series(["b"], dtype=pl.Enum(["a", "b"])), ["b"]),
        (pl.Series(["b"], dtype=pl.Categorical), ["b"]),
        (pl.Series([inf, -inf, nan]), ["inf", "-inf", None]),
        (pl.Series([True, None, False]), ["true", None, "false"]),
        (pl.Series([None, None]), [None, None]),
        (pl.Series([None], dtype=pl.Duration), [None]),
    ],
)
def test_every_type_of_parquet_reads_as_written(tmp_path, column, texts):
    pl.select(column.alias("x") if isinstance(column, pl.Series) else column).write_parquet(
        tmp_path / "t.parquet"
    )
    assert read_table(tmp_path / "t.parquet").cells["x"].to_list() == texts


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([[1, 2]]),
        pl.Series([{"a": 1}]),
        pl.Series([b"ab"]),
        pl.Series([1]).ext.to(pl.Extension("pandas.period", pl.Int64, '{"freq": "M"}')),
    ],
)
def test_columns_of_what_is_no_cell_are_refused_by_name(tmp_path, column):
    column.alias("many").to_frame().write_parquet(tmp_path / "t.parquet")
    with pytest.raises(ExportRefused, match="many holds lists"):
        read_table(tmp_path / "t.parquet")
