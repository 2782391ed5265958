"""What the reports say of where a table comes from, and what only its owner is told."""

import csv
import json
from hashlib import sha256
from importlib.metadata import version

import pytest

from exports.errors import ExportRefused
from exports.tabular.run import anonymise
from tests.exports.tabular.desk import ROWS

FORMULAS = ['=HYPERLINK("http://x","a")', "-2+3", "@x", "\tx", "=1"]
NUMBERS = ["-5", "+3", "-0,5"]


def of(path):
    return json.loads(path.read_text("utf-8"))


def digest(path):
    return sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def made(desk):
    desk.run()
    return of(desk.out / "report.json"), of(desk.folder / "out-private.json")


def test_the_report_names_program_policy_and_hierarchies(desk, made):
    report, _ = made
    assert report["program"] == {"name": "lacrima", "version": version("lacrima")}
    assert report["policy_sha256"] == digest(desk.policy)
    trees = desk.folder / "trees"
    assert report["hierarchies_sha256"] == {n: digest(trees / f"{n}.csv") for n in ("sex", "age")}


def test_counts_after_are_public_and_are_those_of_the_file(desk, made):
    report, _ = made
    assert report["frequencies"]["answer"] == {"no": 4, "yes": 4}
    assert set(report["frequencies"]["age"]).isdisjoint(row[2] for row in ROWS)


def test_the_sum_of_the_input_and_counts_before_stand_in_the_private_report_alone(desk, made):
    _, private = made
    assert private["data"]["sha256"] == digest(desk.data)
    assert private["frequencies_before"]["age"] == {row[2]: 1 for row in ROWS}
    public = b"".join(path.read_bytes() for path in desk.out.iterdir())
    assert private["data"]["sha256"].encode() not in public
    assert "name" not in private["frequencies_before"]


def test_nobody_else_on_the_machine_reads_either(desk, made):
    assert desk.out.stat().st_mode & 0o777 == 0o700
    assert (desk.folder / "out-private.json").stat().st_mode & 0o777 == 0o600


def test_rows_in_groups_that_agree_are_counted(desk):
    desk.rows([(*row[:3], "yes" if row[1] == "f" else row[3], row[4]) for row in ROWS])
    desk.change("k = 2", "k = 4")
    desk.run()
    report = of(desk.out / "report.json")
    assert report["measured"]["rows_alike"] == {"answer": 4}
    assert "4 rows stand in groups in which everybody who has a value of answer has the same." in {
        said["sentence"] for said in report["meaning"]
    }


def test_people_who_gave_no_answer_agree_with_nobody(desk):
    desk.rows([(*row[:3], "" if row[1] == "f" else "no", row[4]) for row in ROWS])
    desk.change("k = 2", "k = 4")
    desk.run()
    assert of(desk.out / "report.json")["measured"]["rows_alike"] == {"answer": 4}


def test_a_private_report_is_never_written_over(desk):
    desk.write("out-private.json", "mine")
    assert "name a new file with --private-report" in desk.refusal()


def test_the_private_report_can_be_named(desk):
    anonymise(desk.data, desk.policy, desk.out, private=desk.folder / "mine.json")
    assert of(desk.folder / "mine.json")["data"]["name"] == "data.csv"
    assert not (desk.folder / "out-private.json").exists()


def test_the_private_report_may_not_lie_in_the_folder_that_goes_out(desk):
    with pytest.raises(ExportRefused, match="which others may read"):
        anonymise(desk.data, desk.policy, desk.out, private=desk.out / "mine.json")
    assert not desk.out.exists()


@pytest.mark.parametrize("column", [3, 4], ids=["sensitive", "plain"])
@pytest.mark.parametrize("cell", [*FORMULAS, *NUMBERS])
def test_a_spreadsheet_runs_no_cell_and_every_number_stays(desk, column, cell):
    desk.rows([(*row[:column], cell, *row[column + 1 :]) for row in ROWS])
    written = {list(row.values())[column - 1] for row in desk.run()}
    assert written == {cell if cell in NUMBERS else f"'{cell}"}
    told = "".join(of(desk.out / "report.json")["notes"])
    assert ("apostrophe" in told) == (cell in FORMULAS)


def test_a_group_that_reads_like_a_formula_is_marked_too(desk):
    desk.rows([(*row[:2], "-3" if row[1] == "f" else "-8", *row[3:]) for row in ROWS])
    desk.write("trees/age.csv", "-3,=low,*\n-8,=low,*\n")
    desk.change("k = 2", "k = 8")
    desk.change("trees/sex.csv", "trees/all.csv")
    desk.write("trees/all.csv", "f,all,*\nm,all,*\n")
    assert {row["age"] for row in desk.run()} == {"'=low"}


def test_a_name_that_a_spreadsheet_would_run_is_warned_of(desk):
    desk.rows(ROWS, names=("name", "sex", "age", "answer", "@note"))
    desk.change('plain = ["note"]', 'plain = ["@note"]')
    desk.run()
    notes = of(desk.out / "report.json")["notes"]
    assert "A spreadsheet would run the name of a column: @note." in notes


def test_two_cells_that_would_become_one_are_refused(desk):
    desk.rows([(*row[:4], "=1" if row[1] == "f" else "'=1") for row in ROWS])
    assert "Change one of them" in desk.refusal()


def test_lines_end_as_in_a_release(desk):
    desk.run()
    written = (desk.out / "data.csv").read_bytes()
    assert written.count(b"\r\n") == written.count(b"\n") == len(ROWS) + 1
    assert len(list(csv.reader(written.decode().splitlines()))) == len(ROWS) + 1
