"""Numbers that are no key leave rounded and between bounds, and the report counts what changed."""

import json
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.anonymise.solve import solve
from exports.errors import ExportRefused
from exports.tabular.hierarchy import problem_of, released
from exports.tabular.number_rules import NumberRule, far_out
from exports.tabular.run import claim_of, proven, read_sources
from exports.verify.coded_numbers import NumberCoding

INCOMES = ("31400", "28000", "30500.5", "29000", "", "33000", "9900000", "-20")


@pytest.fixture
def rich(desk):
    """The answers are incomes, whose numbers have a rule."""
    desk.rows(
        [
            (f"P{at}", "fm"[at // 4], str(21 + at), income, str(at % 3))
            for at, income in enumerate(INCOMES)
        ]
    )
    rule = "[numbers]\nanswer = { round = 1000, bottom = 0, top = 200000 }\n"
    desk.write("policy.toml", desk.policy.read_text() + rule)
    return desk


def report(desk):
    return json.loads((desk.out / "report.json").read_text("utf-8"))


def test_numbers_leave_rounded_and_between_the_bounds(rich):
    written = sorted(row["answer"] for row in rich.run())
    assert written == ["", "0", "200000", "28000", "29000", "31000", "31000", "33000"]


def test_the_report_says_how_many_cells_say_another_number(rich):
    rich.run()
    told = report(rich)
    counts = {"changed": 4, "top": 1, "bottom": 1}
    assert told["columns"]["answer"]["numbers"].items() >= counts.items()
    said = "200000 stands for 200000 and more (1 cell); 0 stands for 0 and less (1 cell);"
    assert any(said in note for note in told["notes"])


def test_the_codebook_says_how_numbers_were_coarsened(rich):
    rich.run()
    book = (rich.out / "codebook.csv").read_text("utf-8")
    assert "rounded to multiples of 1000; 200000 stands for 200000 and more (1 cell)" in book


def test_l_counts_the_numbers_as_they_are_written(rich):
    rich.change("round = 1000", "round = 1000000")
    rich.change("k = 2", "k = 4\nl = 4")
    with pytest.raises(ExportRefused, match="Nothing was released"):
        rich.run()


def test_values_named_apart_are_left_as_they_are(rich):
    rich.change("top = 200000", 'top = 200000, apart = [-20, ""]')
    assert "-20" in {row["answer"] for row in rich.run()}


def test_decimal_commas_stay_commas(rich):
    rich.change("30500.5", '"30500,5"', name="data.csv")
    rich.change("round = 1000", "round = 0.25")
    assert "30500,5" in {row["answer"] for row in rich.run()}


def test_what_the_policy_calls_missing_is_left_as_it_is(rich):
    rich.change("[privacy]", "missing = [-20]\n[privacy]")
    assert "-20" in {row["answer"] for row in rich.run()}


BOUNDS = st.lists(st.decimals(-100, 100, places=1), min_size=2, max_size=2, unique=True)


@given(
    value=st.decimals(-1000, 1000, places=3).map(str),
    step=st.none() | st.sampled_from(["0.1", "0.25", "5", "7", "100"]).map(Decimal),
    ends=BOUNDS.map(sorted),
    used=st.tuples(st.booleans(), st.booleans()),
)
def test_the_verifier_allows_what_the_rule_writes_and_nothing_else(value, step, ends, used):
    bottom, top = (end if use else None for end, use in zip(ends, used, strict=True))
    written = NumberRule(step, bottom, top).written(value)
    promise = NumberCoding(step, bottom, top)
    assert written is not None
    assert promise.allows(value, written)
    assert not promise.allows(value, str(Decimal(written) + 1000))


def test_a_plain_column_can_be_rounded_too(rich):
    rich.change("answer = {", "note = { bottom = 1 }\nanswer = {")
    assert {row["note"] for row in rich.run()} == {"1", "2"}


def test_a_file_whose_numbers_break_the_rule_is_refused(rich):
    policy, sources = read_sources(rich.data, rich.policy)
    problem = problem_of(policy, sources)
    table, rows = released(sources, solve(problem, policy.mode))
    path = rich.folder / "w.csv"
    table.write_csv(path)
    claim = claim_of(policy, sources)
    assert proven(path, claim, sources, rows)
    path.write_text(path.read_text().replace("200000", "9900000"))
    with pytest.raises(ExportRefused, match="answer"):
        proven(path, claim, sources, rows)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("answer = {", "age = {", "[numbers] has age, which is no sensitive and no plain column"),
        ("{ round = 1000, bottom = 0, top = 200000 }", "1000", "must say round, bottom or top"),
        ("{ round = 1000, bottom = 0, top = 200000 }", "{}", "must say round, bottom or top"),
        ("round = 1000", "rond = 1000", "must say round, bottom or top"),
        ("round = 1000", "round = 0", "round must be above 0"),
        ("round = 1000", 'round = "x"', "round must be a number"),
        ("round = 1000", "round = [1000]", "round must be a number"),
        ("bottom = 0", "bottom = 200000", "bottom must be less than top"),
    ],
)
def test_a_wrong_rule_is_told(rich, old, new, said):
    rich.change(old, new)
    assert said in rich.refusal()


def test_a_value_that_is_no_number_is_told(rich):
    rich.change("9900000", "plenty", name="data.csv")
    assert 'answer: "plenty" is no number' in rich.refusal()


def test_a_number_far_beyond_the_others_is_told_without_its_value(rich):
    rich.change("[numbers]\nanswer = { round = 1000, bottom = 0, top = 200000 }\n", "")
    rich.change("k = 2", "k = 4")
    rich.run()
    notes = [note for note in report(rich)["notes"] if "far beyond the others" in note]
    assert len(notes) == 1
    assert notes[0].startswith("answer: ")
    assert "9900000" not in notes[0]


@pytest.mark.parametrize(
    ("cells", "far"),
    [
        (["0"] * 20 + ["9900000"], 1),
        (["3"] * 20 + ["4"], 0),
        ([str(n) for n in range(40)] + ["n/a", "-5000"], 1),
        ([str(n) for n in range(40)] + ["4000,5", "inf"], 1),
        (["a", "b", "9900000"], 0),
        ([None], 0),
    ],
)
def test_numbers_are_far_from_others_by_the_range_of_most(cells, far):
    assert far_out(pl.Series("x", cells, dtype=pl.String)) == far
