"""A table comes back in the format it was read from, with what that file said of its columns."""

import csv
import json
from pathlib import Path
from typing import Any

import polars as pl
import pyreadstat
import pytest
from python_calamine import CalamineWorkbook

from exports.errors import ExportRefused
from exports.tabular import run
from exports.verify.compared_formats import differing
from exports.verify.reading import read_table as read_written
from tests.exports.tabular.desk import Desk

POLICY = """
[privacy]
k = 4
mode = "one-coding"
suppression_limit = 0.2

[roles]
quasi_identifier = ["work", "age"]
sensitive = ["mood"]
plain = ["born", "slept", "note"]

[hierarchies]
work = "trees/work.csv"
age = "trees/age.csv"
"""
WORK = "1,Care,*\n2,Care,*\n3,Trade,*\n4,Trade,*\n9,9,*\n"
AGES = "".join(f"{n},{n // 10 * 10}-{n // 10 * 10 + 9},*\n" for n in range(20, 40))
ROWS: dict[str, list[Any]] = {
    "work": [1.0, 2, 1, 2, 3, 4, 3, 4, 9],
    "age": [21.0, 22, 23, 24, 31, 32, 33, 34, 39],
    "mood": [1.0, 2, -99, 1, 2, 1, 2, 1, 3],
    "born": [12345678912.0 + 86400 * at for at in range(9)],
    "slept": [105240.5, 0, 3600, 7200, 60, 61, 62, 63, -5400],
    "note": ["a", "=1", "b", "", "ü", "e", "f", "g", "z"],
}
LABELS = ["Work now", "Age in years", "Mood", "Born", "Slept", ""]
VALUES = {
    "work": {1: "Nurse", 2: "Doctor", 3: "Baker", 4: "Smith", 9: "Nothing told"},
    "mood": {1: "low", 2: "high", 3: "rare illness", -99: "refused"},
}
SPSS = {
    "column_labels": LABELS,
    "variable_value_labels": VALUES,
    "missing_ranges": {"work": [9], "mood": [{"lo": -99, "hi": -90}]},
    "variable_measure": {"work": "nominal", "age": "scale", "mood": "ordinal"},
    "variable_format": {"born": "DATE11", "slept": "TIME11.1", "age": "F3.0"},
}


@pytest.fixture
def survey(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.write("policy.toml", POLICY)
    desk.write("trees/work.csv", WORK)
    desk.write("trees/age.csv", AGES)
    return desk


def protected(desk: Desk, suffix: str, **said: Any) -> Path:
    """The file beside data.csv of a table written by the library of its format."""
    frame = pl.DataFrame(ROWS)
    desk.data = desk.folder / f"in{suffix}"
    if suffix == ".parquet":
        frame.write_parquet(desk.data)
    elif suffix == ".xlsx":
        frame.write_excel(desk.data)
    elif suffix == ".dta":
        pyreadstat.write_dta(frame, str(desk.data), **said)
    else:
        pyreadstat.write_sav(frame, str(desk.data), compress=suffix == ".zsav", **said)
    desk.run()
    return desk.out / f"data{suffix}"


def cells(desk: Desk) -> dict[str, list[str]]:
    with (desk.out / "data.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [row[name] for row in rows] for name in rows[0]}


def codebook(desk: Desk) -> list[dict[str, str]]:
    with (desk.out / "codebook.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sav(path: Path):
    frame, about = pyreadstat.read_sav(
        path, user_missing=True, output_format="polars", disable_datetime_conversion=True
    )
    return frame.to_dict(as_series=False), about


@pytest.fixture(params=[".sav", ".zsav"])
def spss(request, survey):
    return sav(protected(survey, request.param, **SPSS))


def test_variable_labels_measures_and_formats_are_those_of_the_input(spss):
    _, about = spss
    assert about.column_labels[:5] == LABELS[:5]
    assert about.variable_measure["mood"] == "ordinal"
    assert about.original_variable_types["born"] == "DATE11"
    assert about.original_variable_types["slept"] == "TIME11.1"


def test_missing_values_stay_declared(spss):
    _, about = spss
    assert about.missing_ranges["mood"] == [{"lo": -99, "hi": -90}]
    assert {"lo": 9, "hi": 9} in about.missing_ranges["work"]


def test_a_group_of_a_coded_column_is_a_code_with_a_label(survey, spss):
    stored, about = spss
    labels = about.variable_value_labels["work"]
    assert (labels[101], labels[102]) == ("Care", "Trade")
    assert {labels[code] for code in stored["work"]} == set(cells(survey)["work"])


def test_a_group_of_plain_numbers_is_a_text(survey, spss):
    stored, about = spss
    assert stored["age"] == cells(survey)["age"]
    assert about.column_names_to_labels["age"] == "Age in years"


def test_numbers_dates_and_times_are_what_they_were(spss):
    stored, _ = spss
    left_out = ROWS["mood"].index(3)
    for name in ("mood", "born", "slept"):
        wanted = [value for at, value in enumerate(ROWS[name]) if at != left_out]
        if name == "born":  # a day: its time of day is not shown, and so it is not kept
            wanted = [value // 86400 * 86400 for value in wanted]
        assert sorted(stored[name]) == sorted(wanted)


def test_no_label_tells_a_value_that_was_left_out(survey, spss):
    _, about = spss
    assert 3 not in about.variable_value_labels["mood"]
    assert "Nurse" not in about.variable_value_labels["work"].values()
    written = b"".join(path.read_bytes() for path in survey.out.iterdir())
    assert b"rare illness" not in written


def test_labels_of_values_that_nobody_has_stay_where_nothing_was_withheld(survey):
    values = {**VALUES, "mood": {**VALUES["mood"], 4: "never seen"}}
    survey.change("9,9,*", "9,Trade,*", name="trees/work.csv")
    _, about = sav(protected(survey, ".sav", **{**SPSS, "variable_value_labels": values}))
    assert about.variable_value_labels["mood"][4] == "never seen"


def test_a_withheld_cell_is_a_code_that_is_declared_missing(survey):
    survey.change("1,Care,*\n2,Care,*", "1,1,*\n2,2,*", name="trees/work.csv")
    stored, about = sav(protected(survey, ".sav", **SPSS))
    assert "*" in cells(survey)["work"]
    assert about.variable_value_labels["work"][-93] == "*"
    assert {"lo": -93, "hi": -93} in about.missing_ranges["work"]
    assert stored["work"].count(-93) == cells(survey)["work"].count("*")


def test_stata_keeps_labels_and_has_a_letter_for_what_is_withheld(survey):
    survey.change("1,Care,*\n2,Care,*", "1,1,*\n2,2,*", name="trees/work.csv")
    labels = {name: VALUES[name] for name in VALUES}
    path = protected(survey, ".dta", column_labels=LABELS, variable_value_labels=labels)
    frame, about = pyreadstat.read_dta(path, user_missing=True, output_format="polars")
    assert about.column_labels[:5] == LABELS[:5]
    letters: Any = about.variable_value_labels["work"]
    assert letters["z"] == "*"
    assert about.variable_value_labels["mood"][-99] == "refused"
    assert frame["work"].to_list().count("z") == cells(survey)["work"].count("*") > 0


def test_parquet_keeps_its_types(survey):
    frame = pl.read_parquet(protected(survey, ".parquet"))
    assert frame.schema["mood"] == pl.Float64
    assert frame.schema["age"] == pl.String
    assert frame["age"].to_list() == cells(survey)["age"]


def test_a_workbook_keeps_numbers_and_texts(survey):
    book = CalamineWorkbook.from_path(protected(survey, ".xlsx"))
    names, *rows = book.get_sheet_by_index(0).to_python()
    written = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    assert written["age"] == cells(survey)["age"]
    assert [f"{mood:g}" for mood in written["mood"]] == cells(survey)["mood"]


def test_the_codebook_says_what_every_value_means(survey):
    protected(survey, ".sav", **SPSS)
    lines = codebook(survey)
    [head] = [line for line in lines if line["column"] == "work" and line["role"]]
    assert (head["label"], head["role"], head["measure"]) == (
        "Work now", "quasi-identifier", "nominal",
    )  # fmt: skip
    assert head["what became of it"].startswith("made coarser: as it was in 0 of 8 rows")
    values = {line["value"]: line for line in lines if line["column"] == "mood" and line["value"]}
    assert values["-99"]["meaning"] == "refused"
    assert values["-99"]["missing"] == "yes"
    assert {value: int(line["rows"]) for value, line in values.items()} == {
        value: cells(survey)["mood"].count(value) for value in ("1", "2", "-99")
    }
    [group] = [line for line in lines if line["value"] == "Care"]
    assert group["code"] == "101"


def test_the_report_has_the_sum_of_every_file(survey):
    protected(survey, ".sav", **SPSS)
    report = json.loads((survey.out / "report.json").read_text("utf-8"))
    assert report["files"].keys() == {"data.csv", "data.sav", "codebook.csv"}


@pytest.mark.parametrize("suffix", [".sav", ".zsav", ".dta", ".parquet", ".xlsx"])
def test_one_wrong_cell_is_noticed(survey, suffix):
    path = protected(survey, suffix)
    table = read_written(survey.out / "data.csv")
    names = {name: name for name in table}
    told: dict[str, dict[str, float | str]] = {name: {} for name in table}
    for line in codebook(survey):
        if line["code"]:
            told[line["column"]][line["value"]] = float(line["code"])
    assert differing(path, table, names, told) == ()
    other = cells(survey)
    other["mood"][0] = "7"
    pl.DataFrame(other).write_csv(survey.folder / "other.csv")
    assert differing(path, read_written(survey.folder / "other.csv"), names, told) == ("mood",)


def test_a_file_that_differs_is_never_released(survey, monkeypatch):
    monkeypatch.setattr(run, "differing", lambda *_: ("mood",))
    with pytest.raises(ExportRefused, match=r"data.sav and data.csv differ in mood"):
        protected(survey, ".sav")
    assert not survey.out.exists()
