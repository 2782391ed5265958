"""Text files as spreadsheets and packages write them: read where it is beyond doubt."""

import pytest

from exports.errors import ExportRefused
from exports.tabular.input_table import ReadOptions
from exports.tabular.open_table import read_table

GERMAN = "Größe;Gefühl\n1,5;ärgerlich\n2,5;müde, „leer“\n"


def read(tmp_path, content, name="t.csv", **how):
    path = tmp_path / name
    path.write_bytes(content)
    return read_table(path, ReadOptions(**how))


@pytest.mark.parametrize(
    ("content", "read_as"),
    [
        (b"a,b\n1,x\n", ""),
        (b"a;b\n1;x\n", "semicolon-separated"),
        (b"a\tb\n1\tx\n", "tab-separated"),
        (b"a|b\n1|x\n", "bar-separated"),
        (b"sep=;\r\na;b\r\n1;x\r\n", "semicolon-separated"),
        (b"sep=,\na,b\n1,x\n", ""),
        (b"a;b\r1;x\r", "semicolon-separated"),
        ("a;b\n1;x\n".encode("utf-16"), "semicolon-separated, utf-16"),
        ("\ufeffa\tb\n1\tx\n".encode("utf-16-be"), "tab-separated, utf-16"),
        ("a,b\n1,x\n".encode("utf-16-le"), "utf-16-le"),
        (b'"a";"b"\n"1";"x"\n', "semicolon-separated"),
    ],
)
def test_what_the_file_leaves_beyond_doubt_is_read_and_told(tmp_path, content, read_as):
    table = read(tmp_path, content)
    assert (table.cells.rows(), table.read_as) == ([("1", "x")], read_as)
    assert table.cells.columns == ["a", "b"]


def test_what_a_german_excel_writes_is_read_and_told(tmp_path):
    table = read(tmp_path, GERMAN.encode("cp1252"))
    assert table.read_as == "semicolon-separated, cp1252"
    assert table.cells.columns == ["Größe", "Gefühl"]
    assert table.cells.rows() == [("1,5", "ärgerlich"), ("2,5", "müde, „leer“")]


@pytest.mark.parametrize(
    "text",
    ["élève, l’été, où, naïve", "España, señor, ¿qué?, Málaga", "São João, opções", "blåbær, øre",
     "però, città, più", "coördinatie, één", "hääyö, päivää", "20 €, 5 m², 1°"],
)  # fmt: skip
def test_western_european_words_are_beyond_doubt(tmp_path, text):
    table = read(tmp_path, f'a,b\n1,"{text}"\n'.encode("cp1252"))
    assert (table.cells["b"].to_list(), table.read_as) == ([text], "cp1252")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Москва", "cp1251"), ("да", "cp1251"), ("mężczyzna", "cp1250"), ("Łódź", "cp1250"),
     ("střední, žena", "cp1250"), ("nő", "cp1250"), ("kadın, işçi", "cp1254"), ("Αθήνα", "cp1253"),
     ("männlich", "mac-roman"), ("männlich", "cp850"), ("España", "mac-roman"),
     ("東京の人", "shift-jis")],
)  # fmt: skip
def test_another_code_page_is_refused_and_read_once_it_is_named(tmp_path, text, encoding):
    content = f"a,b\n1,{text.replace(',', '')}\n".encode(encoding)
    with pytest.raises(ExportRefused, match=r"in doubt.* --encoding cp1252"):
        read(tmp_path, content)
    named = read(tmp_path, content, encoding=encoding)
    assert named.cells["b"].to_list() == [text.replace(",", "")]


@pytest.mark.parametrize(
    ("encoding", "named"), [("utf-8-sig", "utf8"), ("utf-16", "utf-16-le"), ("utf-16", "UTF-16")]
)
def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path, encoding, named):
    table = read(tmp_path, "a,b\n1,ä\n".encode(encoding), encoding=named)
    assert table.cells.columns == ["a", "b"]


@pytest.mark.parametrize("sign", ["\u2028", "\x0b", "\x0c", "\x1c", "\x85"])
def test_a_sign_that_ends_no_line_stays_in_its_cell(tmp_path, sign):
    content = f"a;b\n1;x{sign}y\n".encode()
    assert read(tmp_path, content).cells.rows() == [("1", f"x{sign}y")]


def test_an_encoding_that_does_not_fit_is_told(tmp_path):
    with pytest.raises(ExportRefused, match="is not ascii: it holds 0xC3"):
        read(tmp_path, "a,b\n1,ä\n".encode(), encoding="ascii")


@pytest.mark.parametrize("name", ["cp12525", "hex", "zip"])
def test_an_unknown_encoding_is_told(tmp_path, name):
    with pytest.raises(ExportRefused, match=f"--encoding {name} is not known"):
        read(tmp_path, b"a,b\n1,x\n", encoding=name)


def test_a_comma_in_a_quoted_name_does_not_separate(tmp_path):
    table = read(tmp_path, b'sex;"age, years"\nf;"1, 2"\n')
    assert table.cells.to_dict(as_series=False) == {"sex": ["f"], "age, years": ["1, 2"]}


def test_a_separator_in_doubt_is_refused_and_read_once_it_is_named(tmp_path):
    content = b"a;b,c\n1;2,3\n"
    with pytest.raises(ExportRefused, match=r"by commas or semicolons\. Say which: --separator"):
        read(tmp_path, content)
    assert read(tmp_path, content, separator=";").cells.columns == ["a", "b,c"]
    assert read(tmp_path, content, separator=",").cells.columns == ["a;b", "c"]


@pytest.mark.parametrize("sign", ["tab", "\\t", "\t"])
def test_a_tab_can_be_named(tmp_path, sign):
    assert read(tmp_path, b"a\tb,c\n1\t2,3\n", separator=sign).cells.columns == ["a", "b,c"]


def test_a_separator_of_two_signs_is_told(tmp_path):
    with pytest.raises(ExportRefused, match="must be one sign"):
        read(tmp_path, b"a;b\n", separator=";;")


def test_a_line_that_misfits_is_told_by_its_own_separator(tmp_path):
    with pytest.raises(ExportRefused, match="line 3: 1 cell where the header names 2 columns"):
        read(tmp_path, b"a;b\n1;2\n3\n4;5\n")


def test_a_text_of_any_length_is_a_cell(tmp_path):
    text = "x" * 140_000
    assert read(tmp_path, f"a,b\n1,{text}\n".encode()).cells["b"].to_list() == [text]


@pytest.mark.parametrize("name", ["t.tsv", "t.txt"])
def test_other_names_of_text_files_are_read(tmp_path, name):
    assert read(tmp_path, b"a\tb\n1\tx\n", name=name).cells.rows() == [("1", "x")]


def test_an_option_of_another_format_is_told(tmp_path):
    with pytest.raises(ExportRefused, match=r"--sheet is for \.xlsx files"):
        read(tmp_path, b"a,b\n1,x\n", sheet="People")


QUALTRICS = (
    'StartDate,Q1\r\n"Start Date","How are you,\nall in all?"\r\n'
    '"{""ImportId"":""startDate"",""timeZone"":""America/Denver""}","{""ImportId"":""QID1""}"\r\n'
    "2024-03-01,good\r\n2024-03-02,bad\r\n"
)


def test_the_further_header_lines_of_qualtrics_are_left_out_and_told(tmp_path):
    table = read(tmp_path, QUALTRICS.encode())
    assert table.cells.rows() == [("2024-03-01", "good"), ("2024-03-02", "bad")]
    assert table.notes == (
        "2 further header lines of Qualtrics (question texts, ImportId) were left out.",
    )


def test_an_answer_that_speaks_of_an_import_id_is_an_answer(tmp_path):
    content = b'a,b\nx,"{""ImportId"":""QID1""}"\ny,z\n'
    assert read(tmp_path, content).cells.height == 2
