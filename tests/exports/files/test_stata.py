from types import SimpleNamespace

import pyreadstat
import pytest

from exports.files.source import STATA, names_in, open_source
from exports.files.stata import LETTER, write_dta
from tests.exports.files.hard import (
    CODEBOOK,
    LONG_NAME,
    VARIABLES,
    cells,
    entry,
    source_of,
    write_csv,
)

NAMES = names_in(VARIABLES, STATA)


def read(path) -> SimpleNamespace:
    frame, about = pyreadstat.read_dta(path, user_missing=True, output_format="polars")
    return SimpleNamespace(cells=frame.to_dict(as_series=False), about=about)


@pytest.fixture
def dta(source, tmp_path) -> SimpleNamespace:
    write_dta(source, tmp_path / "x.dta", title="Tränen", notes="PILOT DATA\nnot for analysis")
    return read(tmp_path / "x.dta")


def lettered(name, column):
    """What Stata shows: a letter for each missing code, and a difference as it is."""
    coded = {e["variable"] for e in CODEBOOK if e["type"] != "text" and not e["may_be_empty"]}
    return [LETTER.get(cell, cell) for cell in column] if name in coded else column


def test_every_cell_comes_back_with_missing_codes_as_letters(source, dta):
    expected = {NAMES[name]: lettered(name, column) for name, column in cells(source).items()}
    assert dta.cells == expected


def test_the_letters_are_the_same_in_every_release():
    assert "".join(LETTER.values()) == "abcdefghij"
    assert (LETTER[-99], LETTER[-93], LETTER[-90]) == ("a", "g", "j")


def test_codes_and_letters_are_labelled(dta):
    assert dta.about.variable_value_labels["age"] == {
        1: "18–29", 2: "30–44", 101: "18–44", "g": "Withheld",
    }  # fmt: skip


def test_a_score_has_its_missing_code_labelled(dta):
    assert dta.about.variable_value_labels["sc_view"] == {"h": "Score not computed"}


def test_labels_alike_are_stored_once(dta):
    assert dta.about.variable_to_label["v_byte"] == dta.about.variable_to_label["AND"] == "AND"


def test_labels_of_variables_are_cut_to_eighty_characters(dta):
    assert dta.about.column_names_to_labels["warm"] == "Ü" * 80


def test_long_and_reserved_names_are_altered(dta):
    assert dta.about.column_names[-2:] == ["v_byte", LONG_NAME[:32]]


def test_the_mark_of_a_pilot_stays_with_the_file(dta):
    assert dta.about.file_label == "Tränen"
    assert dta.about.notes == ["PILOT DATA", "not for analysis"]


def test_cells_take_one_byte_where_one_is_enough(dta):
    assert [dta.about.readstat_variable_types[n] for n in ("warm", "age", "count", "sc_view")] == [
        "int8", "int16", "int32", "double",
    ]  # fmt: skip


def test_a_text_too_long_for_a_row_comes_back(tmp_path):
    texts = ["", "ü" * 3000, "kurz", "x" * 2046]
    source = source_of(tmp_path, [(text,) for text in texts], [entry("said", type="text")])
    write_dta(source, tmp_path / "x.dta")
    assert read(tmp_path / "x.dta").cells == {"said": texts}


def test_a_table_without_rows_can_be_read(tmp_path):
    write_dta(source_of(tmp_path, []), tmp_path / "x.dta")
    assert set(map(len, read(tmp_path / "x.dta").cells.values())) == {0}


def test_a_fraction_between_missing_codes_is_no_missing_code(tmp_path):
    codebook = [entry("x", type="decimal", range=[-99.0, 5.0], missing={"-92": "None"}, decimals=1)]
    write_dta(source_of(tmp_path, [(-92.5,), (-92,)], codebook), tmp_path / "x.dta")
    assert read(tmp_path / "x.dta").cells == {"x": [-92.5, "h"]}


@pytest.mark.parametrize("bound", [100, 101, 32_740, 32_741, 2_147_483_620, 2_147_483_621])
def test_a_number_is_never_taken_for_a_missing_value_at_the_end_of_its_type(tmp_path, bound):
    codebook = [entry("x", kind="number", range=[-bound, bound])]
    write_dta(source_of(tmp_path, [(bound,), (-bound,)], codebook), tmp_path / "x.dta")
    assert read(tmp_path / "x.dta").cells == {"x": [bound, -bound]}


def test_the_map_points_at_every_section(source, tmp_path):
    write_dta(source, tmp_path / "x.dta")
    content = (tmp_path / "x.dta").read_bytes()
    at = content.index(b"<map>") + 5
    starts = [int.from_bytes(content[i : i + 8], "little") for i in range(at, at + 112, 8)]
    tags = (b"<stata_dta>", b"<map>", b"<variable_types>", b"<varnames>", b"<sortlist>",
            b"<formats>", b"<value_label_names>", b"<variable_labels>", b"<characteristics>",
            b"<data>", b"<strls>", b"<value_labels>", b"</stata_dta>", b"")  # fmt: skip
    assert [content[s : s + len(tag)] for s, tag in zip(starts, tags, strict=True)] == list(tags)
    assert starts[-1] == len(content)


def test_blocks_do_not_show_in_the_file(tmp_path, monkeypatch):
    rows = [(f"{i}" * 700,) for i in range(9)]
    codebook = [entry("said", type="text")]
    csv = write_csv(tmp_path / "a.csv", rows, ["said"])
    write_dta(open_source(csv, codebook), tmp_path / "one.dta")
    monkeypatch.setattr("exports.files.source.CSV_BYTES_AT_ONCE", 900)
    monkeypatch.setattr("exports.files.stata.BYTES_AT_ONCE", 1)
    write_dta(open_source(csv, codebook), tmp_path / "many.dta")
    assert (tmp_path / "one.dta").read_bytes() == (tmp_path / "many.dta").read_bytes()
