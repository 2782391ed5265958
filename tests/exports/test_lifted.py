"""Columns of one level beside those of several: what they hold, and where they stand."""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pyreadstat
import pytest

from exports.codebook import asked_codebook
from exports.columns import Field, fields_of
from exports.disclosure import claim_of
from exports.files.source import level_of
from exports.lifted import LiftedColumn, join_lifted, lifted_columns, with_lifted, written_keys
from exports.verify.verdict import faults
from exports.verify.verify import verify
from forms.study import Hierarchy, HierarchyGroup, Study
from tests.exports.releases import book_of, data_in
from tests.exports.tiny import POLICY, STUDY, study_with

LIFTED = ["age_band_l1", "region_raised_l1", "region_raised_l2"]


def test_each_level_that_mixes_with_a_finer_one_has_a_column_at_the_end_of_the_line(mixed):
    assert list(data_in(mixed)[0])[-3:] == LIFTED


def covered(entry: dict[str, Any], cell: str) -> frozenset[int]:
    return frozenset(entry["groups"].get(cell, [int(cell)]))


@pytest.mark.parametrize("name", LIFTED)
def test_a_lifted_cell_is_what_the_codebook_says_of_the_written_one(mixed, name):
    book, seen = book_of(mixed), set()
    source = book[name]["items"][0]
    for row in data_in(mixed):
        written, lifted = row[source], row[name]
        seen.add((written, lifted))
        if written == "-93":
            assert lifted == "-93"
        elif lifted == "-93":  # coarser: no group of the level holds it all
            codes = covered(book[source], written)
            assert not any(codes <= covered(book[name], code) for code in book[name]["codes"])
        else:
            assert covered(book[source], written) <= covered(book[name], lifted)
            assert lifted in book[name]["codes"]
    assert len({written for written, lifted in seen if lifted != written}) > 1


@pytest.mark.parametrize("suffix", [".sav", ".dta"])
def test_statistical_files_hold_and_label_them(mixed, suffix):
    [path] = (mixed / "data").glob(f"*{suffix}")
    read = {".sav": pyreadstat.read_sav, ".dta": pyreadstat.read_dta}[suffix]
    frame, about = read(path, output_format="polars", user_missing=True)
    labels = about.column_names_to_labels
    assert labels["region_raised"] == "Mixed levels: Where did you mostly grow up?"
    assert labels["region_raised_l2"] == "Level 2: Where did you mostly grow up?"
    assert about.variable_value_labels["region_raised_l2"][201].startswith("Europe, North America")
    written = [int(row["region_raised_l2"]) for row in data_in(mixed)]
    found = [-93 if cell == "g" else int(cell) for cell in frame["region_raised_l2"]]
    assert found == written


def test_parquet_holds_them(mixed):
    [path] = (mixed / "data").glob("*.parquet")
    frame = pl.read_parquet(path, columns=LIFTED)
    assert frame.rows() == [tuple(int(row[n]) for n in LIFTED) for row in data_in(mixed)]


def test_spss_and_the_codebook_call_mixed_levels_nominal(mixed):
    [path] = (mixed / "data").glob("*.sav")
    _, about = pyreadstat.read_sav(path, metadataonly=True, output_format="polars")
    assert about.variable_measure["age_band"] == "nominal"
    with (mixed / "documentation" / "codebook.csv").open(encoding="utf-8-sig") as file:
        lines = {line["variable"].strip(): line for line in csv.DictReader(file)}
    assert lines["age_band"]["measure"].strip() == "nominal"


def test_the_readme_names_the_columns_of_one_level(mixed):
    said = (mixed / "README.md").read_text("utf-8")
    assert "`region_raised_l1`, `region_raised_l2` for `region_raised`" in said


LEVELS = (
    (HierarchyGroup("0", frozenset({1})), HierarchyGroup("2-3", frozenset({2, 3})),
     HierarchyGroup("4", frozenset({4}))),
    (HierarchyGroup("1-3", frozenset({1, 2, 3})), HierarchyGroup("4", frozenset({4}))),
)  # fmt: skip
HIERARCHIES = {**POLICY.hierarchies, "age": Hierarchy("age", LEVELS)}
STEPS = study_with({"hierarchies": HIERARCHIES})
FIELDS = tuple(f for f in fields_of(STEPS) if f.name in ("age", "said"))


def part(path: Path, *cells: int, first: int = 1) -> Path:
    lines = [f'{row},"a, ""b""\r\nc",{cell}' for row, cell in enumerate(cells, start=first)]
    path.write_bytes("\r\n".join(["row,said,age", *lines, ""]).encode())
    return path


def columns_in(part: Path, *fields: Field, study: Study = STEPS) -> tuple[LiftedColumn, ...]:
    return lifted_columns(fields, study.policy, [written_keys(fields, study.policy, part)])


def joined(out: Path, *parts: Path, study: Study = STEPS) -> bytes:
    keys = [written_keys(FIELDS, study.policy, part) for part in parts]
    columns = lifted_columns(FIELDS, study.policy, keys)
    join_lifted(parts, out, columns, study.policy, keys)
    return out.read_bytes()


@pytest.mark.parametrize(
    ("cells", "lifted"),
    [
        ((1, 2, 3, -93), {}),
        ((1, 102, 4, 102), {}),  # a group of one answer keeps its code: all stand at level 1
        ((1, 201, -93), {"age_l2": [201, 201, -93]}),
        ((102, 201, 4), {"age_l2": [201, 201, 4]}),
        ((2, 102, 1), {"age_l1": [102, 102, 1]}),
        ((3, 102, 201), {"age_l1": [102, 102, -93], "age_l2": [201, 201, 201]}),
    ],
)
def test_only_levels_that_cells_go_up_to_have_a_column(tmp_path, cells, lifted):
    joined(tmp_path / "x.csv", part(tmp_path / "1.csv", *cells))
    frame = pl.read_csv(tmp_path / "x.csv")
    assert frame.drop("row", "said", "age").to_dict(as_series=False) == lifted
    assert frame["age"].to_list() == list(cells)


def test_a_later_release_continues_each_line_of_an_earlier_one_and_changes_none(tmp_path):
    first = part(tmp_path / "1.csv", 3, 201, -93)
    later = part(tmp_path / "2.csv", 2, 102, first=4)
    before = joined(tmp_path / "a.csv", first).split(b"\r\n")
    after = joined(tmp_path / "b.csv", first, later).split(b"\r\n")
    assert after[0] == b"row,said,age,age_l2,age_l1"
    # The records have a line break inside, so that only their last lines go on.
    assert all(new.startswith(old) for old, new in zip(before[:-1], after, strict=False))


def test_the_same_levels_give_the_same_bytes_in_a_later_release(tmp_path):
    first, later = part(tmp_path / "1.csv", 3, 201), part(tmp_path / "2.csv", 1, 201, first=3)
    whole = joined(tmp_path / "b.csv", first, later)
    assert whole.startswith(joined(tmp_path / "a.csv", first))


def test_a_column_that_the_study_itself_calls_so_is_left_alone(tmp_path):
    own = Field("age_l2", "answer")
    columns = columns_in(part(tmp_path / "1.csv", 1, 201), *FIELDS, own)
    assert columns == ()


CELLS = (3, 102, 201, -93)


def checked(path: Path) -> tuple[str, ...]:
    fields = tuple(f for f in FIELDS if f.name == "age")
    columns = columns_in(part(path.with_name("part.csv"), *CELLS), *fields)
    claim = claim_of(fields, STEPS.policy, STEPS.policy.tiers["C"], segments=(), lifted=columns)
    claim = replace(claim, k=1, columns=(), one_person=None, unit="rows")
    return faults(verify(path, claim), claim)


def written(path: Path, **wrong: tuple[int, int]) -> Path:
    cells = {"age": list(CELLS), "age_l1": [102, 102, -93, -93], "age_l2": [201, 201, 201, -93]}
    for name, (row, cell) in wrong.items():
        cells[name][row] = cell
    pl.DataFrame(cells).write_csv(path)
    return path


def test_the_verifier_takes_what_the_written_cell_gives(tmp_path):
    assert checked(written(tmp_path / "x.csv")) == ()


@pytest.mark.parametrize(
    ("row", "cell"),
    [(0, 3), (0, -93), (0, 201), (1, 1), (2, 102), (2, 201), (3, 102), (3, -95)],
)
def test_the_verifier_takes_no_other_cell_in_a_lifted_column(tmp_path, row, cell):
    [said] = checked(written(tmp_path / "x.csv", age_l1=(row, cell)))
    assert said == "age_l1 holds 1 cell that age does not give at its level"


def test_a_lifted_column_without_its_source_is_no_release(tmp_path):
    pl.read_csv(written(tmp_path / "x.csv")).drop("age").write_csv(tmp_path / "y.csv")
    assert checked(tmp_path / "y.csv") == ("the file lacks the columns age",)


def measures(study: Study, *cells: int, folder: Path) -> dict[str, str]:
    """Column → measurement level where age is a number and these cells were written."""
    age = tuple(f for f in FIELDS if f.name == "age")
    columns = columns_in(part(folder / "1.csv", *cells), *age, study=study)
    asked = [{**entry, "kind": "number"} for entry in asked_codebook(study, age)]
    counts = {"row": {}, "age": {str(cell): 1 for cell in cells}}
    book = with_lifted(asked, asked, columns, study.policy, counts)
    return {entry["variable"]: level_of(entry) for entry in book if entry["variable"] != "row"}


def test_groups_of_numbers_are_ordered_where_their_codes_are_and_no_scale(tmp_path):
    # Of young and old (1-2, 3-4) the codes rise; in STEPS a single 4 comes before 102.
    assert measures(STUDY, 101, 102, folder=tmp_path) == {"age": "ordinal"}
    assert measures(STUDY, 1, 102, folder=tmp_path) == {"age": "nominal", "age_l1": "ordinal"}
    assert measures(STEPS, 1, 102, 4, folder=tmp_path) == {"age": "nominal"}
    assert measures(STUDY, 1, 2, folder=tmp_path) == {"age": "scale"}
