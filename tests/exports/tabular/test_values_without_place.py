"""Every value without a place is in a file to be completed, unless the line says them all."""

import stat

import pytest

from exports.errors import ExportRefused
from exports.tabular.hierarchy import read_hierarchy
from tests.exports.tabular.desk import ROWS


def refused(desk):
    """What is said, and the files that were begun."""
    before = set(desk.folder.iterdir())
    with pytest.raises(ExportRefused) as refusal:
        desk.run()
    begun = sorted(set(desk.folder.iterdir()) - before)
    assert desk.out not in begun
    return str(refusal.value), begun


def test_all_values_stand_in_a_file_for_the_owner_alone(desk):
    desk.write("trees/age.csv", "99,*\n")
    said, (path,) = refused(desk)
    assert f"{path} lists all values of age without a place (8)" in said
    assert path.read_text() == "".join(f"{n},*\n" for n in (21, 22, 23, 24, 31, 32, 33, 34))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_lines_complete_the_hierarchy_as_they_stand(desk):
    whole = (desk.folder / "trees/age.csv").read_text()
    desk.write("trees/age.csv", "".join(whole.splitlines(keepends=True)[:3]) + "40,40-44,40-49,*\n")
    _, (path,) = refused(desk)
    assert "23,20-24,20-29,*\n" in path.read_text()
    assert "31,31,31,*\n" in path.read_text()
    trees = desk.folder / "trees" / "age.csv"
    trees.write_text(trees.read_text() + path.read_text())
    assert read_hierarchy(trees, "age")
    assert desk.run()


def test_each_column_has_a_file_and_the_line_quotes_one(desk):
    desk.write("trees/age.csv", "99,*\n")
    desk.write("trees/sex.csv", "x,*\n")
    said, begun = refused(desk)
    assert [path.name for path in begun] == ["age-missing.csv"]
    assert ('sex: "f", "m" (8 rows) has no place' in said, said.count('"')) == (True, 4)


def test_a_list_from_an_earlier_try_is_left_alone(desk):
    desk.write("trees/age.csv", "99,*\n")
    desk.write("age-missing.csv", "mine")
    _, (path,) = refused(desk)
    assert path.name == "age-missing-2.csv"
    assert (desk.folder / "age-missing.csv").read_text() == "mine"


def test_the_populations_values_are_listed_with_the_tables(desk):
    desk.write("all.csv", "sex,age\n" + "".join(f"f,{n}\n" for n in range(20, 60)))
    desk.change("k = 2", "k = 2\npresence = [0.0, 0.9]")
    desk.write("policy.toml", desk.policy.read_text() + '[population]\ndata = "all.csv"\n')
    said, (path,) = refused(desk)
    assert "the population's age" in said
    assert len(path.read_text().splitlines()) == 20


def test_nothing_of_other_columns_is_listed(desk):
    desk.rows(
        [
            (f"canary {row[0]}", row[1], row[2], f"canary {at}", "canary")
            for at, row in enumerate(ROWS)
        ]
    )
    desk.write("trees/age.csv", "99,*\n")
    said, (path,) = refused(desk)
    assert "canary" not in said + path.read_text()


def test_a_columns_name_never_leads_out_of_the_folder(desk):
    desk.rows(ROWS, ("name", "sex", "../age", "answer", "note"))
    desk.change('"age"]', '"../age"]')
    desk.change("age =", '"../age" =')
    desk.write("trees/age.csv", "99,*\n")
    _, (path,) = refused(desk)
    assert path.name == "age-missing.csv"
