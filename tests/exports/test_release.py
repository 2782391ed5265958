import csv
import hashlib
import json
import random
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exports import release as process
from exports.disclosure import claim_of
from exports.errors import ExportRefused
from exports.report import NO_ANSWER, ReleaseContext
from exports.segment_file import write_segment
from exports.verify.reading import Claim
from tests.exports import releases
from tests.exports.releases import bytes_of, data_in, made, report_of
from tests.exports.tiny import row, study_with

ROWS = [row(age=a, town=t, calm=c) for a in (1, 2, 3) for t in (1, 2) for c in (1, 3, 5)] * 3
PILOT = ReleaseContext(pilot=True, synthetic=True)
NAME = "study-tinystudy_data"


def test_a_release_is_a_tree_of_data_documents_materials_and_scripts(tmp_path):
    files = bytes_of(made(tmp_path / "out", ROWS))
    assert {
        "README.md", "CHANGES.md", "LICENSE", "CITATION.cff", "dataset_description.json",
        "SHA256SUMS", f"data/{NAME}.csv", f"data/{NAME}.sav", f"data/{NAME}.dta",
        f"data/{NAME}.parquet", "documentation/codebook.csv", "documentation/codebook.json",
        "documentation/codebook.html", "documentation/ddi.xml", "documentation/cherries.md",
        "documentation/report.json", "documentation/report.html", "analysis/import.R",
        "analysis/import.sps", "analysis/import.do", "analysis/import.py", "analysis/score.R",
    } <= files.keys()  # fmt: skip


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False), st.integers(0, 2))
def test_the_same_rows_in_any_order_give_the_same_bytes(
    tmp_path_factory, order: random.Random, seed
):
    work = tmp_path_factory.mktemp("order")
    rows = [*ROWS, row(age=4, town=3), row(lang="el")]
    first = bytes_of(made(work / "one" / "out", rows, seed=seed))
    order.shuffle(rows)
    assert bytes_of(made(work / "two" / "out", rows, seed=seed)) == first


def test_the_sums_are_those_of_all_other_files(tmp_path):
    files = bytes_of(made(tmp_path / "out", ROWS))
    lines = [line.split("  ") for line in files.pop("SHA256SUMS").decode().splitlines()]
    assert {name: digest for digest, name in lines} == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items()
    }


def test_rows_are_numbered_as_they_stand(tmp_path):
    lines = data_in(made(tmp_path / "out", ROWS))
    assert [line["row"] for line in lines] == [str(n) for n in range(1, len(ROWS) + 1)]


def test_pilot_and_synthetic_data_are_marked_in_everything_a_person_opens(tmp_path):
    files = bytes_of(made(tmp_path / "out", ROWS, occasion=PILOT))
    opened = [n for n in files if n.endswith((".md", ".html", ".json", ".csv", ".xml", "SUMS"))]
    unmarked = [
        n for n in opened
        if b"pilot" not in files[n].lower() or b"synthetic" not in files[n].lower()
    ]  # fmt: skip
    assert unmarked == []


def test_the_marks_stand_in_every_line_of_the_data(tmp_path):
    lines = data_in(made(tmp_path / "out", ROWS, occasion=PILOT))
    assert {(line["pilot"], line["synthetic"]) for line in lines} == {("1", "1")}


def test_a_real_release_carries_no_mark(tmp_path):
    files = bytes_of(made(tmp_path / "out", ROWS))
    assert not [name for name, content in files.items() if b"PILOT DATA" in content]


def test_tier_b_holds_only_those_who_agreed_to_an_open_file(tmp_path):
    closed = [row(age=4, c_open=0)] * 6
    folder = made(tmp_path / "out", [*ROWS, *closed], tier="B")
    assert {line["c_open"] for line in data_in(folder)} == {"1"}
    assert list(report_of(folder)["rows_left_out"].values()) == [6]


FINER = {"101": {"1", "2"}, "102": {"3", "4"}}


def test_tier_b_knows_nothing_that_tier_c_withheld(tmp_path):
    """Rows joined on the answers: no cell of the open file is narrower than the restricted one."""
    rows = [{**r, "calm": 1 + at % 5, "glad": 1 + at // 5 % 5, "tense": 1 + at // 25}
            for at, r in enumerate([*ROWS, row(age=4, town=3), row(age=4, town=1)])]  # fmt: skip
    fine = {answers(line): line for line in data_in(made(tmp_path / "c", rows, tier="C"))}
    for line in data_in(made(tmp_path / "b", rows, tier="B")):
        known, shown = fine[answers(line)]["age"], line["age"]
        assert shown in (known, "-93") or known in FINER[shown]


def answers(line: dict[str, str]) -> tuple[str, ...]:
    return line["calm"], line["glad"], line["tense"]


def test_every_document_says_that_the_open_file_is_a_sample(tmp_path):
    rows = [row(age=age, lang="en") for age in (1, 3)] * 20
    files = bytes_of(made(tmp_path / "out", rows, tier="B", lots=lambda place: place % 4 > 0))
    said = "The rows are a random 80 % sample of those who agreed to an open file."
    for name in ("codebook.html", "report.html", "cherries.md"):
        assert said in files[f"documentation/{name}"].decode()
    assert said in files["README.md"].decode()
    left = report_of(tmp_path / "out")["rows_left_out"]
    assert [n for why, n in left.items() if "not drawn" in why] == [10]


def test_what_a_tier_needs_is_counted_after_the_lot(tmp_path):
    with pytest.raises(ExportRefused, match="Tier B takes 4 rows or more; there are 3"):
        made(tmp_path / "out", [row()] * 12, tier="B", lots=lambda place: place % 4 == 0)


def test_the_documents_print_the_studys_own_caution(tmp_path):
    files = bytes_of(made(tmp_path / "out", ROWS))
    said = "The share who met is not a prevalence."
    assert said in files["README.md"].decode()
    assert said in files["documentation/report.html"].decode()


def test_classes_hold_as_many_different_values_as_the_tier_asks(tmp_path):
    rows = [row(age=a, calm=c, tense=c, glad=c) for a in (1, 3) for c in (1, 5)] * 6
    rows += [row(age=2)] * 3
    report = report_of(made(tmp_path / "out", rows, study=study_with(distinct_l=2)))
    assert report["l"] == {"asked": 2, "reached": 2}


@pytest.mark.parametrize("least", [2, 3])
def test_a_report_warns_of_classes_with_few_different_sensitive_answers(tmp_path, least):
    rows = [row(age=a, calm=c, tense=c, glad=c) for a in (1, 3) for c in (1, 5)] * 6
    study = study_with({"distinct_warning": least}, distinct_l=2)
    files = bytes_of(made(tmp_path / "out", rows, study=study))
    for name in ("README.md", "documentation/report.html", "documentation/report.json"):
        said = files[name].decode()
        assert ("different values: calm 2). The policy asks" in said) == (least == 3)


def test_a_variable_that_the_rows_cannot_bear_is_given_up_aloud(tmp_path):
    rows = [row(age=1)] * 20 + [row(age=3)] * 4
    study = study_with(max_violating=0.0, k=9)
    report = report_of(made(tmp_path / "out", rows, study=study))
    assert report["columns"]["age"] == {NO_ANSWER: 24, "top": 2}
    assert "withheld from all: age" in report["policy_notes"][0]


def test_a_demand_that_no_recoding_meets_is_refused_with_figures(tmp_path):
    with pytest.raises(ExportRefused, match="all 18 rows together have 1 of the sensitive calm"):
        made(tmp_path / "out", [row(age=1), row(age=3)] * 9, study=study_with(distinct_l=2))


def test_a_sensitive_question_that_nobody_was_asked_stands_in_no_releases_way(tmp_path):
    rows = [row(calm=c, tense=c, glad=-96) for c in (1, 5)] * 9
    assert report_of(made(tmp_path / "out", rows, study=study_with(distinct_l=2)))["l"] == {
        "asked": 2, "reached": 2,
    }  # fmt: skip


def test_a_report_says_how_many_cells_stand_at_which_level(tmp_path):
    columns = report_of(made(tmp_path / "out", [*ROWS, row(age=4, town=3)]))["columns"]
    assert sum(n for level, n in columns["age"].items() if level != "top") == len(ROWS) + 1


def test_a_refusal_names_the_tier_it_stems_from(tmp_path):
    with pytest.raises(ExportRefused, match=r"Tier C takes 3 rows or more; there are 2"):
        made(tmp_path / "out", [row()] * 2, tier="B")


def test_a_file_that_fails_its_own_verification_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "claim_of", lambda *a, **k: _stricter(claim_of(*a, **k)))
    with pytest.raises(ExportRefused, match="failed its own verification"):
        made(tmp_path / "out", ROWS)


def _stricter(claim: Claim) -> Claim:
    return replace(claim, k=len(ROWS) + 1)


def test_a_cell_changed_on_the_way_is_found(tmp_path, monkeypatch):
    def wrong(part, path, **options):
        table = part.table.with_columns(calm=pl.lit(2, pl.Int8))
        write_segment(replace(part, table=table), path, **options)

    monkeypatch.setattr(releases, "write_segment", wrong)
    with pytest.raises(ExportRefused, match="failed its own verification"):
        made(tmp_path / "out", ROWS)


def test_every_format_holds_the_rows_of_the_csv(tmp_path):
    folder = made(tmp_path / "out", ROWS)
    parquet = pl.read_parquet(folder / "data" / f"{NAME}.parquet")
    assert parquet["calm"].to_list() == [int(line["calm"]) for line in data_in(folder)]


def test_json_of_the_codebook_and_its_csv_say_the_same(tmp_path):
    folder = made(tmp_path / "out", ROWS) / "documentation"
    book = json.loads((folder / "codebook.json").read_bytes())["variables"]
    with (folder / "codebook.csv").open(encoding="utf-8", newline="") as file:
        assert [e["variable"] for e in book] == [line["variable"] for line in csv.DictReader(file)]
