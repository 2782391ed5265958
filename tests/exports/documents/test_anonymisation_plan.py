import re

import pytest

from exports.documents.anonymisation_plan import anonymisation_plan
from forms.deposit import Deposit
from tests.exports.documents.desk import FLAGSHIP, context, report

ORDER = [
    "The data and the people in it", "Direct identifiers",
    "Indirect identifiers that an outsider may know",
    "Indirect identifiers that somebody who was there may know", "Sensitive variables", "Free text",
    "The wider picture: combinations", "Measures", "Remaining risk", "Access", "Log",
]  # fmt: skip
FINDING = [("Smallest group", "7", "Seven look alike.")]
TABLES = {"name": "A", "label": "Tables", "audience": "anyone"}


def plan(**changes):
    return anonymisation_plan(context(**changes)).decode()


def row(text, variable):
    return next(line for line in text.splitlines() if line.startswith(f"| `{variable}` |"))


def test_its_parts_stand_in_the_order_that_archives_ask():
    text = plan(findings=FINDING, limits=["Somebody may be lucky."])
    assert re.findall(r"^## \d+\. (.+)$", text, re.MULTILINE) == ORDER


def test_parts_that_have_nothing_to_say_leave_no_gap_in_the_numbers():
    numbers = re.findall(r"^## (\d+)\. ", plan(), re.MULTILINE)
    assert numbers == [str(n) for n in range(1, len(ORDER))]


@pytest.mark.parametrize(
    ("variable", "done"),
    [
        ("age", "Coarsened to level 1. Cells: 2 rows level 1"),
        ("town", "Withheld from every row"),
        ("where", "As asked"),
        ("calm", "As asked"),
        ("private", "Left out of this tier"),
    ],
)
def test_every_variable_has_what_was_done_to_it(variable, done):
    assert row(plan(), variable).endswith(f"| {done} |")


def test_every_variable_with_a_role_of_the_flagship_stands_there():
    text = plan(study=FLAGSHIP, codebook=())
    roles = FLAGSHIP.policy.roles
    named = {name for name, role in roles.items() if role != "none"}
    assert named <= set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))


def test_tables_say_what_they_count():
    text = plan(report=report(tier=TABLES, holds="tables"), codebook=())
    shown = "Open to tables; tables/tables.html shows what was measured"
    assert row(text, "calm").endswith(f"| {shown} |")


def test_what_was_measured_and_what_remains_are_told():
    text = plan(findings=FINDING, limits=["Somebody may be lucky."], program="Lacrima 9")
    assert "- Seven look alike." in text
    assert "- Somebody may be lucky." in text
    assert "- Software: Lacrima 9" in text


def test_facts_of_the_deposit_are_told_and_missing_ones_said():
    told = Deposit(sampling="Nonprobability.Availability", place=("Finland",), period=("2027",) * 2)
    assert "- Sampling: Nonprobability.Availability\n- Place: Finland\n" in plan(deposit=told)
    assert "- Sampling: *Not told.*\n- Place: *Not told.*\n- Fieldwork: *Not told.*\n" in plan()


def test_what_only_people_can_say_is_left_to_them():
    assert plan().count("*To be written by the researchers.*") == 3
