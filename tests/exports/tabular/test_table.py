"""Whatever the format, the same table comes out: every cell as a person would write it."""

from datetime import date

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


def test_columns_of_lists_are_refused_by_name(tmp_path):
    pl.DataFrame({"many": [[1, 2]]}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(ExportRefused, match="many hold lists"):
        read_table(tmp_path / "t.parquet")
