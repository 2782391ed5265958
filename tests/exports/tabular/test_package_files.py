"""SPSS and Stata files: values as the package shows them, and what the file says of its columns."""

import csv
import shutil
import struct
import subprocess
from datetime import datetime
from decimal import Decimal

import polars as pl
import pyreadstat
import pytest

from exports.errors import ExportRefused
from exports.tabular.input_table import ReadOptions
from exports.tabular.open_table import read_table

DAY = 86_400.0
# Seconds since 14 October 1582: the first and the last day of SPSS, leap days, ends of years.
MOMENTS = [
    DAY, 13578973353.72, 13578973353.5, 13576377600.0, 12219379200.0 + 86399, 265621507200.0,
    13601952000.25, 13576377599.0, 12918182400.0, 10958630400.01,
]  # fmt: skip
SPANS = [105240.0, 18840.0, 178200.0, 3600.0, -5400.5, 3753.72, 0.0, 360000.0, -105240.0, 0.01]
SHOWN = {
    "DATE11": "%d-%b-%Y", "ADATE10": "%m/%d/%Y", "EDATE10": "%d.%m.%Y", "JDATE7": "%Y%j",
    "SDATE10": "%Y/%m/%d", "DATETIME24.2": "%d-%b-%Y %H:%M:%S.%f",
    "YMDHMS24.2": "%Y-%m-%d %H:%M:%S.%f",
}  # fmt: skip
AS_SHOWN = ("QYR8", "MOYR8", "WKYR10")
TIMES = ("TIME16.2", "DTIME18.2", "MTIME16.2")
NAMED = {"WKDAY9": 7, "WKDAY3": 7, "MONTH9": 12, "MONTH3": 12}


def read(path, **how):
    return read_table(path, ReadOptions(**how))


def saved(path, columns, **more):
    """An SPSS or Stata file with these columns."""
    write = pyreadstat.write_dta if path.suffix == ".dta" else pyreadstat.write_sav
    write(pl.DataFrame(columns), str(path), **more)
    return path


def in_pspp(path):
    """The cells as PSPP, which shares no code with ours, shows them by their formats."""
    if not shutil.which("pspp"):
        pytest.skip("no pspp: install pspp")
    syntax = path.with_suffix(".sps")
    out = path.with_suffix(".csv")
    syntax.write_text(
        f"GET FILE='{path.name}'.\nSAVE TRANSLATE /OUTFILE='{out.name}' /TYPE=CSV /REPLACE"
        " /FIELDNAMES /TEXTOPTIONS FORMAT=VARIABLE.\n".replace("\\n", "\n")
    )
    subprocess.run(["pspp", "-b", syntax.name], cwd=path.parent, check=True, capture_output=True)
    with out.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def without_zeros(text):
    """A time without the zeros that end its fraction."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def from_pspp(display, text):
    if pattern := SHOWN.get(display):
        moment = datetime.strptime(text, pattern)  # noqa: DTZ007 - a file knows no zone
        days = moment.date().isoformat()
        clock = without_zeros(f"{moment:%H:%M:%S.%f}")
        return f"{days} {clock}" if "%H" in pattern else days
    return without_zeros(text)


@pytest.mark.parametrize("display", [*SHOWN, *AS_SHOWN, *TIMES, *NAMED])
def test_dates_and_times_of_spss_read_as_pspp_shows_them(tmp_path, display):
    values = SPANS if display in TIMES else MOMENTS
    if display in NAMED:
        values = [float(n + 1) for n in range(NAMED[display])]
    path = saved(tmp_path / "t.sav", {"x": values}, variable_format={"x": display})
    ours = read(path).cells["x"].to_list()
    assert ours == [from_pspp(display, row["x"]) for row in in_pspp(path)]


def test_a_fraction_that_the_format_does_not_show_stays(tmp_path):
    path = saved(tmp_path / "t.sav", {"x": [3753.72, 3753.25]}, variable_format={"x": "TIME8"})
    assert read(path).cells["x"].to_list() == ["01:02:33.72", "01:02:33.25"]


def test_the_noise_of_a_difference_of_moments_is_no_fraction(tmp_path):
    difference = 13578973353.72 - 13578973353.5
    assert Decimal(difference) != Decimal("0.22")
    path = saved(tmp_path / "t.sav", {"x": [difference]}, variable_format={"x": "TIME11.2"})
    assert read(path).cells["x"].to_list() == ["00:00:00.22"]


@pytest.mark.parametrize(
    ("display", "value"),
    [("DATE11", 0.0), ("DATE11", -5.0), ("DATETIME20", 1e15), ("QYR8", 1e300), ("WKDAY9", 8.0),
     ("MONTH9", 0.0), ("TIME8", float("inf"))],
)  # fmt: skip
def test_an_impossible_date_or_time_is_named_by_row_and_column(tmp_path, display, value):
    columns = {"sex": ["f", "m", "f"], "born": [None, value, None]}
    path = saved(tmp_path / "t.sav", columns, variable_format={"born": display})
    with pytest.raises(ExportRefused, match=f"row 2: born holds .*no date or time of .*{display}"):
        read(path)


@pytest.mark.parametrize("name", ["t.sav", "t.dta"])
def test_a_column_of_dates_may_be_empty(tmp_path, name):
    display = "DATE11" if name == "t.sav" else "%td"
    columns = {"x": pl.Series([None], dtype=pl.Float64)}
    path = saved(tmp_path / name, columns, variable_format={"x": display})
    assert read(path).cells["x"].to_list() == [None]


def test_a_missing_code_among_dates_stays_a_code(tmp_path):
    columns = {"born": [13576377600.0, -99.0, 7.0]}
    path = saved(
        tmp_path / "t.sav", columns, variable_format={"born": "DATE11"},
        missing_ranges={"born": [-99]}, variable_value_labels={"born": {7: "not told"}},
    )  # fmt: skip
    table = read(path)
    assert table.cells["born"].to_list() == ["2013-01-01", "-99", "7"]
    assert table.metadata.missing == {"born": {"-99"}}


def test_what_an_spss_file_says_of_its_columns_is_kept(tmp_path):
    path = saved(
        tmp_path / "t.sav", {"mood": [1.0, -98.0, -99.0], "why": ["NA", "x", ""]},
        column_labels=["Mood today", ""], variable_measure={"mood": "ordinal"},
        variable_value_labels={"mood": {1: "low", -99: "refused"}, "why": {"NA": "none"}},
        missing_ranges={"mood": [{"lo": -99, "hi": -90}], "why": ["NA"]},
    )  # fmt: skip
    about = read(path).metadata
    assert about.labels == {"mood": "Mood today"}
    assert about.value_labels == {"mood": {"1": "low", "-99": "refused"}, "why": {"NA": "none"}}
    assert about.missing == {"mood": {"-98", "-99"}, "why": {"NA"}}
    assert about.missing_ranges == {"mood": ((-99.0, -90.0),), "why": (("NA", "NA"),)}
    assert about.measures["mood"] == "ordinal"
    assert about.formats["mood"] == "F8.2"


def test_a_password_is_named(tmp_path):
    path = tmp_path / "t.sav"
    path.write_bytes(b"\x1c" + b"\0" * 7 + b"ENCRYPTEDSAV" + b"\x15" + b"\0" * 500)
    with pytest.raises(ExportRefused, match=r"is protected by a password: save it without one"):
        read(path)


UTF8, WESTERN, ASCII = (struct.pack("<i", page) for page in (65001, 1252, 2))
ENCODING = struct.pack("<4i", 7, 20, 1, 5) + b"UTF-8"


def in_code_page(path, text, encoding, said=UTF8):
    """An SPSS file with a text in an encoding, which says that it is in a code page."""
    encoded = text.encode(encoding)
    saved(path, {"x": ["?" * len(encoded), "b"]})
    content = path.read_bytes()
    assert ENCODING in content
    if said != UTF8:
        content = content.replace(ENCODING, b"").replace(UTF8, said)
    path.write_bytes(content.replace(b"?" * len(encoded), encoded))
    return path


def test_a_code_page_that_is_not_what_the_file_says_is_told_and_can_be_named(tmp_path):
    path = in_code_page(tmp_path / "t.sav", "Köln", "cp1252")
    with pytest.raises(ExportRefused, match=r"not in UTF-8, as it says.* --encoding cp1252"):
        read(path)
    assert read(path, encoding="cp1252").cells["x"].to_list() == ["Köln", "b"]


@pytest.mark.parametrize(
    ("text", "encoding", "told"), [("Köln", "cp1252", 0), ("Łódź", "cp1250", 1)]
)
def test_a_western_code_page_of_texts_that_do_not_look_like_it_is_told(
    tmp_path, text, encoding, told
):
    path = in_code_page(tmp_path / "t.sav", text, encoding, WESTERN)
    assert ["do not look like it: --encoding" in note for note in read(path).notes] == [True] * told
    assert read(path, encoding=encoding).cells["x"][0] == text


@pytest.mark.parametrize("page", [ASCII, bytes(4)])
def test_a_file_without_a_code_page_is_read_where_it_is_beyond_doubt(tmp_path, page):
    table = read(in_code_page(tmp_path / "t.sav", "Köln", "cp1252", page))
    assert (table.cells["x"][0], table.read_as) == ("Köln", "cp1252")


def test_a_file_without_a_code_page_is_refused_where_it_is_in_doubt(tmp_path):
    path = in_code_page(tmp_path / "t.sav", "Москва", "cp1251", ASCII)
    with pytest.raises(ExportRefused, match="does not say in which encoding"):
        read(path)
    assert read(path, encoding="cp1251").cells["x"][0] == "Москва"


def test_a_number_keeps_its_label_beside_long_texts_of_its_name(tmp_path):
    columns = {"LONGA": ["a" * 600, "b"], "LONGA1": [1.0, -99.0], "LONGA0": ["c", "d"]}
    path = saved(
        tmp_path / "t.sav", columns, missing_ranges={"LONGA1": [-99]},
        variable_value_labels={"LONGA1": {1: "low"}},
    )  # fmt: skip
    table = read(path)
    assert table.cells.to_dict(as_series=False) == columns | {"LONGA1": ["1", "-99"]}
    assert table.metadata.value_labels == {"LONGA1": {"1": "low"}}
    assert table.metadata.missing == {"LONGA1": {"-99"}}


@pytest.mark.parametrize("names", [("LONGA", "LONGA1"), ("LONGQUEST1", "LONGQUEST2")])
def test_long_texts_whose_short_names_clash_are_read_whole(tmp_path, names):
    columns = {"sex": ["f", "m"], names[0]: ["a" * 300, "b" * 300], names[1]: ["c" * 600, "d" * 9]}
    path = saved(tmp_path / "t.sav", columns | {"last": [1.0, 2.0]})
    want = columns | {"last": ["1", "2"]}
    assert read(path).cells.to_dict(as_series=False) == want


OF_PSPP = """
DATA LIST LIST /t (TIME11.2) w (WKDAY9) mood (F8.2) word (A10).
BEGIN DATA
29:14:00.50 MONDAY 1.5 abc
-01:30:00 . -99 "NA"
END DATA.
STRING long (A300).
COMPUTE long = RPAD("ä", 290, "b").
VARIABLE LABELS mood 'Längere Frage'.
VALUE LABELS mood 1.5 'low' /word 'NA' 'none'.
MISSING VALUES mood (LO THRU -90) /word ('NA').
VARIABLE LEVEL mood (ORDINAL).
VARIABLE ATTRIBUTE VARIABLES=t ATTRIBUTE=note('x').
MRSETS /MCGROUP NAME=$m LABEL='set' VARIABLES=t mood.
SAVE OUTFILE='t.sav'.
SAVE OUTFILE='t.zsav' /ZCOMPRESSED.
"""


@pytest.mark.parametrize("name", ["t.sav", "t.zsav"])
def test_a_file_that_pspp_writes_is_read(tmp_path, name):
    if not shutil.which("pspp"):
        pytest.skip("no pspp: install pspp")
    (tmp_path / "t.sps").write_text(OF_PSPP, "utf-8")
    words, place = ["pspp", "-b", "t.sps"], {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True, env=place)
    table = read(tmp_path / name)
    assert table.cells.drop("long").to_dict(as_series=False) == {
        "t": ["29:14:00.5", "-01:30:00"], "w": ["MONDAY", None],
        "mood": ["1.5", "-99"], "word": ["abc", "NA"],
    }  # fmt: skip
    assert table.cells["long"].str.len_chars().to_list() == [289, 289]
    assert table.metadata.labels == {"mood": "Längere Frage"}
    assert table.metadata.missing == {"mood": {"-99"}, "word": {"NA"}}
    assert (table.notes, table.read_as) == ((), "")


@pytest.mark.parametrize(
    ("display", "value", "shown"),
    [
        ("%td", 19359.0, "2013-01-01"), ("%d", 0.0, "1960-01-01"),
        ("%tdDD/NN/CCYY", -1.0, "1959-12-31"),
        ("%tc", 1672621353720.0, "2013-01-01 01:02:33.72"), ("%tw", 2756.0, "2013w1"),
        ("%tm", 636.0, "2013m1"), ("%tq", 212.0, "2013q1"), ("%th", 106.0, "2013h1"),
        ("%ty", 2013.0, "2013"), ("%9.0g", 212.0, "212"),
    ],
)  # fmt: skip
def test_dates_of_stata_read_as_stata_shows_them(tmp_path, display, value, shown):
    path = saved(tmp_path / "t.dta", {"x": [value, None]}, variable_format={"x": display})
    assert read(path).cells["x"].to_list() == [shown, None]


def test_clocks_with_leap_seconds_are_refused_with_a_cure(tmp_path):
    path = saved(tmp_path / "t.dta", {"x": [1.0]}, variable_format={"x": "%tC"})
    with pytest.raises(ExportRefused, match=r"x has the format %tC.*cofC"):
        read(path)


def test_a_file_that_haven_writes_for_stata_is_read(tmp_path):
    if not shutil.which("Rscript"):
        pytest.skip("no Rscript: install r-base-core")
    script = """
        x <- data.frame(born = as.Date(c('1980-02-29', NA)), word = c('ä', ''))
        x$at <- as.POSIXct(c('2013-01-31 01:02:33', NA), tz = 'UTC')
        label <- c(low = 1, refused = haven::tagged_na('b'))
        x$mood <- haven::labelled(c(1, haven::tagged_na('b')), label, 'Mood today')
        for (v in 8:15) haven::write_dta(x, paste0('t', v, '.dta'), version = v)
    """
    subprocess.run(["Rscript", "--vanilla", "-e", script], cwd=tmp_path, check=True)
    want = {
        "born": ["1980-02-29", None], "word": ["ä", None],
        "at": ["2013-01-31 01:02:33", None], "mood": ["1", ".b"],
    }  # fmt: skip
    for version in range(8, 16):
        table = read(tmp_path / f"t{version}.dta", encoding="utf-8" if version < 14 else "")
        assert table.cells.to_dict(as_series=False) == want
        assert table.metadata.labels == {"mood": "Mood today"}
        assert table.metadata.value_labels == {"mood": {"1": "low", ".b": "refused"}}
        assert table.metadata.missing == {"mood": {".b"}}


def test_four_bytes_of_a_stata_file_read_as_written(tmp_path):
    # Release 115 by hand: no program here writes a float.
    header = struct.pack("<4BhI81s18s", 115, 2, 1, 0, 1, 2, b"", b"")
    column = struct.pack("<B33s4s49s33s81s5s", 254, b"x", b"", b"%9.0g", b"", b"", b"")
    (tmp_path / "t.dta").write_bytes(header + column + struct.pack("<2f", 0.1, 2.0))
    assert read(tmp_path / "t.dta").cells["x"].to_list() == ["0.1", "2"]
