"""Excel files: the values that Excel last computed, as it shows them; what is no value is told."""

from datetime import date, datetime, time, timedelta

import pytest
import xlsxwriter

from exports.errors import ExportRefused
from exports.tabular.input_table import ReadOptions
from exports.tabular.open_table import read_table


def saved(path, *sheets, merged=""):
    """An Excel file; each sheet is its name and its lines."""
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as book:
        moment, clock, span = (
            book.add_format({"num_format": shown})
            for shown in ("yyyy-mm-dd hh:mm:ss", "hh:mm:ss.000", "[h]:mm:ss")
        )
        shown = {datetime: moment, time: clock, timedelta: span}
        for name, lines in sheets:
            sheet = book.add_worksheet(name)
            for row, line in enumerate(lines):
                for column, cell in enumerate(line):
                    if isinstance(cell, tuple):
                        sheet.write_formula(row, column, cell[0], None, cell[1])
                    else:
                        sheet.write(row, column, cell, shown.get(type(cell)))
            if merged:
                sheet.merge_range(merged, "f")
    return path


def read(path, **how):
    return read_table(path, ReadOptions(**how))


@pytest.mark.parametrize(
    ("cells", "texts"),
    [
        ([39.0, 0.1 + 0.2, -99, 2**53 - 1], ["39", "0.3", "-99", "9007199254740991"]),
        (["007", "ä, b"], ["007", "ä, b"]),
        ([True, False], ["true", "false"]),
        ([date(2024, 3, 1)], ["2024-03-01"]),
        (
            [datetime(2024, 3, 1, 12, 0, 5), datetime(2024, 3, 1)],  # noqa: DTZ001
            ["2024-03-01 12:00:05", "2024-03-01 00:00:00"],
        ),
        ([time(1, 2, 3, 500_000)], ["01:02:03.5"]),
        ([timedelta(hours=29, minutes=14)], ["29:14:00"]),
        ([("=1+1", 2), ('="a"', "a")], ["2", "a"]),
    ],
)
def test_cells_of_excel_read_as_excel_shows_them(tmp_path, cells, texts):
    path = saved(tmp_path / "t.xlsx", ("People", [["x", "y"], *([cell, 1] for cell in cells)]))
    assert read(path).cells["x"].to_list() == texts


def test_one_of_several_sheets_must_be_named(tmp_path):
    path = saved(tmp_path / "t.xlsx", ("People", [["x"], [1]]), ("Öther", [["y"], [2]]))
    with pytest.raises(ExportRefused, match=r"several sheets: People, Öther. Say which: --sheet"):
        read(path)
    assert read(path, sheet="Öther").cells.to_dict(as_series=False) == {"y": ["2"]}


def test_empty_sheets_are_none_to_choose_from(tmp_path):
    path = saved(tmp_path / "t.xlsx", ("Sheet1", []), ("People", [["x"], [1]]))
    assert read(path).cells["x"].to_list() == ["1"]


def test_a_sheet_that_is_not_there_is_told(tmp_path):
    path = saved(tmp_path / "t.xlsx", ("People", [["x"], [1]]))
    with pytest.raises(ExportRefused, match=r"has no sheet Persons\. It has: People"):
        read(path, sheet="Persons")


def test_an_error_is_named_by_its_cell(tmp_path):
    path = saved(tmp_path / "t.xlsx", ("A&B", [["x", "y"], [1, 2], [3, ("=1/0", "#DIV/0!")]]))
    with pytest.raises(ExportRefused, match=r"cell B3 of A&B: #DIV/0! .1 such in all. is no value"):
        read(path)


def test_a_formula_that_was_never_computed_is_named_by_its_cell(tmp_path):
    path = saved(tmp_path / "t.xlsx", ("People", [["x"], [("=1+1", "")]]))
    with pytest.raises(ExportRefused, match="cell A2 of People: a formula without a value"):
        read(path)


def test_merged_cells_are_told(tmp_path):
    path = saved(tmp_path / "t.xlsx", ("People", [["x", "y"], ["", 1], ["", 2]]), merged="A2:A3")
    table = read(path)
    assert table.cells["x"].to_list() == ["f", None]
    assert "merged cells holds a value in the first cell alone" in table.notes[0]
    assert "A2:A3" in table.notes[0]


def test_empty_lines_above_and_empty_columns_beside_are_no_table(tmp_path):
    lines = [[], ["", "x", "", "y"], ["", 1, "", 2]]
    assert read(saved(tmp_path / "t.xlsx", ("People", lines))).cells.columns == ["x", "y"]


def test_an_empty_file_is_told(tmp_path):
    with pytest.raises(ExportRefused, match="is empty: its first line must name the columns"):
        read(saved(tmp_path / "t.xlsx", ("People", [])))


def test_a_column_without_a_name_is_told(tmp_path):
    with pytest.raises(ExportRefused, match="column 2 has no name"):
        read(saved(tmp_path / "t.xlsx", ("People", [["x"], [1, 2]])))


def test_the_further_header_lines_of_qualtrics_are_left_out(tmp_path):
    lines = [["x"], ["How are you?"], ['{"ImportId":"QID1"}'], ["good"]]
    table = read(saved(tmp_path / "t.xlsx", ("People", lines)))
    assert (table.cells["x"].to_list(), len(table.notes)) == (["good"], 1)


def test_a_password_is_named(tmp_path):
    path = tmp_path / "t.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    with pytest.raises(ExportRefused, match=r"protected by a password, or an old \.xls"):
        read(path)
