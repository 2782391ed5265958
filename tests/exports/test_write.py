import polars as pl

from exports.columns import Field, content_order, data_name, join_data, read_data, write_data
from exports.output_files import SUMS, write_sums

FIELDS = (
    Field("lang", "administrative", "text"),
    Field("age", "answer"),
    Field("said", "answer", "text"),
    Field("sc_mood", "score", "decimal"),
    Field("sc_rise", "score"),
)
NAMES = [f.name for f in FIELDS]
TABLE = pl.DataFrame(
    {
        "lang": ["en", "el", "en"],
        "age": [-93, 101, 2],
        "said": ['a "b", c', "-95", "two\nlines"],
        "sc_mood": [4.3333333, -92.0, 2.0],
        "sc_rise": [None, -3, 0],
    }
)
AS_IS = pl.Series([0, 1, 2])
WRITTEN = (
    b"row,lang,age,said,sc_mood,sc_rise\r\n"
    b"1,el,101,-95,-92,-3\r\n"
    b'2,en,-93,"a ""b"", c",4.333,\r\n'
    b'3,en,2,"two\nlines",2.000,0\r\n'
)


def test_the_data_file_is_sorted_numbered_rfc_4180_with_codes_left_alone(tmp_path):
    write_data(TABLE, FIELDS, tmp_path / "x.csv", order=content_order(TABLE, NAMES))
    assert (tmp_path / "x.csv").read_bytes() == WRITTEN


def test_a_data_file_reads_back_as_it_was(tmp_path):
    write_data(TABLE, FIELDS, tmp_path / "x.csv", order=AS_IS)
    back = read_data(tmp_path / "x.csv", FIELDS, TABLE.schema)
    assert back.equals(TABLE.with_columns(pl.col("sc_mood").round(3)))


def test_parts_are_joined_under_one_header_with_their_rows_numbered_through(tmp_path):
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    write_data(TABLE, FIELDS, first, order=AS_IS)
    write_data(TABLE, FIELDS, second, order=AS_IS, after=3)
    join_data([first, second], tmp_path / "x.csv")
    whole = (tmp_path / "x.csv").read_bytes()
    assert whole.startswith(first.read_bytes())
    assert pl.read_csv(tmp_path / "x.csv")["row"].to_list() == [1, 2, 3, 4, 5, 6]


def test_a_data_file_is_named_after_its_study_in_letters_and_digits():
    assert data_name("therapist-tears") == "study-therapisttears_data.csv"


def test_sums_are_sorted_and_carry_the_mark_as_a_comment(tmp_path):
    for name in "ba":
        (tmp_path / name).write_bytes(b"")
    write_sums(tmp_path, mark="PILOT DATA")
    lines = (tmp_path / SUMS).read_text().splitlines()
    assert [line.split()[-1] for line in lines] == ["DATA", "a", "b"]
