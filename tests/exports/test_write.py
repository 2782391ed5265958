import polars as pl

from exports.columns import Field
from exports.write import CODEBOOK_COLUMNS, codebook_csv, data_csv, data_name, sums

FIELDS = (
    Field("lang", "administrative", "text"),
    Field("age", "answer"),
    Field("said", "answer", "text"),
    Field("sc_mood", "score", "decimal"),
    Field("sc_rise", "score"),
)


def test_the_data_file_is_sorted_numbered_rfc_4180_with_codes_left_alone():
    table = pl.DataFrame(
        {
            "lang": ["en", "el", "en"],
            "age": [-93, 101, 2],
            "said": ['a "b", c', "-95", "two\nlines"],
            "sc_mood": [4.3333333, -92.0, 2.0],
            "sc_rise": [None, -3, 0],
        }
    )
    assert data_csv(table, FIELDS) == (
        b"row,lang,age,said,sc_mood,sc_rise\r\n"
        b"1,el,101,-95,-92,-3\r\n"
        b'2,en,-93,"a ""b"", c",4.333,\r\n'
        b'3,en,2,"two\nlines",2.000,0\r\n'
    )


def test_a_data_file_is_named_after_its_study_in_letters_and_digits():
    assert data_name("therapist-tears") == "study-therapisttears_data.csv"


def test_sums_are_sorted_and_carry_the_mark_as_a_comment():
    lines = sums({"b": b"", "a": b"x"}, mark="PILOT DATA").decode().splitlines()
    assert [line.split()[-1] for line in lines] == ["DATA", "a", "b"]


def test_no_cell_of_the_codebook_opens_a_formula():
    assert b",=" not in codebook_csv([dict.fromkeys(CODEBOOK_COLUMNS, "=1+1")])
