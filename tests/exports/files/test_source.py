import pytest

from exports.errors import ExportRefused
from exports.files import source as reading
from tests.exports.files.hard import CODEBOOK, ROWS, cells, entry, source_of


def test_cells_are_read_as_the_codebook_types_them(source):
    assert cells(source) == {
        **{e["variable"]: [row[at] for row in ROWS] for at, e in enumerate(CODEBOOK)},
        "sc_view": [4.333, -92.0, 1.0, 2.75],
        "sc_shift": [-99, None, -3, 0],
    }


@pytest.mark.parametrize("size", [1, 7, 64, 500])
def test_blocks_end_where_a_record_ends_and_not_inside_a_quoted_line(source, monkeypatch, size):
    whole = cells(source)
    monkeypatch.setattr(reading, "CSV_BYTES_AT_ONCE", size)
    assert cells(source) == whole


def test_a_file_without_a_last_line_end_loses_nothing(source):
    source.csv.write_bytes(source.csv.read_bytes().removesuffix(b"\r\n"))
    assert len(cells(source)["row"]) == 4


@pytest.mark.parametrize("cell", ["300", "7", "x", "1.5", "-94.5"])
def test_a_cell_outside_its_codebook_is_refused_without_being_told(tmp_path, cell):
    with pytest.raises(
        ExportRefused, match=r"The column warm of .* holds what its codebook"
    ) as refused:
        source_of(tmp_path, [(cell,)], [entry("warm", codes={"1": "No", "5": "Yes"})])
    assert cell not in str(refused.value)


@pytest.mark.parametrize("cell", ["5.001", "nan", "inf"])
def test_a_score_outside_its_range_is_refused(tmp_path, cell):
    with pytest.raises(ExportRefused, match="sc_view"):
        source_of(tmp_path, [(cell,)], [entry("sc_view", type="decimal", range=[1.0, 5.0])])


def test_a_zero_byte_is_refused_because_it_would_cut_the_text_elsewhere(tmp_path):
    with pytest.raises(ExportRefused, match="said"):
        source_of(tmp_path, [("a\0b",)], [entry("said", type="text")])


def test_columns_that_the_codebook_does_not_know_are_named(source):
    with pytest.raises(ExportRefused, match=r"differ in: sc_view\."):
        reading.open_source(source.csv, [e for e in CODEBOOK if e["variable"] != "sc_view"])


@pytest.mark.parametrize(
    ("codes", "kind"), [({"127": "x"}, "Int8"), ({"128": "x"}, "Int16"), ({"40000": "x"}, "Int32")]
)
def test_storage_follows_from_the_codebook_alone(codes, kind):
    assert str(reading.storage_of(entry("x", codes=codes))) == kind
