"""What comes out of a table: nobody stands alone, nothing untrue, nothing of the order or names."""

import csv
import json
import random
from collections import Counter, defaultdict

import polars as pl
import pyreadstat
import pytest

from tests.exports.tabular.desk import AGE, NAMES, ROWS

FILES = ["codebook.csv", "data.csv", "report.html", "report.json"]


def report(desk, out="out"):
    return json.loads((desk.folder / out / "report.json").read_text("utf-8"))


def content(desk, out="out"):
    """Every file of the folder, by name."""
    return {path.name: path.read_bytes() for path in (desk.folder / out).iterdir()}


def classes(rows):
    return Counter((row["sex"], row["age"]) for row in rows)


def test_the_folder_holds_a_table_its_codebook_and_two_reports(desk):
    desk.run()
    assert sorted(content(desk)) == FILES


def test_columns_keep_their_order_and_identifiers_are_gone(desk):
    rows = desk.run()
    assert list(rows[0]) == ["sex", "age", "answer", "note"]


def test_no_identifier_is_anywhere(desk):
    desk.rows([(f"canary-{row[0]}", *row[1:]) for row in ROWS])
    desk.run()
    assert [name for name, held in content(desk).items() if b"canary" in held] == []


@pytest.mark.parametrize("mode", ["local", "one-coding"])
@pytest.mark.parametrize("k", [2, 3, 4])
def test_everybody_looks_like_at_least_k_rows(desk, mode, k):
    desk.change("k = 2", f'k = {k}\nmode = "{mode}"')
    assert min(classes(desk.run()).values()) >= k


def test_every_class_holds_l_sensitive_values(desk):
    desk.change("k = 2", "k = 2\nl = 2")
    answers = defaultdict(set)
    for row in desk.run():
        answers[row["sex"], row["age"]].add(row["answer"])
    assert min(map(len, answers.values())) == 2


def test_every_cell_holds_the_true_value(desk):
    desk.rows([(*row[:4], str(at)) for at, row in enumerate(ROWS)])
    above = {line[0]: line for line in csv.reader(AGE.splitlines())}
    assert all(row["age"] in above[ROWS[int(row["note"])][2]] for row in desk.run())


def test_the_order_of_rows_changes_no_byte(desk):
    desk.run("one")
    desk.rows(random.Random(1).sample(ROWS, len(ROWS)))
    desk.run("other")
    assert content(desk, "one") == content(desk, "other")


def test_rows_are_sorted_by_what_they_hold(desk):
    cells = [list(row.values()) for row in desk.run()]
    assert cells == sorted(cells)


def test_one_coding_shows_one_level_throughout(desk):
    desk.change("k = 2", 'k = 2\nmode = "one-coding"')
    desk.change("24", "29", name="data.csv")
    ages = {row["age"] for row in desk.run()} - {"*"}
    assert len({age.count("-") and int(age[3:]) - int(age[:2]) for age in ages}) == 1


def test_a_row_that_would_say_nothing_is_left_out_and_counted(desk):
    desk.rows([*ROWS, ("Z", "x", "39", "no", "1")])
    desk.write("trees/sex.csv", "f,*\nm,*\nx,*\n")
    desk.write("trees/age.csv", AGE.replace("39,35-39,30-39", "39,old,oldest"))
    desk.change("k = 2", "k = 2\nsuppression_limit = 0.2")
    left = desk.run()
    told = report(desk)
    assert (len(left), told["records_suppressed"]) == (told["records_out"], 9 - len(left))
    assert not [row for row in left if row["sex"] == row["age"] == "*"]


def test_a_missing_cell_counts_as_a_value_of_its_own(desk):
    rows = [(*row[:2], "" if at in (0, 1, 4) else row[2], *row[3:]) for at, row in enumerate(ROWS)]
    desk.rows(rows)
    assert min(classes(desk.run()).values()) >= 2


@pytest.mark.parametrize("at", range(1, 5))
def test_a_column_without_any_value_stays_so_and_is_told(desk, at):
    desk.rows([tuple("" if n == at else c for n, c in enumerate(row)) for row in ROWS])
    assert {row[NAMES[at]] for row in desk.run()} == {""}
    assert f"{NAMES[at]} has no value in any row." in report(desk)["input"]


def test_a_column_without_any_value_needs_no_role(desk):
    desk.rows([(*row, "") for row in ROWS], (*NAMES, "later"))
    assert {row["later"] for row in desk.run()} == {""}


def test_a_suppressed_cell_in_the_data_stays_suppressed(desk):
    desk.rows([*ROWS, ("X", "f", "*", "no", "1"), ("Y", "f", "*", "no", "1")])
    assert classes(desk.run())["f", "*"] >= 2


def test_a_group_in_the_data_may_have_a_line_of_its_own(desk):
    desk.write("trees/age.csv", AGE + "20-24,20-24,20-29,*\n")
    desk.rows([*ROWS, ("X", "f", "20-24", "no", "1")])
    assert min(classes(desk.run()).values()) >= 2


@pytest.mark.parametrize("ending", ["sav", "parquet"])
def test_any_format_gives_the_same_table_and_itself_back(desk, ending):
    desk.run("one")
    table = pl.read_csv(desk.data)
    desk.data = desk.folder / f"data.{ending}"
    if ending == "sav":
        pyreadstat.write_sav(table, str(desk.data))
    else:
        table.write_parquet(desk.data)
    desk.run("other")
    one, other = content(desk, "one"), content(desk, "other")
    assert one["data.csv"] == other["data.csv"]
    assert other.keys() - one.keys() == {f"data.{ending}"}


def test_cells_with_commas_quotes_and_lines_come_through(desk):
    odd = 'a "b", c\r\nd\re'
    desk.rows([(*row[:4], odd) for row in ROWS])
    assert {row["note"] for row in desk.run()} == {odd}


def test_a_table_of_one_column_keeps_its_missing_cells(desk):
    desk.write("data.csv", 'sex\nf\nf\n""\n""\n')
    desk.write(
        "policy.toml",
        '[privacy]\nk = 2\n[roles]\nquasi_identifier = ["sex"]\n'
        '[hierarchies]\nsex = "trees/sex.csv"\n',
    )
    assert [row["sex"] for row in desk.run()] == ["", "", "f", "f"]


@pytest.mark.parametrize("at", range(1, 5))
def test_a_column_without_any_value_stays_and_is_told(desk, at):
    desk.rows([tuple("" if n == at else c for n, c in enumerate(row)) for row in ROWS])
    rows = desk.run()
    assert {row[NAMES[at]] for row in rows} <= {"", "*"}
    assert report(desk)["input"] == [f"{NAMES[at]} has no value in any row."]


def test_how_the_files_were_read_is_told_where_it_was_not_plain(desk):
    desk.change(",", ";", name="data.csv")
    desk.change(",", "\t", name="trees/age.csv")
    desk.run()
    assert report(desk)["input"] == [
        "Read as semicolon-separated: data.csv.",
        "Read as tab-separated: age.csv.",
    ]


def test_ordered_numbers_may_have_a_decimal_comma(desk):
    desk.rows([(*row[:3], f"{at},5", row[4]) for at, row in enumerate(ROWS)])
    desk.write("policy.toml", desk.policy.read_text() + '[ordered]\nanswer = "numbers"\n')
    desk.change("k = 2", "k = 2\nt = 0.9")
    assert sorted(row["answer"] for row in desk.run()) == [f"{at},5" for at in range(8)]


def test_a_range_with_decimal_commas_holds_the_numbers_below_it(desk):
    desk.rows([(*row[:2], f"{at},5", *row[3:]) for at, row in enumerate(ROWS)])
    lines = [f"{at},5;{at // 4 * 4},5-{at // 4 * 4 + 3},5;*\n" for at in range(8)]
    desk.write("trees/age.csv", "".join(lines))
    desk.change("k = 2", "k = 4")
    assert {row["age"] for row in desk.run()} == {"0,5-3,5", "4,5-7,5"}


def test_an_empty_folder_is_filled(desk):
    desk.out.mkdir()
    assert desk.run()


def test_a_folder_in_a_new_folder_is_made(desk):
    assert desk.run("deep/deeper")


def test_nothing_hidden_is_left_beside_the_folder(desk):
    desk.run()
    assert [p.name for p in desk.folder.iterdir() if p.name.startswith(".")] == []


def test_no_class_is_farther_than_t_from_the_table(desk):
    desk.change("k = 2", "k = 2\nt = 0.1")
    desk.run()
    assert report(desk)["t"] <= 0.1


def test_steps_between_ordered_values_are_those_between_values_that_occur(desk):
    desk.rows([(*row[:3], "low" if at % 4 else "high", row[4]) for at, row in enumerate(ROWS)])
    desk.change("k = 2", "k = 2\nt = 0.3")
    desk.write("policy.toml", desk.policy.read_text() + '[ordered]\nanswer = ["low", "high"]\n')
    desk.run("few")
    desk.change('["low", "high"]', '["low", "middle", "raised", "high"]')
    desk.run("many")
    assert report(desk, "few")["t"] == report(desk, "many")["t"]


def test_the_distance_between_ordered_values_counts_the_steps(desk):
    desk.rows([(*row[:3], str(1 + at // 4 * 2 + at % 2), row[4]) for at, row in enumerate(ROWS)])
    desk.change("k = 2", "k = 4")
    desk.run("equal")
    desk.write("policy.toml", desk.policy.read_text() + '[ordered]\nanswer = "numbers"\n')
    desk.run("ordered")
    distances = (report(desk, "equal")["t"], report(desk, "ordered")["t"])
    assert distances == pytest.approx((1 / 2, 1 / 3), abs=1e-6)


def by_column(desk, **asked):
    """The report where note is sensitive too and each column has bounds of its own."""
    desk.change('sensitive = ["answer"]\nplain = ["note"]', 'sensitive = ["answer", "note"]')
    desk.change("k = 2", "k = 2\n" + "\n".join(f"{key} = {value}" for key, value in asked.items()))
    desk.run()
    return report(desk)


def test_each_sensitive_column_may_have_an_l_of_its_own(desk):
    columns = by_column(desk, l="{ note = 3 }")["columns"]
    assert columns["note"]["l"] == {"asked": 3, "reached": 3}
    assert columns["answer"]["l"]["asked"] == 1


def test_an_entropy_l_and_a_t_of_its_own_hold_for_the_column(desk):
    columns = by_column(desk, entropy_l="{ note = 2.5 }", t="{ answer = 0.1 }")["columns"]
    assert columns["note"]["entropy_l"]["reached"] >= 2.5
    assert columns["answer"]["t"]["reached"] <= 0.1
    assert columns["note"]["t"]["asked"] is None


def test_the_page_says_what_was_asked_of_each_column(desk):
    by_column(desk, l="{ note = 3 }")
    assert "l of note" in content(desk)["report.html"].decode()


def test_presence_counts_everybody_of_the_data_who_fits_a_group(desk):
    desk.rows([(f"P{at}", "f", town, "yes", "1") for at, town in enumerate("aaabbcc")])
    desk.write("trees/age.csv", "a,*\nb,*\nc,*\n")
    desk.write("all.csv", "sex,age\n" + "f,a\n" * 6 + "f,b\n" * 2 + "f,c\n" * 2)
    desk.write("policy.toml", desk.policy.read_text() + '[population]\ndata = "all.csv"\n')
    desk.change("k = 2", "k = 3\npresence = [0.0, 0.5]")
    assert "Nothing was released: " in desk.refusal()
    desk.change("presence = [0.0, 0.5]", "presence = [0.0, 0.7]")
    desk.run()
    assert report(desk)["presence"][1] == 0.7


def test_presence_is_measured_in_the_population(desk):
    everybody = [row[1:3] for row in ROWS] * 2
    desk.write("all.csv", "sex,age\n" + "".join(f"{sex},{age}\n" for sex, age in everybody))
    desk.change("k = 2", "k = 2\npresence = [0.0, 0.5]")
    desk.write("policy.toml", desk.policy.read_text() + '[population]\ndata = "all.csv"\n')
    desk.run()
    assert report(desk)["presence"] == [0.5, 0.5]


def test_a_policy_saved_with_a_byte_order_mark_is_read(desk):
    desk.write("policy.toml", b"\xef\xbb\xbf" + desk.policy.read_bytes())
    assert desk.run()


# The report.


def test_the_report_says_what_the_file_shows(desk):
    sizes = classes(desk.run()).values()
    told = report(desk)
    assert (told["k_value"], told["classes"]) == (min(sizes), len(sizes))


def test_the_report_holds_every_promised_figure(desk):
    desk.run()
    wanted = {"ncp", "k_value", "k_coverage", "l", "t", "records_suppressed", "cells_suppressed"}
    wanted |= {"classes", "records_in", "records_out", "mode", "policy", "data_sha256", "notes"}
    assert wanted - report(desk).keys() == set()


def test_the_report_says_that_another_top_was_taken_as_a_star(desk):
    desk.write("trees/sex.csv", "f,*****\nm,*****\n")
    desk.run()
    assert 'Every line of sex.csv ends in "*****", which was taken as *.' in report(desk)["notes"]


def test_the_report_counts_the_suppressed_cells(desk):
    desk.change("k = 2", "k = 8\nsuppression_limit = 0.0")
    desk.write("trees/sex.csv", "f,p,*\nm,p,*\n")
    rows = desk.run()
    stars = sum(row[name] == "*" for row in rows for name in ("sex", "age"))
    assert report(desk)["cells_suppressed"] == stars


def test_the_loss_is_the_mean_share_of_each_cell(desk):
    desk.change("k = 2", 'k = 4\nmode = "one-coding"')
    desk.run()
    assert report(desk)["ncp"] == pytest.approx((3 / 13) / 2, abs=1e-6)


def test_without_sensitive_columns_there_is_no_l_and_no_t(desk):
    desk.change('sensitive = ["answer"]\nplain = ["note"]', 'plain = ["note", "answer"]')
    desk.run()
    assert (report(desk)["l"], report(desk)["t"]) == (None, None)


def test_the_page_needs_no_script_and_names_every_column(desk):
    desk.run()
    page = content(desk)["report.html"].decode()
    assert "<script" not in page
    assert all(name in page for name in NAMES[1:])


def test_the_report_names_no_folder(desk):
    desk.change("trees/age.csv", str(desk.folder / "trees" / "age.csv"))
    desk.run()
    assert [name for name, held in content(desk).items() if str(desk.folder).encode() in held] == []


@pytest.mark.parametrize(
    ("name", "cells", "why"),
    [
        ("note", ["Anna", "Ben", "Clara", "David"], "names of people"),
        ("note", ["x", "y", "z", "anna@example.org"], "e-mail addresses"),
        ("note", ["She told me that I may go.", "We met again."], "free text"),
        ("phone", ["1", "2", "3"], "by its name"),
    ],
)
def test_a_column_that_may_say_who_somebody_is_is_told_at_the_end(desk, name, cells, why):
    desk.change('"note"', f'"{name}"')
    desk.rows(
        [(*row[:4], cells[at % len(cells)]) for at, row in enumerate(ROWS)], (*NAMES[:4], name)
    )
    desk.run()
    assert f"{name} ({why})" in report(desk)["notes"][-1]
