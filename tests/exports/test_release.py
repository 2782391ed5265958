import csv
import hashlib
import io
import json
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.refused import Refused
from exports.release import Occasion, make_release
from tests.exports.tiny import STUDY, row

ROWS = [row(age=a, town=t, calm=c) for a in (1, 2, 3) for t in (1, 2) for c in (1, 3, 5)] * 3
PILOT = Occasion(pilot=True, synthetic=True)
DATA = "study-tinystudy_data.csv"


def data(tier: str = "C", rows=ROWS, **options: object) -> list[dict[str, str]]:
    files = make_release(STUDY, rows, tier=tier, **options).files  # type: ignore[arg-type]
    return list(csv.DictReader(io.StringIO(files[DATA].decode(), newline="")))


def test_a_release_is_six_files():
    assert sorted(make_release(STUDY, ROWS, tier="C").files) == [
        "README.md", "SHA256SUMS", "codebook.csv", "codebook.json", "report.json", DATA,
    ]  # fmt: skip


@given(st.randoms(use_true_random=False), st.integers(0, 2))
def test_the_same_rows_in_any_order_give_the_same_bytes(order: random.Random, seed):
    rows = [*ROWS, row(age=4, town=3), row(lang="el")]
    first = make_release(STUDY, rows, tier="C", seed=seed).files
    order.shuffle(rows)
    assert make_release(STUDY, rows, tier="C", seed=seed).files == first


def test_the_sums_are_those_of_the_files():
    files = make_release(STUDY, ROWS, tier="C").files
    lines = [line.split("  ") for line in files["SHA256SUMS"].decode().splitlines()]
    assert all(hashlib.sha256(files[name]).hexdigest() == digest for digest, name in lines)


def test_rows_are_numbered_as_they_stand():
    assert [line["row"] for line in data()] == [str(n) for n in range(1, len(ROWS) + 1)]


@pytest.mark.parametrize("name", ["README.md", "SHA256SUMS", "codebook.csv", "codebook.json"])
def test_pilot_and_synthetic_data_are_marked_in_every_file(name):
    files = make_release(STUDY, ROWS, tier="C", occasion=PILOT).files
    assert b"pilot" in files[name].lower()
    assert b"synthetic" in files[name].lower()


def test_the_marks_stand_in_every_line_of_the_data_and_in_the_report():
    files = make_release(STUDY, ROWS, tier="C", occasion=PILOT).files
    assert {(line["pilot"], line["synthetic"]) for line in data(occasion=PILOT)} == {("1", "1")}
    assert json.loads(files["report.json"])["synthetic"] is True


def test_a_real_release_carries_no_mark():
    files = make_release(STUDY, ROWS, tier="C").files
    assert not any(b"pilot data" in content.lower() for content in files.values())


def test_tier_b_holds_only_those_who_agreed_to_an_open_file():
    closed = [row(age=4, c_open=0)] * 6
    assert {line["c_open"] for line in data("B", [*ROWS, *closed])} == {"1"}


def test_rows_left_out_are_told():
    made = make_release(STUDY, [*ROWS, *[row(c_open=0)] * 6], tier="B")
    assert b"6 rows were left out: their senders did not agree" in made.files["README.md"]


def test_tier_b_knows_nothing_that_tier_c_withheld():
    rows = [*ROWS, row(age=4, town=3), row(age=4, town=1)]
    fine = make_release(STUDY, rows, tier="C").report["levels"]
    coarse = make_release(STUDY, rows, tier="B").report["levels"]
    assert all(coarse[name]["level"] >= fine[name]["level"] for name in coarse)


def test_the_readme_prints_the_studys_own_caution():
    readme = make_release(STUDY, ROWS, tier="C").files["README.md"].decode()
    assert "**The share who met is not a prevalence.**" in readme


def test_low_variety_in_a_class_is_warned_about():
    made = make_release(STUDY, [row()] * 5, tier="C")
    assert made.report["distinct"]["calm"] == {"smallest": 1, "warn_under": 2, "warning": True}
    assert b"handle with care" in made.files["README.md"]


@pytest.mark.parametrize(
    ("tier", "sentence"), [("A", "Tier A .* is not built"), ("X", "has no tier X.*names A, B, C")]
)
def test_a_tier_that_cannot_be_made_is_refused_by_name(tier, sentence):
    with pytest.raises(Refused, match=sentence):
        make_release(STUDY, ROWS, tier=tier)


def test_a_refusal_on_the_way_to_an_open_file_says_where_it_came_from():
    with pytest.raises(Refused, match=r"Tier B is made from tier C\. Tier C needs at least 3 rows"):
        make_release(STUDY, [row()] * 2, tier="B")


def test_a_file_that_fails_its_own_measurement_is_refused(monkeypatch):
    monkeypatch.setattr("exports.release.protect", _unprotected)
    with pytest.raises(Refused, match="failed its own measurement: the smallest core class has 1"):
        make_release(STUDY, [*ROWS, row(age=4, town=3)], tier="C")


def _unprotected(table, fields, policy, tier, *, start, seed):
    from exports.suppress import protect

    done = protect(table, fields, policy, replace(tier, k=1), start=start, seed=seed)
    return replace(done, table=table, levels=dict.fromkeys(done.levels, 0))
