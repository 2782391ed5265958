from types import SimpleNamespace

import polars as pl
import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.errors import ExportRefused
from exports.files.source import SPSS, names_in, open_source
from exports.files.spss import COUNT_AT, STAMP_AT, rows_of, write_sav, write_zsav
from tests.exports.files.hard import VARIABLES, cells, entry, source_of

NAMES = names_in(VARIABLES, SPSS)


def read(path) -> SimpleNamespace:
    frame, about = pyreadstat.read_sav(path, user_missing=True, output_format="polars")
    return SimpleNamespace(cells=frame.to_dict(as_series=False), about=about)


@pytest.fixture
def sav(source, tmp_path) -> SimpleNamespace:
    write_sav(source, tmp_path / "x.sav", title="Tränen", notes="PILOT DATA\nnot for analysis")
    return read(tmp_path / "x.sav")


def test_every_cell_comes_back(source, sav):
    assert sav.cells == {NAMES[name]: column for name, column in cells(source).items()}


def test_missing_codes_are_one_user_missing_range(sav):
    assert sav.about.missing_ranges["warm"] == [{"lo": -99.0, "hi": -90.0}]


def test_a_difference_has_no_missing_range_because_its_own_values_are_negative(sav):
    assert "sc_shift" not in sav.about.missing_ranges


def test_a_column_without_missing_codes_declares_none(sav):
    assert "row" not in sav.about.missing_ranges


def test_a_text_declares_the_missing_codes_that_occur(sav):
    assert [found["lo"] for found in sav.about.missing_ranges["lang"]] == ["-93"]


@pytest.mark.parametrize("cell", ["1", "x" * 300])
def test_a_text_declares_its_missing_code_where_nobody_has_it(tmp_path, cell):
    codes = {"-93": "Withheld"}
    source = source_of(tmp_path, [(cell,)], [entry("study_version", type="text", missing=codes)])
    write_sav(source, tmp_path / "x.sav")
    sav = read(tmp_path / "x.sav")
    assert sav.about.missing_ranges["study_version"] == [{"lo": "-93", "hi": "-93"}]
    assert sav.cells == {"study_version": [cell]}


def test_values_are_labelled_missing_ones_too(sav):
    assert sav.about.variable_value_labels["age"] == {
        -93.0: "Withheld", 1.0: "18–29", 2.0: "30–44", 101.0: "18–44",
    }  # fmt: skip


def test_texts_are_labelled(sav):
    assert sav.about.variable_value_labels["lang"] == {"de": "Tränen 😢", "-93": "Withheld"}


def test_labels_are_cut_at_a_character(sav):
    assert sav.about.column_names_to_labels["warm"] == "Ü" * 128
    assert len(sav.about.variable_value_labels["warm"][1.0]) == 120


@pytest.mark.parametrize(
    ("variable", "level"),
    [
        ("row", "nominal"),
        ("lang", "nominal"),
        ("warm", "ordinal"),
        ("age", "nominal"),
        ("sc_view", "scale"),
        ("sc_shift", "scale"),
        ("slider", "scale"),
    ],
)
def test_the_measurement_level_follows_from_the_kind(sav, variable, level):
    assert sav.about.variable_measure[variable] == level


@pytest.mark.parametrize(
    ("variable", "shown"), [("warm", "F8.0"), ("sc_view", "F8.3"), ("lang", "A3")]
)
def test_numbers_show_as_many_decimals_as_they_have(sav, variable, shown):
    assert sav.about.original_variable_types[variable] == shown


def test_the_mark_of_a_pilot_stays_with_the_file(sav):
    assert (sav.about.file_label, sav.about.notes) == ("Tränen", ["PILOT DATA", "not for analysis"])


def test_long_notes_are_broken_between_words(source, tmp_path):
    write_sav(source, tmp_path / "x.sav", notes="Tränen " * 30)
    lines = read(tmp_path / "x.sav").about.notes
    assert " ".join(lines).split() == ["Tränen"] * 30


def test_the_header_tells_the_rows_and_no_time(source, tmp_path):
    write_sav(source, tmp_path / "x.sav")
    content = (tmp_path / "x.sav").read_bytes()
    assert content[STAMP_AT : STAMP_AT + 17] == b"01 Jan 8000:00:00"
    assert int.from_bytes(content[COUNT_AT : COUNT_AT + 4], "little") == 4


def test_a_table_without_rows_can_be_read(tmp_path):
    write_sav(source_of(tmp_path, []), tmp_path / "x.sav")
    assert set(map(len, read(tmp_path / "x.sav").cells.values())) == {0}


def test_a_text_longer_than_spss_holds_is_cut_at_a_character(tmp_path):
    source = source_of(tmp_path, [("ü" * 20_000,)], [entry("said", type="text")])
    write_sav(source, tmp_path / "x.sav")
    assert read(tmp_path / "x.sav").cells == {"said": ["ü" * 16_383]}


def test_a_long_text_takes_no_name_from_its_neighbours(tmp_path):
    names = ("said", "said0", "said1", "said2")
    source = source_of(
        tmp_path, [("x" * 700, "a", "b", "c")], [entry(n, type="text") for n in names]
    )
    write_sav(source, tmp_path / "x.sav")
    assert read(tmp_path / "x.sav").cells == cells(source)


NUMBERS = st.none() | st.integers(-300, 300).map(float) | st.floats(allow_nan=False, width=32)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=600)


@given(st.lists(st.tuples(NUMBERS, TEXTS, NUMBERS), min_size=1, max_size=12))
def test_rows_are_the_bytes_that_the_library_writes(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("sav") / "x.sav"
    kinds = {"a": pl.Float64, "t": pl.String, "b": pl.Float64}
    frame = pl.DataFrame(rows, schema=kinds, orient="row")
    pyreadstat.write_sav(frame, path, row_compress=True)
    width = max(1, *(len(text.encode()) for text in frame["t"]))
    ours = b"".join(rows_of(frame, [0, width, 0], last=True))
    assert path.read_bytes().endswith(bytes.fromhex("e703000000000000") + ours)


def test_the_layout_was_checked_against_the_installed_version_of_the_library():
    assert pyreadstat.__version__ == "1.3.7"


def test_every_cell_is_that_of_a_file_written_through_the_library(source, sav, tmp_path):
    frame = pl.DataFrame({NAMES[name]: column for name, column in cells(source).items()})
    pyreadstat.write_sav(frame, tmp_path / "library.sav", row_compress=True)
    assert read(tmp_path / "library.sav").cells == sav.cells


def test_a_library_that_lays_out_rows_otherwise_is_refused(source, tmp_path, monkeypatch):
    write = pyreadstat.write_sav
    changed = {"row_compress": False}
    monkeypatch.setattr(
        pyreadstat, "write_sav", lambda *given, **how: write(*given, **how | changed)
    )
    with pytest.raises(ExportRefused, match="lays out"):
        write_sav(source, tmp_path / "x.sav")
    assert not (tmp_path / "x.sav").exists()


def test_blocks_do_not_show_in_the_file(source, tmp_path, monkeypatch):
    write_sav(source, tmp_path / "one.sav")
    monkeypatch.setattr("exports.files.source.CSV_BYTES_AT_ONCE", 40)
    monkeypatch.setattr("exports.files.spss.BYTES_AT_ONCE", 1)
    write_sav(open_source(source.csv, source.codebook), tmp_path / "many.sav")
    assert (tmp_path / "one.sav").read_bytes() == (tmp_path / "many.sav").read_bytes()


def ticks(*names: str, question: str = "What was it about? Ümläut") -> list[dict[str, object]]:
    about = {"multiple_response": "topics", "question": {"everybody": question}}
    return [entry(name, codes={"0": "No", "1": "Yes"}, **about) for name in names]


@pytest.mark.parametrize("write", [write_sav, write_zsav])
def test_options_of_one_question_are_a_multiple_response_set(tmp_path, write):
    codebook = [*ticks("topics__loss", "topics__losing", "topics__lost"), entry("other")]
    rows = [("1", "1", "1", "1")] * 3
    write(source_of(tmp_path, rows, codebook), tmp_path / "x.sav")
    found = read(tmp_path / "x.sav")
    assert found.about.mr_sets == {
        "topics": {
            "type": "D", "is_dichotomy": True, "counted_value": 1,
            "label": "What was it about? Ümläut",
            "variable_list": ["topics__loss", "topics__losing", "topics__lost"],
        }
    }  # fmt: skip
    assert found.cells["other"] == [1.0] * 3


def test_the_label_of_a_set_is_cut_between_characters_and_stands_in_one_line(tmp_path):
    codebook = ticks("a", "b", question="ä\n" * 100)
    write_sav(source_of(tmp_path, [("1", "0")], codebook), tmp_path / "x.sav")
    assert read(tmp_path / "x.sav").about.mr_sets["topics"]["label"] == ("ä " * 40).strip()


def test_one_column_with_ticks_is_no_set(tmp_path):
    withheld = {**ticks("b")[0], "codes": {}}
    write_sav(source_of(tmp_path, [("1", "-93")], [*ticks("a"), withheld]), tmp_path / "x.sav")
    assert not read(tmp_path / "x.sav").about.mr_sets
