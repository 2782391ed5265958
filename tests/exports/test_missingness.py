"""Missing cells by variable, and -93 by the answers of the other key variables."""

import csv

import pytest

from exports.documents.codebook_page import missing_in_all
from exports.documents.markup import DistributionBar
from exports.missingness import LEAST_GROUP, in_step, missingness, with_missingness
from exports.verify.reading import read_table
from tests.exports.releases import book_of, data_in, made, report_of
from tests.exports.tiny import row


@pytest.mark.parametrize(
    ("share", "step"),
    [(0, "0-10 %"), (0.0999, "0-10 %"), (0.1, "10-20 %"), (0.29, "20-30 %"), (0.3, "30-40 %"),
     (0.7, "70-80 %"), (1, "90-100 %")],
)  # fmt: skip
def test_a_share_is_told_by_its_step(share, step):
    assert in_step(share) == step


def key(name, withheld, shown):
    missing = {"-93": withheld} if withheld else {}
    return {"variable": name, "role": "quasi_identifier", "n_valid": shown, "n_missing": missing,
            "withheld_by": {}}  # fmt: skip


def test_the_share_withheld_is_told_by_each_answer_of_the_others(tmp_path):
    few = LEAST_GROUP - 1
    lines = [("1", "5")] * 30 + [("-93", "5")] * 10 + [("2", "6")] * 20 + [("-93", "7")] * few
    path = tmp_path / "x.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\r\n").writerows([("age", "town"), *lines])
    book = (key("age", 10 + few, 50), key("town", 0, 60 + few))
    found = missingness(with_missingness(book, read_table(path)))
    # Town 7 stands in too few rows, and nothing of it is withheld itself.
    assert found["withheld_by"] == {"age": {"town 5": "20-30 %", "town 6": "0-10 %"}}
    assert found["by_variable"] == {"age": {"-93": 10 + few}}


def people():
    return [
        row(age=1 + at % 4, town=1 + at % 3 * (at < 60), calm=-99 if at % 6 == 0 else 4)
        for at in range(120)
    ]


@pytest.mark.parametrize("tier", ["B", "C"])
def test_a_report_counts_what_is_missing_in_the_written_file(tmp_path, tier):
    folder = made(tmp_path / "out", people(), tier=tier)
    cells = [line["calm"] for line in data_in(folder)]
    found = report_of(folder)["missingness"]["by_variable"]
    assert found["calm"] == {"-99": cells.count("-99")}
    page = (folder / "documentation" / "report.html").read_text("utf-8")
    assert (
        f'<td class="n">{cells.count("-99")} (17%)</td><td>-99: {cells.count("-99")}</td>' in page
    )
    codebook = (folder / "documentation" / "codebook.html").read_text("utf-8")
    assert "10-20 % of all rows" in codebook


def test_report_and_codebook_tell_withheld_cells_by_key(tmp_path):
    rows = [dict(one, age=-99) if at % 5 == 0 else one for at, one in enumerate(people())]
    folder = made(tmp_path / "out", rows)
    told = report_of(folder)["missingness"]["withheld_by"]
    book = book_of(folder)
    assert told
    assert told == {name: book[name]["withheld_by"] for name in told}
    lines = data_in(folder)
    for name, by_cell in told.items():
        for cell, step in by_cell.items():
            other, _, code = cell.partition(" ")
            group = [line[name] for line in lines if line[other] == code]
            assert step == in_step(group.count("-93") / len(group))
    page = (folder / "documentation" / "report.html").read_text("utf-8")
    assert "Share of -93 by the answer of another key variable" in page


def test_a_hidden_count_is_not_told_by_the_share_of_all():
    shown, hidden = (
        DistributionBar("-99", 0.2, "", quiet=True),
        DistributionBar("-95", None, "", quiet=True),
    )
    assert missing_in_all([shown]) == "20-30 % of all rows"
    assert missing_in_all([shown, hidden]) == missing_in_all([]) == ""
