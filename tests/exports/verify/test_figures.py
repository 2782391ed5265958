"""The figures around the classes: insiders, answers, withheld cells, codes, bands, batches."""

import json
from pathlib import Path

import pytest

from exports.verify.findings import Findings
from exports.verify.leaks import band_of, explained, wrong_bands
from exports.verify.reading import Claim
from exports.verify.verdict import faults
from exports.verify.verify import verify
from tests.exports.verify.written import entry, good, text

TABLE = """\
age,town,where,mood,calm
1,-93,1,4,2
1,-99,1,-99,2
1,-95,2,4,1
2,3,3,5,1
2,3,3,-95,5
"""
MISSING = frozenset({"-99", "-95", "-93"})
KEYS = Claim(
    ("age", "town"),
    k=2,
    insider=("where",),
    sensitive=("mood",),
    suppressed={"town": "-93"},
    missing={"town": MISSING, "mood": MISSING},
)


def looked_at(folder: Path, content: str, claim: Claim = KEYS) -> Findings:
    return verify(text(folder / "table.csv", content), claim)


def test_kinds_of_missing_are_one_category_of_a_key_and_are_told_apart_too(tmp_path):
    found = looked_at(tmp_path, TABLE).classes
    assert (found.sizes, found.k, found.k_exact) == ({2: 1, 3: 1}, 2, 1)


def test_somebody_who_was_there_is_counted_alone_and_with_what_all_know(tmp_path):
    found = looked_at(tmp_path, TABLE).classes
    assert (found.unique_insider, found.unique_insider_and_core) == (1, 1)


def test_no_kind_of_missing_is_a_sensitive_value(tmp_path):
    assert looked_at(tmp_path, TABLE).l == 1


def test_withheld_cells_are_counted_by_column(tmp_path):
    assert looked_at(tmp_path, TABLE).suppressed == {"town": 1}


TOLD = """\
a,b,c
1,1,-96
1,2,-96
1,2,-96
-96,-96,3
"""


def test_rows_alone_in_their_own_answers_are_counted(tmp_path):
    """Not by what was never asked: two of the four rows are alone in all that they answered."""
    claim = Claim((), k=1, answers=("a", "b", "c"), no_answer=frozenset(["-96"]))
    known = looked_at(tmp_path, TOLD, claim).answers
    assert known
    assert (known.columns, known.rows, known.alone) == (("a", "b", "c"), 4, {5: 0.5, 10: 0.5})


def test_fewer_answers_leave_fewer_rows_alone(tmp_path):
    rows = ["".join(f"{one >> at & 1}," for at in range(8)).rstrip(",") for one in range(256)]
    known = looked_at(tmp_path, "\n".join(["a,b,c,d,e,f,g,h", *rows]) + "\n", Claim((), k=1))
    assert known.answers
    assert known.answers.alone == {5: 0.0, 10: 1.0}


def test_the_same_file_has_the_same_figure(tmp_path):
    text = "\n".join(["a,b,c", *(f"{one % 3},{one % 7},{one % 4}" for one in range(90))]) + "\n"
    figures = {str(looked_at(tmp_path, text, Claim((), k=1)).answers) for _ in range(2)}
    assert len(figures) == 1


def test_ten_answers_single_out_nearly_everybody_in_a_personality_inventory(shared_data):
    items = tuple(f"{scale}{at}" for scale in "ACENO" for at in range(1, 6))
    claim = Claim(("gender",), k=1, answers=items)
    found = verify(shared_data / "bfi" / "data.csv", claim)
    assert found.answers
    assert found.answers.alone[10] > 0.95


def test_rows_that_say_nothing_are_a_class_of_their_own(tmp_path):
    claim = Claim(("a", "b"), k=1, suppressed={"a": "*", "b": "*"})
    found = looked_at(tmp_path, "a,b\n*,*\n*,*\n*,1\n", claim).classes
    assert (found.suppressed_classes, found.suppressed_rows) == (1, 2)


def test_each_batch_counts_its_own_classes(tmp_path):
    claim = Claim(("a",), k=2, segments=(2, 3))
    found = looked_at(tmp_path, "a\n1\n1\n1\n2\n2\n", claim)
    assert found.classes.batches == ((2, 2), (3, 1))


def test_a_column_of_names_is_noticed_and_the_line_number_is_not(tmp_path):
    found = looked_at(tmp_path, "row,id,a\n1,x,1\n2,y,1\n3,z,2\n", Claim(("a",), k=1))
    assert found.shape.one_each == ("id",)


def test_figures_are_plain_json_under_lasting_names(tmp_path):
    figures = good().findings(tmp_path).figures()
    assert json.loads(json.dumps(figures)) == figures
    asked = {"k_value", "k_coverage", "l", "t", "classes"}
    assert {name: figures[name] for name in asked} == {
        "k_value": 10, "k_coverage": 10, "l": 5, "t": 0.0, "classes": 6,
    }  # fmt: skip


def test_without_truth_its_figures_are_left_open(tmp_path):
    figures = looked_at(tmp_path, TABLE).figures()
    assert (figures["k_coverage"], figures["cells_untrue"]) == (None, None)


NUMBER = entry("x", range=[1, 5], missing={"-99": ""})


@pytest.mark.parametrize("cell", ["1", "5", "-99"])
def test_a_codebook_explains_what_it_names(cell):
    assert explained(cell, NUMBER)


@pytest.mark.parametrize("cell", ["0", "6", "1.5", "01", "+1", " 1", "1_0", "١", "nan", "", "1e0"])
def test_a_codebook_explains_nothing_else(cell):
    assert not explained(cell, NUMBER)


def test_decimals_belong_to_decimal_columns():
    assert explained("1.5", {**NUMBER, "type": "decimal"})


@pytest.mark.parametrize(
    ("label", "inside", "outside"),
    [
        ("20-24", "20 24", "19 25"),
        ("[20, 25)", "20 24.9", "25"),
        ("(20,25]", "25", "20"),
        (">50", "51", "50"),
        ("<=10", "10 -3", "11"),
        ("50+", "50 99", "49"),
        ("-5--1", "-5 -1", "0"),
        ("20–29", "20", "30"),
    ],
)
def test_a_band_stands_only_for_numbers_within(label, inside, outside):
    def wrong(cell: str) -> bool:
        return bool(wrong_bands(Claim(("a",), 1, covers={"a": {label: frozenset({cell})}})))

    assert not any(map(wrong, inside.split()))
    assert all(map(wrong, outside.split()))


@pytest.mark.parametrize("label", ["Europe", "2019-05-01", "10th-12th", "*", "12", "1-2-3"])
def test_other_labels_are_no_bands(label):
    assert band_of(label) is None


COPY = "a,b,s\n" + "".join(f"{at % 3},{'xyz'[at % 3]},1\n" for at in range(60))
HIDDEN = COPY.replace("0,x,1\n", "*,x,1\n", 5)
HIDING = Claim(("a",), k=1, suppressed={"a": "*"})


def test_a_withheld_cell_beside_its_copy_is_given_away(tmp_path):
    assert faults(looked_at(tmp_path, HIDDEN, HIDING), HIDING) == ("b tells a of 5 of 60 rows",)


def test_a_copy_beside_bands_of_several_widths_gives_away_too(tmp_path):
    mixed = HIDDEN.replace("1,y,1\n", "1-2,y,1\n", 4)
    claim = Claim(("a",), k=1, suppressed={"a": "*"}, covers={"a": {"1-2": frozenset({"1", "2"})}})
    assert looked_at(tmp_path, mixed, claim).inferable[0].cells == 9


def test_a_rule_with_exceptions_is_none(tmp_path):
    assert not looked_at(tmp_path, HIDDEN + "2,x,1\n" * 4, HIDING).inferable


def test_an_agreement_of_few_rows_may_be_chance(tmp_path):
    few = "a,b\n1,x\n1,x\n2,y\n2,y\n*,x\n"
    assert not looked_at(tmp_path, few, HIDING).inferable


def test_the_cells_of_two_keys_agree_within_a_class_by_construction(tmp_path):
    """Three classes of thirty rows are three observations, not ninety."""
    rows = "1,x\n" * 30 + "2,y\n" * 30 + "*,x\n" * 30
    claim = Claim(("a", "b"), k=30, suppressed={"a": "*", "b": "*"})
    assert not looked_at(tmp_path, "a,b\n" + rows, claim).inferable


TWICE = """\
age,town
1,2
1,2
1,2
-93,2
-93,2
-99,2
"""
OUTSIDERS = Claim(("age", "town"), k=3, missing={"age": MISSING}, suppressed={"age": "-93"})


def test_a_file_whose_kinds_of_missing_differ_is_refused_as_it_stands(tmp_path):
    found = looked_at(tmp_path, TWICE, OUTSIDERS)
    assert faults(found, OUTSIDERS) == (
        "read as it stands, the smallest group of rows alike in the key has 1 row, not 3",
    )
    one_code = looked_at(tmp_path, TWICE.replace("-99", "-93"), OUTSIDERS)
    assert faults(one_code, OUTSIDERS) == ()


def test_rows_with_a_value_in_every_key_column_are_counted_apart(tmp_path):
    found = looked_at(tmp_path, TWICE.replace("1,2\n1,2\n1,2", "1,2\n1,2\n1,3"), OUTSIDERS)
    assert found.classes.k_complete == 1
    assert looked_at(tmp_path, "age,town\n-93,1\n", OUTSIDERS).classes.k_complete is None


def test_rows_of_two_strata_are_no_company_for_each_other(tmp_path):
    path = text(tmp_path / "t.csv", "age,town\n1,2\n1,2\n1,2\n1,2\n")
    for strata, smallest in (([0, 0, 0, 0], 4), ([0, 0, 0, 1], 1), ([0, 0, 0, -1], 3)):
        found = verify(path, OUTSIDERS, strata=strata)
        assert found.classes.k_stratum == smallest
        assert bool(faults(found, OUTSIDERS)) == (smallest < 3)
